//! `cargo xtask import`: from official Swagger 2.0 descriptions to an excerpt.

mod checkout;
mod convert;
mod examples;
mod head;
mod lint;
mod names;
mod operation;
mod parameter;
mod schema;
mod subtypes;
mod swagger;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use self::checkout::Checkout;
use self::convert::{Converted, convert};
use self::swagger::{Files, Found, Place};
use crate::output;

#[derive(Args)]
#[command(after_help = "\
The examples of the operations go to examples/<api-version>/<operationId>/ beside FILE.

Examples:
  cargo xtask import --specs ../azure-rest-api-specs --api-version 2025-09-01
  cargo xtask import --swagger ../azure-rest-api-specs/specification/storage/resource-manager/\
Microsoft.Storage/stable/2021-04-01/storage.json --operation StorageAccounts_ListKeys --out storage.json")]
pub(crate) struct Import {
    /// A checkout of the official descriptions, or a folder of one
    #[arg(
        long,
        value_name = "DIR",
        requires = "api_version",
        conflicts_with = "swagger",
        required_unless_present = "swagger"
    )]
    pub(crate) specs: Option<PathBuf>,
    /// The api-version to look for in --specs
    #[arg(long, value_name = "VERSION", conflicts_with = "swagger")]
    pub(crate) api_version: Option<String>,
    /// One Swagger 2.0 file, of any service
    #[arg(long, value_name = "FILE", requires_all = ["operations", "out"])]
    pub(crate) swagger: Option<PathBuf>,
    /// An operation to take, again for more of them [default: the two of amlkeys]
    #[arg(long = "operation", value_name = "ID")]
    pub(crate) operations: Vec<String>,
    /// Where to write [default: spec/VERSION.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Keep upstream's words: title, summary and description
    #[arg(long)]
    pub(crate) keep_descriptions: bool,
}

/// An operation to convert.
#[derive(Clone)]
struct Choice {
    place: Place,
    path: String,
    method: String,
    /// The name that was asked for.
    name: String,
    /// The name in the description.
    upstream_name: String,
}

/// An operation of this project, in whatever version.
struct Ours {
    /// Every name that it ever had.
    names: &'static [&'static str],
    /// The end of its path, in lower case and without parameter names.
    path: &'static str,
}

const OURS: [Ours; 2] = [
    Ours {
        names: &["Compute_ListKeys", "MachineLearningCompute_ListKeys"],
        path: "/providers/microsoft.machinelearningservices/workspaces/{}/computes/{}/listkeys",
    },
    Ours {
        names: &["Workspaces_ListKeys"],
        path: "/providers/microsoft.machinelearningservices/workspaces/{}/listkeys",
    },
];

const PROVIDER: &str = "Microsoft.MachineLearningServices";

/// What an import gives, not yet written.
pub(crate) struct Imported {
    /// Each file with its text; the excerpt comes last, as it names the others.
    pub(crate) files: Vec<(PathBuf, String)>,
    pub(crate) warnings: Vec<String>,
    /// How much it is, for people.
    pub(crate) size: String,
}

/// Imports what the arguments ask for.
pub(crate) fn run(root: &Path, import: &Import) -> Result<()> {
    let start = Instant::now();
    let imported = read(root, import)?;
    let mut told = String::new();
    for (path, text) in &imported.files {
        let same = std::fs::read(path).is_ok_and(|old| old == text.as_bytes());
        if !same {
            output::replace(path, text)?;
        }
        let verb = if same { "same   " } else { "wrote  " };
        told += &format!("{verb}{}\n", shown(root, path));
    }
    for warning in &imported.warnings {
        eprintln!("warning: {warning}");
    }
    let took = start.elapsed().as_millis();
    output::print(&format!("{told}imported {} in {took} ms\n", imported.size))
}

