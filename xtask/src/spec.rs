//! An excerpt: one OpenAPI 3.0 file of `spec/`, or one that somebody names.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::pointer::Pointer;

/// One OpenAPI 3.0 document with the name that messages give it.
#[derive(Clone)]
pub(crate) struct Spec {
    /// The file, relative to the project where it is part of it.
    pub(crate) name: String,
    /// The file's bytes, for its hash.
    pub(crate) text: String,
    pub(crate) document: Value,
}

impl Spec {
    pub(crate) fn read(path: &Path, name: String) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(name, text)
    }

    pub(crate) fn parse(name: String, text: String) -> Result<Self> {
        let text_without_mark = text.trim_start_matches('\u{feff}');
        let document: Value = serde_json::from_str(text_without_mark)
            .with_context(|| format!("{name} is not JSON"))?;
        match document.get("openapi").and_then(Value::as_str) {
            Some(version) if version.starts_with("3.0.") => {}
            Some(version) => bail!("{name}: #/openapi: expected OpenAPI 3.0, found {version}"),
            None => bail!("{name}: #/openapi: missing, this is not an OpenAPI 3.0 document"),
        }
        Ok(Self {
            name,
            text,
            document,
        })
    }

    /// The api-version that the excerpt describes.
    pub(crate) fn api_version(&self) -> Result<&str> {
        self.document
            .pointer("/info/version")
            .and_then(Value::as_str)
            .with_context(|| format!("{}: #/info/version: missing", self.name))
    }

    /// An error at a place of this document.
    pub(crate) fn error(&self, at: &Pointer, what: impl std::fmt::Display) -> anyhow::Error {
        anyhow::anyhow!("{}: {at}: {what}", self.name)
    }

    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.document
            .pointer("/components/schemas")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    }

    /// The operations, each with its place.
    pub(crate) fn operations(&self) -> Vec<(Pointer, &Map<String, Value>)> {
        const METHODS: [&str; 8] = [
            "get", "put", "post", "delete", "options", "head", "patch", "trace",
        ];
        let paths = self.document.get("paths").and_then(Value::as_object);
        paths
            .into_iter()
            .flatten()
            .flat_map(|(path, item)| {
                let at = Pointer::new("/paths").child(path);
                METHODS.iter().filter_map(move |method| {
                    Some((at.child(method), item.get(*method)?.as_object()?))
                })
            })
            .collect()
    }

    /// What a local reference points to, through further references.
    pub(crate) fn resolve(&self, reference: &str, from: &Pointer) -> Result<(Pointer, &Value)> {
        let mut at = from.clone();
        let mut reference = reference;
        for _ in 0..32 {
            let Some(target) = reference.strip_prefix('#') else {
                return Err(self.error(
                    &at,
                    format_args!("`{reference}` reaches another file; bundle it first"),
                ));
            };
            let Some(value) = self.document.pointer(target) else {
                return Err(self.error(&at, format_args!("`{reference}` points to nothing")));
            };
            at = Pointer::new(target);
            match value.get("$ref").and_then(Value::as_str) {
                Some(next) => reference = next,
                None => return Ok((at, value)),
            }
        }
        Err(self.error(from, format_args!("`{reference}` goes round in a circle")))
    }
}

/// The project's root folder.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("xtask is a folder of the project")
        .to_owned()
}

/// Every checked-in excerpt, oldest first.
pub(crate) fn checked_in(root: &Path) -> Result<Vec<Spec>> {
    let folder = root.join("spec");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot read spec/")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && name.starts_with(|first: char| first.is_ascii_digit()) {
            names.push(name);
        }
    }
    names.sort();
    let mut specs = Vec::new();
    for name in names {
        let spec = Spec::read(&folder.join(&name), format!("spec/{name}"))?;
        let version = spec.api_version()?;
        if format!("{version}.json") != name {
            bail!(
                "{}: #/info/version: is {version}, but the file is named {name}",
                spec.name
            );
        }
        specs.push(spec);
    }
    if specs.is_empty() {
        bail!("spec/ holds no <api-version>.json");
    }
    Ok(specs)
}
