//! `cargo xtask diff`: what changes for consumers from one excerpt to another.
//!
//! Compared are not the texts but what they mean: operations, their parameters,
//! and the tree of values that each body holds, found by following references
//! and merging `allOf`. Schema names, file layout and the order of things are
//! no changes, nor are the api-version itself, mark-ups that only steer other
//! generators (`x-ms-identifiers`, `x-ms-client-name`, …) and what no operation
//! reaches.
//!
//! What counts as what, where it is not obvious:
//!
//! - **Operations** are the same if their operationId is, else if method and
//!   path are. Case and parameter names of a path are metadata.
//! - **A value is a place**: a type used at two places of a body gives two
//!   findings, one for each place, whether it is referred to or written twice.
//!   A type inside of itself is compared once. A parameter or error that several
//!   operations share gives one finding for all of them.
//! - **A rename** is a property that went and one that came, of the same type
//!   and secrecy and with similar names: see [`rename`]. A variant is renamed if
//!   another tag has its properties, and either the schema kept its name or the
//!   tags are similar.
//! - **A type** changes with the Rust type: numbers by width too, strings only
//!   if their format is another way of writing (`date-time`, `byte`, …). Other
//!   formats say what is in a string: metadata in a response, a tighter or
//!   looser limit in a request. In a request a wider number is compatible.
//! - **Required and nullable** in a response are `compatible` in both
//!   directions: our readers take missing and null as `None`. In a request what
//!   became required or lost null is a break.
//! - **Patterns and limits** of a response are metadata, for nobody checks them.
//!   In a request a changed pattern is tighter unless it provably is not.
//! - **Enum values**: one more is compatible. One less in a response is too, for
//!   a value that is no longer sent fails no reader; in a request it is a break
//!   unless the enum is open. The tag of a variant is told by the variant.
//! - **Secrecy** is upstream's mark (`x-ms-secret`, `format: password`), and
//!   that of `spec/overlay.json` where it is on both sides. The overlay adds
//!   nothing else: what it says of structure is ours, not the document's.
//! - **Hosts** and where tokens come from are metadata, as the SDK has its own;
//!   scopes that were not needed before are a break.
//! - **Words** are metadata. If one side has none at all and the other has them
//!   throughout, that is one finding: prose is optional in an import.

mod compare;
mod fields;
mod finding;
mod limits;
mod model;
mod rename;
mod report;
mod rust_item;
mod schema;
mod value;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::Value;

use crate::overlay::Overlay;
use crate::spec::Spec;
use model::Document;
pub(crate) use report::Report;

/// The arguments of `cargo xtask diff`.
#[derive(clap::Args)]
#[command(after_help = "\
Exit code: 0 if nothing breaks, 1 if something does, 2 on bad input.

Examples:
  cargo xtask diff 2023-10-01 2025-09-01
  cargo xtask diff 2025-09-01 /tmp/2025-12-01.json --format markdown")]
pub(crate) struct Args {
    /// An api-version of spec/, or an excerpt: the version to come from
    old: String,
    /// An api-version of spec/, or an excerpt: the version to go to
    new: String,
    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Prints the findings; the exit code says whether anything breaks.
pub(crate) fn run(root: &Path, args: &Args) -> ExitCode {
    const BAD_INPUT: u8 = 2;
    let report = match report(root, args) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(BAD_INPUT);
        }
    };
    let text = match args.format {
        Format::Text => report.text(),
        Format::Markdown => report.markdown(),
        Format::Json => report.json(),
    };
    // A reader that has seen enough, such as `head`, is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(u8::from(report.breaking))
}

fn report(root: &Path, args: &Args) -> Result<Report> {
    let overlay = Overlay::read(&root.join("spec/overlay.json"), "spec/overlay.json".into())?;
    between(&named(root, &args.old)?, &named(root, &args.new)?, &overlay)
}

/// What changes from one excerpt to another.
pub(crate) fn between(old: &Spec, new: &Spec, overlay: &Overlay) -> Result<Report> {
    let changes = compare::compare(&Document::new(old, overlay)?, &Document::new(new, overlay)?)?;
    let version = |spec: &Spec| match spec.document.pointer("/info/version") {
        Some(Value::String(version)) if !version.is_empty() => version.clone(),
        _ => spec.name.clone(),
    };
    Ok(Report::new(version(old), version(new), changes))
}

/// The excerpt that an argument names.
fn named(root: &Path, argument: &str) -> Result<Spec> {
    const LARGEST: u64 = 8 << 20;
    let versions = versions(root)?;
    let (path, name) = if versions.iter().any(|version| version == argument) {
        let name = format!("spec/{argument}.json");
        (root.join(&name), name)
    } else {
        (argument.into(), argument.to_owned())
    };
    let size = match std::fs::metadata(&path) {
        Ok(file) if file.is_dir() => bail!("{name} is a folder, not an excerpt"),
        Ok(file) => file.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "{name} is neither a file nor an api-version of spec/\nhint: there are {}",
            versions.join(", ")
        ),
        Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
    };
    if size > LARGEST {
        let mebibytes = size >> 20;
        bail!(
            "{name} has {mebibytes} MiB, an excerpt at most {}\nhint: trim it to the operations in question with `cargo xtask import`",
            LARGEST >> 20
        );
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
    if is_swagger(&text) {
        bail!(
            "{name} is Swagger 2.0, an excerpt is OpenAPI 3.0\nhint: convert it with `cargo xtask import`"
        );
    }
    Spec::parse(name, text)
}

fn is_swagger(text: &str) -> bool {
    text.contains("\"swagger\"")
        && serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'))
            .is_ok_and(|document| document.get("swagger").is_some())
}

/// The checked-in api-versions, oldest first.
fn versions(root: &Path) -> Result<Vec<String>> {
    let mut versions = Vec::new();
    for entry in std::fs::read_dir(root.join("spec")).context("cannot read spec/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let version = name.strip_suffix(".json").map(str::to_owned);
        versions.extend(version.filter(|it| it.starts_with(|first: char| first.is_ascii_digit())));
    }
    versions.sort();
    Ok(versions)
}