/// Converts what the arguments ask for, and writes nothing.
pub(crate) fn read(root: &Path, import: &Import) -> Result<Imported> {
    let (mut files, choices, version) = match (&import.specs, &import.swagger) {
        (Some(folder), _) => {
            let version = import.api_version.clone().unwrap_or_default();
            expect_name(&version, "api-version")?;
            let (files, choices) = find(folder, &version, &import.operations)?;
            (files, choices, version)
        }
        (None, Some(file)) => from_file(file, &import.operations)?,
        (None, None) => bail!("either --specs or --swagger is needed"),
    };
    let Converted {
        document,
        examples,
        mut warnings,
        schemas,
    } = convert(&mut files, &choices, &version, import.keep_descriptions)?;
    let out = match &import.out {
        Some(out) => out.clone(),
        None => root.join("spec").join(format!("{version}.json")),
    };
    let folder = out.parent().unwrap_or(Path::new("")).to_owned();
    let size = format!(
        "{}, {} and {}",
        count(choices.len(), "operation"),
        count(schemas, "schema"),
        count(examples.files.len(), "example")
    );
    let orphans = examples::orphans(&mut files, &choices)?;
    drop(files);
    let mut written = Vec::new();
    for example in examples.files {
        let path = folder.join(&example.path);
        let name = shown(root, &path);
        for finding in lint::findings(&document, &version, &example) {
            warnings.push(format!("{name}: {finding}"));
        }
        written.push((path, example.text));
    }
    warnings.extend(orphans);
    written.push((out, serde_json::to_string_pretty(&document)? + "\n"));
    Ok(Imported {
        files: written,
        warnings,
        size,
    })
}

/// The operations in a checkout.
fn find(folder: &Path, version: &str, operations: &[String]) -> Result<(Files, Vec<Choice>)> {
    let defaults: Vec<String> = OURS.iter().map(|it| it.names[0].to_owned()).collect();
    let (wanted, provider) = match operations {
        [] => (defaults, Some(PROVIDER)),
        _ => (operations.to_vec(), None),
    };
    let mut files = Files::new(Checkout::around(folder)?);
    let candidates = Checkout::files_of_version(folder, version, provider)?;
    if candidates.is_empty() {
        bail!(
            "{} has no folder of api-version {version}{}",
            folder.display(),
            provider
                .map(|it| format!(" below {it}"))
                .unwrap_or_default()
        );
    }
    let mut found = Vec::new();
    for path in &candidates {
        let (_, text) = files.checkout.read(path)?;
        if wanted.iter().any(|name| may_define(&text, name)) {
            drop(text);
            let file = files.open(path)?;
            found.extend(files.operations(file)?);
        }
    }
    let mut choices = Vec::new();
    for name in unique(&wanted) {
        expect_name(name, "operation")?;
        let places = matching(&found, name);
        let Some(first) = places.first() else {
            return Err(missing(&mut files, &candidates, name, version));
        };
        let first = choice(first, name);
        for other in &places[1..] {
            expect_same(&mut files, &first, &choice(other, name), version)?;
        }
        choices.push(first);
    }
    in_order(&files, &mut choices)?;
    Ok((files, choices))
}

/// The operations of one file.
fn from_file(file: &Path, operations: &[String]) -> Result<(Files, Vec<Choice>, String)> {
    let path = file
        .canonicalize()
        .with_context(|| format!("cannot read {}", file.display()))?;
    let mut files = Files::new(Checkout::around(path.parent().unwrap_or(Path::new("/")))?);
    let file = files.open(&path)?;
    let info = files.top(file, "info")?;
    let version = info.and_then(|it| Some(it.get("version")?.as_str()?.to_owned()));
    let Some(version) = version else {
        bail!("{}: #/info/version: missing", files.name(file));
    };
    expect_name(&version, "api-version")?;
    let found = files.operations(file)?;
    let mut choices = Vec::new();
    for name in unique(operations) {
        expect_name(name, "operation")?;
        match matching(&found, name).as_slice() {
            [] => return Err(missing(&mut files, &[path], name, &version)),
            [one] => choices.push(choice(one, name)),
            [_, other, ..] => {
                return Err(files.error(&other.place, format_args!("a second {name}")));
            }
        }
    }
    in_order(&files, &mut choices)?;
    Ok((files, choices, version))
}

/// Names become parts of paths on disk.
fn expect_name(name: &str, what: &str) -> Result<()> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        bail!("`{name}` is no {what}");
    }
    Ok(())
}

fn unique(names: &[String]) -> Vec<&String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert(*name)).collect()
}

