//! Puts the contracts, `spec/examples` and `cases/` into the crate: a further file is a further
//! case, with no code.

use std::error::Error;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let contracts = root.join("src/generated");
    let documented = documented(&root);
    let cases = root.join("cases");
    let embedded = json!({
        "versions": versions(&contracts)?,
        "examples": examples(&documented)?,
        "cases": values(&cases)?,
    });
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("embedded.json"), embedded.to_string())?;
    for watched in [&contracts, &documented, &cases] {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// A link to the project's `spec/examples`, which a package has as a folder of its own. Not
/// every checkout has links.
fn documented(root: &Path) -> PathBuf {
    let linked = root.join("documented");
    if linked.is_dir() {
        linked
    } else {
        root.join("../../spec/examples")
    }
}

/// Each excerpt with the overlay on it, by api-version.
fn versions(folder: &Path) -> Result<Map<String, Value>> {
    let contracts = files(folder)?.into_iter().map(|file| {
        let api_version = file.file_stem().unwrap_or_default().to_string_lossy();
        Ok((api_version.into_owned(), read(&file)?))
    });
    contracts.collect()
}

/// The documented examples: their text, by their place.
fn examples(folder: &Path) -> Result<Map<String, Value>> {
    let mut examples = Map::new();
    for file in files(folder)? {
        let place = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        examples.insert(place, std::fs::read_to_string(&file)?.into());
    }
    Ok(examples)
}

/// The cases: each file below one of the folders.
fn values(folder: &Path) -> Result<Vec<Value>> {
    let schema = folder.join("schema.json");
    let files = files(folder)?.into_iter().filter(|file| *file != schema);
    files.map(|file| read(&file)).collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|it| it == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file)?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()).into())
}
