//! `cargo xtask msrv`: is each `rust-version` what the dependencies in the lockfile need?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::output;

/// Prints what decides each published crate's `rust-version`, or fails with all that is wrong.
pub(crate) fn run(root: &Path) -> Result<()> {
    let known = known(root)?;
    let mut crates = Vec::new();
    for package in known.values().filter(|it| it.is_published()) {
        crates.push(Crate::of(package, root, &known)?);
    }
    let wrong = wrong(&crates);
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    output::print(&crates.iter().map(Crate::line).collect::<String>())
}

/// A published crate.
struct Crate {
    name: String,
    says: String,
    /// Whose `rust-version` among its dependencies is the highest, and that.
    needs: (String, String),
    readme: String,
}

impl Crate {
    fn of(package: &Package, root: &Path, known: &BTreeMap<String, Package>) -> Result<Self> {
        let name = package.name.clone();
        let says = package.rust_version.clone();
        let needs = dependencies(&name, root)?
            .iter()
            .filter_map(|id| known.get(id))
            .filter(|dependency| dependency.source.is_some())
            .filter_map(|it| Some((it.id(), it.rust_version.clone()?)))
            .max_by_key(|(_, version)| parsed(version));
        let readme = package.manifest_path.with_file_name("README.md");
        Ok(Self {
            says: says.with_context(|| format!("{name}: says no rust-version"))?,
            needs: needs.with_context(|| format!("{name}: no dependency says what it needs"))?,
            readme: std::fs::read_to_string(&readme)
                .with_context(|| format!("cannot read {}", readme.display()))?,
            name,
        })
    }

    fn line(&self) -> String {
        let (by, needs) = &self.needs;
        let Self { name, says, .. } = self;
        format!("{name}: {says}; of its dependencies {by} needs most, {needs}\n")
    }
}

/// A library may say more than it needs itself, but not more than any crate that says the same.
fn wrong(crates: &[Crate]) -> Vec<String> {
    let mut wrong = Vec::new();
    for Crate {
        name,
        says,
        needs: (by, needs),
        readme,
    } in crates
    {
        if parsed(says) < parsed(needs) {
            wrong.push(format!("{name}: says {says}, but {by} needs {needs}"));
        }
        let justified = |it: &Crate| it.says == *says && parsed(&it.needs.1) >= parsed(says);
        if !crates.iter().any(justified) {
            wrong.push(format!(
                "{name}: says {says}, but nothing needs more than {needs}"
            ));
        }
        if !readme.contains(&format!("Rust {says} ")) {
            wrong.push(format!(
                "{name}: its README does not say that it needs Rust {says}"
            ));
        }
    }
    wrong
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    rust_version: Option<String>,
    source: Option<String>,
    /// The registries that may have it; `None` is any.
    publish: Option<Vec<String>>,
    manifest_path: PathBuf,
}

impl Package {
    fn id(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    fn is_published(&self) -> bool {
        self.source.is_none() && self.publish.is_none()
    }
}

/// What the lockfile has, by name and version.
fn known(root: &Path) -> Result<BTreeMap<String, Package>> {
    let text = cargo(root, &["metadata", "--format-version", "1"])?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata.packages.into_iter();
    Ok(packages.map(|package| (package.id(), package)).collect())
}

/// What is compiled into a crate or for its build, on any target, as name and version.
fn dependencies(name: &str, root: &Path) -> Result<Vec<String>> {
    let tree = cargo(
        root,
        &[
            "tree",
            "--package",
            name,
            "--edges",
            "normal,build",
            "--all-features",
            "--target",
            "all",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ],
    )?;
    let ids = tree.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" v")?;
        let version = rest.split(' ').next()?;
        Some(format!("{name} {version}"))
    });
    Ok(ids.collect())
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--quiet"])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cargo {}: {}",
            arguments[0],
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout).context("cargo speaks UTF-8")
}

/// `1.89` and `1.89.0` are the same.
fn parsed(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_that(name: &str, says: &str, needs: &str) -> Crate {
        Crate {
            name: name.into(),
            says: says.into(),
            needs: ("time 0.3.55".into(), needs.into()),
            readme: format!("Needs Rust {says} or newer."),
        }
    }

    #[test]
    fn what_a_dependency_needs_must_be_said() {
        let found = wrong(&[crate_that("amlkeys", "1.89", "1.100.0")]);
        assert_eq!(found, ["amlkeys: says 1.89, but time 0.3.55 needs 1.100.0"]);
    }

    #[test]
    fn a_crate_may_say_what_another_needs() {
        let neediest = crate_that("amlkeys", "1.89", "1.89.0");
        let modest = crate_that("amlkeys-secret", "1.89", "1.85");
        assert_eq!(wrong(&[neediest, modest]), [""; 0]);
    }

    #[test]
    fn more_than_any_crate_needs_is_too_much() {
        let found = wrong(&[crate_that("amlkeys", "1.95", "1.89")]);
        assert_eq!(
            found,
            ["amlkeys: says 1.95, but nothing needs more than 1.89"]
        );
    }

    #[test]
    fn a_readme_names_the_version() {
        let mut outdated = crate_that("amlkeys", "1.89", "1.89");
        outdated.readme = "Needs Rust 1.88 or newer.".into();
        assert_eq!(
            wrong(&[outdated]),
            ["amlkeys: its README does not say that it needs Rust 1.89"]
        );
    }
}
