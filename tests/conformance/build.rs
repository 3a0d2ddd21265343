//! Puts `spec/` and `cases/` into the crate: a further file is a further case, with no code.

use std::error::Error;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use serde_json_path::JsonPath;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let spec = root.join("../../spec");
    let cases = root.join("cases");
    let embedded = json!({
        "versions": versions(&spec)?,
        "examples": examples(&spec.join("examples"))?,
        "cases": values(&cases)?,
    });
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("embedded.json"), embedded.to_string())?;
    for watched in [&spec, &cases] {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Each excerpt with the overlay on it, by api-version.
fn versions(spec: &Path) -> Result<Map<String, Value>> {
    let overlay = read(&spec.join("overlay.json"))?;
    let mut versions = Map::new();
    for file in std::fs::read_dir(spec)? {
        let file = file?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            versions.insert(name.into_owned(), overlaid(read(&file)?, &overlay)?);
        }
    }
    Ok(versions)
}

fn overlaid(mut document: Value, overlay: &Value) -> Result<Value> {
    for action in overlay["actions"].as_array().ok_or("no actions")? {
        let target = JsonPath::parse(action["target"].as_str().ok_or("no target")?)?;
        let places: Vec<String> = target
            .query_located(&document)
            .iter()
            .map(|node| node.location().to_json_pointer())
            .collect();
        for place in places {
            let node = document.pointer_mut(&place).ok_or("a place moved")?;
            merge(node, &action["update"]);
        }
    }
    Ok(document)
}

/// OpenAPI Overlay 1.0, and a mark on each object that upstream does not have.
fn merge(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(object), Value::Object(update)) => {
            for (name, value) in update {
                match object.get_mut(name) {
                    Some(present) => merge(present, value),
                    None => {
                        let mut value = value.clone();
                        if let Value::Object(added) = &mut value {
                            added.insert("x-amlkeys-added".into(), true.into());
                        }
                        object.insert(name.clone(), value);
                    }
                }
            }
        }
        (Value::Array(array), Value::Array(more)) => array.extend(more.iter().cloned()),
        (node, update) => *node = update.clone(),
    }
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
