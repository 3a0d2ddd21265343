//! `cargo xtask upgrade`: from the official description of an api-version to a
//! client that has it, tested, with an account of what changed.
//!
//! Everything happens in a copy of the project. Only when the last step has
//! passed are the files that differ taken over, so a step that fails, or an
//! interruption, leaves nothing half-done.

mod classification;
mod features;
mod project;
mod report;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use self::classification::Guess;
use self::project::Copy;
use self::report::Report;
use crate::overlay::Overlay;
use crate::spec::{Spec, checked_in};
use crate::{diff, generate, import, output};

#[derive(Args)]
#[command(after_help = "\
Examples:
  cargo xtask upgrade --specs ../azure-rest-api-specs --api-version 2025-12-01 --dry-run
  cargo xtask upgrade --specs ../azure-rest-api-specs --api-version 2025-12-01 --markdown pull-request.md")]
pub(crate) struct Upgrade {
    /// A checkout of the official descriptions, or a folder of one
    #[arg(long, value_name = "DIR")]
    specs: PathBuf,
    /// The api-version to add
    #[arg(long, value_name = "VERSION")]
    api_version: String,
    /// Classify response strings that the overlay does not know as guessed
    #[arg(long)]
    accept_guesses: bool,
    /// Do everything, keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the report to this file too, for a pull request
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

const STEPS: usize = 7;

/// Takes the api-version in, or says what stands in the way.
pub(crate) fn run(root: &Path, upgrade: &Upgrade) -> Result<()> {
    let version = upgrade.api_version.as_str();
    let before = checked_in(root)?;
    let newest = before
        .iter()
        .rfind(|spec| spec.api_version().is_ok_and(|it| it != version));
    let newest = newest
        .context("there is no other api-version to compare with")?
        .clone();
    let is_newer = newest.api_version()? < version;
    let copy = Copy::of(root)?;

    let warnings = step(1, "import", || import(&copy, upgrade))?;
    let guesses = step(2, "overlay", || classify(&copy, upgrade))?;
    step(3, "features", || features::add(&copy, version, is_newer))?;
    step(4, "generate", || generate(&copy))?;
    let changes = step(5, "diff", || {
        let new = Spec::read(&copy.path(&excerpt(version)), excerpt(version))?;
        let overlay = Overlay::read(&copy.path(OVERLAY), OVERLAY.into())?;
        match is_newer {
            true => diff::between(&newest, &new, &overlay),
            false => diff::between(&new, &newest, &overlay),
        }
    })?;
    step(6, "compile", || {
        cargo(
            root,
            &copy,
            &["check", "--package", "amlkeys", "--all-features"],
        )
        .context(
            "the public types cannot be fed from this version; see crates/amlkeys/src/versions.rs",
        )
        .map(drop)
    })?;
    let deviations = step(7, "conformance", || conformance(root, &copy, version))?;

    copy.edit("CHANGELOG.md", |text| changelog(text, version, is_newer))?;
    let files = copy.changes()?;
    let report = Report {
        version,
        is_newer,
        files: &files,
        changes: &changes,
        warnings: &warnings,
        guesses: &guesses,
        deviations: &deviations,
        dry_run: upgrade.dry_run,
    };
    if !upgrade.dry_run {
        copy.take_over()?;
    }
    if let Some(path) = &upgrade.markdown {
        output::replace(path, &report.markdown())?;
    }
    output::print(&report.text())
}

const OVERLAY: &str = "spec/overlay.json";

fn excerpt(version: &str) -> String {
    format!("spec/{version}.json")
}

/// Runs a step and says on stderr how long it took.
fn step<T>(number: usize, name: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    eprint!("[{number}/{STEPS}] {name} … ");
    let start = Instant::now();
    let outcome = run();
    let verdict = if outcome.is_ok() { "done" } else { "failed" };
    eprintln!("{verdict} in {:.1} s", start.elapsed().as_secs_f64());
    outcome.with_context(|| format!("{name} failed, and nothing was changed"))
}

fn import(copy: &Copy, upgrade: &Upgrade) -> Result<Vec<String>> {
    let imported = import::read(
        copy.root(),
        &import::Import {
            specs: Some(upgrade.specs.clone()),
            api_version: Some(upgrade.api_version.clone()),
            swagger: None,
            operations: Vec::new(),
            out: None,
            keep_descriptions: false,
        },
    )?;
    for (path, text) in &imported.files {
        output::replace(path, text)?;
    }
    Ok(imported.warnings)
}

/// Classifies what the overlay does not, or lists it.
fn classify(copy: &Copy, upgrade: &Upgrade) -> Result<Vec<Guess>> {
    let guesses = classification::unclassified(copy.root(), &upgrade.api_version)?;
    if guesses.is_empty() || upgrade.accept_guesses {
        copy.edit(OVERLAY, |text| {
            classification::add(text, &guesses, &upgrade.api_version)
        })?;
        return Ok(guesses);
    }
    let listed: Vec<String> = guesses.iter().map(ToString::to_string).collect();
    let actions: Vec<Value> = guesses
        .iter()
        .map(|guess| guess.action(&upgrade.api_version))
        .collect();
    bail!(
        "{} response strings are not classified:\n{}\nhint: add these actions to {OVERLAY}, corrected, or say --accept-guesses\n{:#}",
        guesses.len(),
        listed.join("\n"),
        json!(actions)
    )
}

fn generate(copy: &Copy) -> Result<()> {
    for file in generate::files(copy.root())? {
        output::replace(&copy.path(&file.path.to_string_lossy()), &file.text)?;
    }
    Ok(())
}

/// Runs the suite. What official examples get wrong becomes a known deviation,
/// for a person to look at.
fn conformance(root: &Path, copy: &Copy, version: &str) -> Result<Vec<String>> {
    let package = ["--quiet", "--package", "amlkeys-conformance"];
    let run = [
        &["run"],
        &package[..],
        &["--example", "deviations", "--", version],
    ]
    .concat();
    let found = cargo(root, copy, &run)?;
    let found: Vec<Value> = serde_json::from_str(&found).context("deviations")?;
    if !found.is_empty() {
        copy.edit("tests/conformance/known-deviations.json", |text| {
            let mut known: Vec<Value> = serde_json::from_str(text)?;
            known.extend(found.iter().cloned());
            Ok(serde_json::to_string_pretty(&known)? + "\n")
        })?;
    }
    cargo(root, copy, &[&["test"], &package[..]].concat())?;
    let deviations = found.iter().map(|it| {
        let words = |key: &str| {
            let list = it[key].as_array().into_iter().flatten();
            list.filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let places = words("pointers") + &words("not_carried");
        let reason = it["reason"].as_str().unwrap_or_default();
        format!("{}: {places}: {reason}", words("examples"))
    });
    Ok(deviations.collect())
}

/// Runs cargo in the copy, on the project's own target folder, and gives what
/// it prints.
fn cargo(root: &Path, copy: &Copy, arguments: &[&str]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(copy.root())
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env_remove("RUST_BACKTRACE")
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let told: Vec<&str> = text.lines().rev().take(40).collect();
        let told: Vec<&str> = told.into_iter().rev().collect();
        bail!("cargo {}\n{}", arguments.join(" "), told.join("\n"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn changelog(text: &str, version: &str, is_newer: bool) -> Result<String> {
    let how = if is_newer { "" } else { ", off by default" };
    let line = format!("- Api-version {version}{how}.\n");
    let heading = "## Unreleased\n\n";
    let (before, after) = text
        .split_once(heading)
        .context("CHANGELOG.md has no section `Unreleased`")?;
    match after.contains(&line) {
        true => Ok(text.to_owned()),
        false => Ok(format!("{before}{heading}{line}{after}")),
    }
}