/// Whether a text may define an operation, before it is read as JSON.
fn may_define(text: &str, name: &str) -> bool {
    match ours(name) {
        // Both paths end so, in capitals that have changed.
        Some(_) => {
            let mut ends = text.as_bytes().windows("listkeys\"".len());
            ends.any(|it| it.eq_ignore_ascii_case(b"listkeys\""))
        }
        None => text.contains(&format!("\"{name}\"")),
    }
}

fn ours(name: &str) -> Option<&'static Ours> {
    OURS.iter().find(|it| it.names.contains(&name))
}

/// The operations of a name. Those of this project are known by their paths,
/// as their names have changed and other services use them too.
fn matching<'f>(found: &'f [Found], name: &str) -> Vec<&'f Found> {
    let by = |is_it: &dyn Fn(&Found) -> bool| found.iter().filter(|it| is_it(it)).collect();
    let named: Vec<&Found> = by(&|it| it.operation_id == name);
    let Some(ours) = ours(name) else {
        return named;
    };
    let at_path: Vec<&Found> =
        by(&|it| it.method == "post" && without_names(&it.path).ends_with(ours.path));
    match (at_path.is_empty(), named.is_empty()) {
        (false, _) => at_path,
        (true, false) => named,
        (true, true) => by(&|it| ours.names.contains(&it.operation_id.as_str())),
    }
}

/// A path in lower case, with `{}` for each parameter.
fn without_names(path: &str) -> String {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |path, part| {
        path + "{}" + part.split_once('}').map_or("", |(_, rest)| rest)
    })
}

fn choice(found: &Found, name: &str) -> Choice {
    Choice {
        place: found.place.clone(),
        path: found.path.clone(),
        method: found.method.clone(),
        name: name.to_owned(),
        upstream_name: found.operation_id.clone(),
    }
}

/// The same order whatever the order of asking: the document shall not differ.
fn in_order(files: &Files, choices: &mut [Choice]) -> Result<()> {
    let order = |it: &Choice| {
        let mut methods = swagger::METHODS.iter();
        let method = methods.position(|method| *method == it.method);
        (
            files.name(it.place.file).to_owned(),
            it.path.clone(),
            method,
        )
    };
    choices.sort_by_key(order);
    for pair in choices.windows(2) {
        if pair[0].place == pair[1].place {
            let (one, other) = (&pair[0].name, &pair[1].name);
            let what = format_args!("{one} and {other} are the same operation");
            return Err(files.error(&pair[0].place, what));
        }
    }
    Ok(())
}

/// An operation that is described twice must be described alike.
fn expect_same(files: &mut Files, one: &Choice, other: &Choice, version: &str) -> Result<()> {
    let mut read = |it: &Choice| convert(files, std::slice::from_ref(it), version, false);
    if read(one)?.document == read(other)?.document {
        return Ok(());
    }
    bail!(
        "{} is described differently in {} and {}\nhint: choose one with --swagger FILE",
        one.name,
        files.show(&one.place),
        files.show(&other.place)
    )
}

/// The error for an operation that is not there, with names that are.
fn missing(files: &mut Files, paths: &[PathBuf], name: &str, version: &str) -> anyhow::Error {
    const SHOWN: usize = 5;
    let mut known = BTreeSet::new();
    for path in paths {
        let operations = files.open(path).and_then(|file| files.operations(file));
        known.extend(operations.into_iter().flatten().map(|it| it.operation_id));
    }
    let verb = |name: &str| name.rsplit('_').next().unwrap_or_default().to_lowercase();
    let group = |name: &str| name.split('_').next().unwrap_or_default().to_lowercase();
    let mut near: Vec<&String> = known.iter().filter(|it| verb(it) == verb(name)).collect();
    near.extend(
        known
            .iter()
            .filter(|it| group(it) == group(name) && verb(it) != verb(name)),
    );
    near.truncate(SHOWN);
    let near: Vec<&str> = near.into_iter().map(String::as_str).collect();
    let hint = match near.as_slice() {
        [] => String::new(),
        near => format!(
            "\nhint: there are {}; ask with --operation",
            near.join(", ")
        ),
    };
    anyhow::anyhow!(
        "no operation {name} in api-version {version}: looked through {} with {}{hint}",
        count(paths.len(), "file"),
        count(known.len(), "operation")
    )
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A path as messages name it: from the project's root where it is in it.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}
