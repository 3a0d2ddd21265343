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
    /// The file's text, for its hash.
    pub(crate) text: String,
    pub(crate) document: Value,
}

/// One operation with its place.
pub(crate) struct Operation<'a> {
    pub(crate) at: Pointer,
    pub(crate) path: &'a str,
    pub(crate) method: &'static str,
    pub(crate) object: &'a Map<String, Value>,
}

impl Spec {
    pub(crate) fn read(path: &Path, name: String) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(name, text)
    }

    pub(crate) fn parse(name: String, text: String) -> Result<Self> {
        let document: Value = serde_json::from_str(without_byte_order_mark(&text))
            .with_context(|| format!("{name}: cannot be read as JSON"))?;
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
        let version = self.document.pointer("/info/version");
        match version.and_then(Value::as_str) {
            // The generated client puts it into a header, where anything else
            // would be a panic at run time.
            Some(version) if version.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(version),
            _ => Err(self.error(
                &Pointer::new("/info/version"),
                "must be a string of visible ASCII characters",
            )),
        }
    }

    /// An error at a place of this document.
    pub(crate) fn error(&self, at: &Pointer, what: impl std::fmt::Display) -> anyhow::Error {
        anyhow::anyhow!("{}: {at}: {what}", self.name)
    }

    /// The object at a place.
    pub(crate) fn object(&self, at: &Pointer) -> Result<&Map<String, Value>> {
        match self.document.pointer(at.as_str()) {
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(self.error(at, "must be an object")),
            None => Err(self.error(at, "missing")),
        }
    }

    /// The object in a field, `None` if there is no such field.
    pub(crate) fn object_in(&self, at: &Pointer, key: &str) -> Result<Option<&Map<String, Value>>> {
        if self.object(at)?.contains_key(key) {
            return self.object(&at.child(key)).map(Some);
        }
        Ok(None)
    }

    /// The places of the elements of the array in a field, none if there is no
    /// such field.
    pub(crate) fn elements_in(&self, at: &Pointer, key: &str) -> Result<Vec<Pointer>> {
        let at_array = at.child(key);
        match self.object(at)?.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(array)) => Ok((0..array.len()).map(|i| at_array.child(i)).collect()),
            Some(_) => Err(self.error(&at_array, "must be an array")),
        }
    }

    pub(crate) fn schema_places(&self) -> impl Iterator<Item = Pointer> {
        let schemas = self.document.pointer("/components/schemas");
        let schemas = schemas.and_then(Value::as_object);
        schemas
            .into_iter()
            .flat_map(Map::keys)
            .map(|name| Pointer::schema(name))
    }

    /// The operations, ordered by path and method, so that nothing generated
    /// depends on their order in the file.
    pub(crate) fn operations(&self) -> Result<Vec<Operation<'_>>> {
        const METHODS: [&str; 8] = [
            "delete", "get", "head", "options", "patch", "post", "put", "trace",
        ];
        let paths_at = Pointer::new("/paths");
        let mut paths: Vec<&String> = self.object(&paths_at)?.keys().collect();
        paths.retain(|path| !path.starts_with("x-"));
        paths.sort();
        let mut operations = Vec::new();
        for path in paths {
            let item_at = paths_at.child(path);
            if !path.starts_with('/') {
                return Err(self.error(&item_at, "a path must begin with `/`"));
            }
            if self.object(&item_at)?.contains_key("$ref") {
                return Err(self.error(&item_at, "a path behind a `$ref`: write it in its place"));
            }
            for method in METHODS {
                if let Some(object) = self.object_in(&item_at, method)? {
                    let at = item_at.child(method);
                    operations.push(Operation {
                        at,
                        path,
                        method,
                        object,
                    });
                }
            }
        }
        if operations.is_empty() {
            return Err(self.error(&paths_at, "there is no operation"));
        }
        Ok(operations)
    }

    /// The place itself or, where it is a reference, the place that it refers
    /// to, through further references.
    pub(crate) fn follow(&self, from: &Pointer) -> Result<Pointer> {
        const LONGEST: usize = 32;
        let mut at = from.clone();
        for _ in 0..LONGEST {
            let Some(reference) = self.object(&at)?.get("$ref") else {
                return Ok(at);
            };
            at = self.target(&at, reference)?;
        }
        Err(self.error(from, "the reference goes round in a circle"))
    }

    /// The place that a reference points to.
    pub(crate) fn target(&self, at: &Pointer, reference: &Value) -> Result<Pointer> {
        let Some(reference) = reference.as_str() else {
            return Err(self.error(&at.child("$ref"), "must be a string"));
        };
        let Some(fragment) = reference.strip_prefix('#') else {
            let what = format_args!("`{reference}` is in another file: bring it into this one");
            return Err(self.error(at, what));
        };
        // Decoded, as RFC 6901 wants it; as it stands, as many tools write it.
        for pointer in [percent_decoded(fragment), fragment.to_owned()] {
            if self.document.pointer(&pointer).is_some() {
                return Ok(Pointer::new(pointer));
            }
        }
        Err(self.error(at, format_args!("`{reference}` points to nothing")))
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
            let what = format_args!("is {version}, but the file is named {name}");
            return Err(spec.error(&Pointer::new("/info/version"), what));
        }
        specs.push(spec);
    }
    if specs.is_empty() {
        bail!("spec/ holds no <api-version>.json");
    }
    Ok(specs)
}

