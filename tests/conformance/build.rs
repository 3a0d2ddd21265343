//! Puts the contracts, `spec/examples` and `cases/` into the crate: a further file is a further
//! case, with no code.

use std::error::Error;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let contracts = root.join("src/generated");
    let documented = documented(&root);
    let cases = root.join("cases");
    let mut embedded = String::new();
    for (name, folder) in [
        ("CONTRACTS", &contracts),
        ("EXAMPLES", &documented),
        ("CASES", &cases),
    ] {
        let files = texts(folder)?;
        embedded += &format!("pub(super) const {name}: &[(&str, &str)] = &{files:#?};\n");
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("files.rs"), embedded)?;
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

/// The text of each file, by its place, ordered by that.
fn texts(folder: &Path) -> Result<Vec<(String, String)>> {
    let files = files(folder)?.into_iter().map(|file| {
        let place = file.strip_prefix(folder)?.to_string_lossy();
        let text = std::fs::read_to_string(&file)?;
        Ok((place.replace('\\', "/"), without_indentation(&text)))
    });
    files.collect()
}

/// JSON has no line breaks in its strings.
fn without_indentation(json: &str) -> String {
    json.lines().map(str::trim).collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_schema = path.file_name().is_some_and(|it| it == "schema.json");
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|it| it == "json") && !is_schema {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