/// Some editors begin a file with U+FEFF, which no JSON parser accepts.
pub(crate) fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A URI fragment as the pointer that it stands for (RFC 6901, section 6).
fn percent_decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).and_then(|hex| str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(document: Value) -> Spec {
        let mut whole = json!({ "openapi": "3.0.3", "info": { "version": "1" } });
        whole
            .as_object_mut()
            .unwrap()
            .extend(document.as_object().unwrap().clone());
        Spec::parse("my.json".into(), whole.to_string()).unwrap()
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let text = "\u{feff}{\"openapi\":\"3.0.3\"}".to_owned();
        assert!(Spec::parse("my.json".into(), text).is_ok());
    }

    #[test]
    fn what_is_not_openapi_3_0_is_refused_by_name() {
        for (text, message) in [
            ("", "my.json: cannot be read as JSON"),
            ("[]", "my.json: #/openapi: missing"),
            (r#"{"swagger":"2.0"}"#, "my.json: #/openapi: missing"),
            (
                r#"{"openapi":"3.1.0"}"#,
                "my.json: #/openapi: expected OpenAPI 3.0, found 3.1.0",
            ),
        ] {
            let Err(error) = Spec::parse("my.json".into(), text.into()) else {
                panic!("accepted {text}");
            };
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn an_api_version_that_no_header_can_carry_is_refused() {
        for version in [json!("ä"), json!("a\nb"), json!(1)] {
            let spec = spec(json!({ "info": { "version": version } }));
            let message = spec.api_version().unwrap_err().to_string();
            assert!(
                message.starts_with("my.json: #/info/version: "),
                "{message}"
            );
        }
    }

    #[test]
    fn references_are_followed_to_their_end() {
        let spec = spec(json!({ "a b": { "$ref": "#/c" }, "c": { "$ref": "#/d~1e" }, "d/e": {} }));
        let from = Pointer::root().child("from");
        let target = spec.target(&from, &json!("#/a%20b")).unwrap();
        assert_eq!(spec.follow(&target).unwrap().as_str(), "/d~1e");
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_an_error_at_its_place() {
        let spec = spec(json!({
            "circle": { "$ref": "#/circle" },
            "dangling": { "$ref": "#/nowhere" },
            "external": { "$ref": "other.json#/X" },
            "number": { "$ref": 7 },
        }));
        for (key, message) in [
            ("circle", "my.json: #/circle: the reference goes round"),
            (
                "dangling",
                "my.json: #/dangling: `#/nowhere` points to nothing",
            ),
            (
                "external",
                "my.json: #/external: `other.json#/X` is in another file",
            ),
            ("number", "my.json: #/number/$ref: must be a string"),
        ] {
            let error = spec.follow(&Pointer::root().child(key)).unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn operations_are_ordered_by_path_and_method() {
        let spec = spec(json!({ "paths": {
            "/b": { "post": {}, "get": {} },
            "/a": { "put": {} },
        }}));
        let operations = spec.operations().unwrap();
        let order: Vec<_> = operations.iter().map(|it| (it.path, it.method)).collect();
        assert_eq!(order, [("/a", "put"), ("/b", "get"), ("/b", "post")]);
    }
}
