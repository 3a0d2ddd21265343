//! Operations of Swagger 2.0 as one OpenAPI 3.0.3 document.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Choice;
use super::examples::Examples;
use super::names::{self, Component, Kind, mark};
use super::operation::is_security;
use super::subtypes::Family;
use super::swagger::{Files, METHODS, Place};
use crate::pointer::Pointer;

/// What became of the chosen operations.
pub(super) struct Converted {
    pub(super) document: Value,
    pub(super) examples: Examples,
    pub(super) warnings: Vec<String>,
    pub(super) schemas: usize,
}

/// Converts the chosen operations and all that they reach.
pub(super) fn convert(
    files: &mut Files,
    choices: &[Choice],
    version: &str,
    keep_prose: bool,
) -> Result<Converted> {
    let mut converter = Converter {
        files,
        keep_prose,
        warnings: Vec::new(),
        components: Vec::new(),
        ids: HashMap::new(),
        converted: 0,
        examples: Examples::new(version),
    };
    let mut document = converter.document(choices, version)?;
    converter.reached()?;
    let Converter {
        files,
        components,
        mut warnings,
        examples,
        ..
    } = converter;
    let first: Vec<usize> = choices.iter().map(|it| it.place.file).collect();
    let components = names::named(files, components, &first, &mut document, &mut warnings)?;
    let schemas = components.get("schemas").and_then(Value::as_object);
    let schemas = schemas.map_or(0, Map::len);
    // The security schemes are there already, and come last.
    let security = document["components"].take();
    let mut all = components;
    all.extend(security.as_object().cloned().unwrap_or_default());
    document["components"] = Value::Object(all);
    Ok(Converted {
        document,
        examples,
        warnings,
        schemas,
    })
}

pub(super) struct Converter<'a> {
    pub(super) files: &'a mut Files,
    pub(super) keep_prose: bool,
    pub(super) warnings: Vec<String>,
    pub(super) components: Vec<Component>,
    ids: HashMap<(Kind, Place), usize>,
    /// How many of the components have been converted; the others wait.
    converted: usize,
    pub(super) examples: Examples,
}

/// What a file says for all its operations.
#[derive(Clone, PartialEq)]
pub(super) struct Defaults {
    pub(super) servers: Value,
    pub(super) security: Option<Value>,
    pub(super) consumes: Vec<String>,
    pub(super) produces: Vec<String>,
}

impl Converter<'_> {
    fn document(&mut self, choices: &[Choice], version: &str) -> Result<Value> {
        let mut defaults: BTreeMap<usize, Defaults> = BTreeMap::new();
        for choice in choices {
            let file = choice.place.file;
            self.expect_swagger(file)?;
            if let std::collections::btree_map::Entry::Vacant(entry) = defaults.entry(file) {
                let servers = self.servers(file, None)?;
                let security = self.files.top(file, "security")?;
                if security.as_ref().is_some_and(|it| !is_security(it)) {
                    let at = Pointer::new("/security");
                    return Err(self.error(&Place { file, at }, "must be a list of schemes"));
                }
                entry.insert(Defaults {
                    servers,
                    security,
                    consumes: self.media_types(file, "consumes")?,
                    produces: self.media_types(file, "produces")?,
                });
            }
        }
        let first = choices.first().map_or(0, |it| it.place.file);
        for file in defaults.keys() {
            let info = self.files.top(*file, "info")?.unwrap_or_default();
            if info["version"] != version {
                let at = Pointer::new("/info/version");
                let place = Place { file: *file, at };
                self.warn(
                    &place,
                    format_args!("is {}, not {version}", info["version"]),
                );
            }
        }
        let title = self.files.top(first, "info")?;
        let title = title.and_then(|it| Some(it.get("title")?.as_str()?.to_owned()));
        let mut document = Map::new();
        document.insert("openapi".into(), "3.0.3".into());
        let info = json!({ "title": title.unwrap_or_default(), "version": version });
        document.insert("info".into(), info);

        // What all the files say alike is said once, the rest by operation.
        let all: Vec<&Defaults> = defaults.values().collect();
        let same_servers = all.windows(2).all(|it| it[0].servers == it[1].servers);
        let same_security = all.windows(2).all(|it| it[0].security == it[1].security);
        if let Some(common) = all.first() {
            if same_servers && common.servers != json!([]) {
                document.insert("servers".into(), common.servers.clone());
            }
            if let Some(security) = common.security.as_ref().filter(|_| same_security) {
                document.insert("security".into(), security.clone());
            }
        }
        let tags = self.tags(choices)?;
        if !tags.is_empty() {
            document.insert("tags".into(), Value::Array(tags));
        }

        let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        let mut schemes = BTreeMap::new();
        for choice in choices {
            let of_file = &defaults[&choice.place.file];
            let mut operation = self.operation(choice, of_file)?;
            if !same_servers && !operation.contains_key("servers") {
                operation.insert("servers".into(), of_file.servers.clone());
            }
            if let Some(security) = of_file.security.as_ref().filter(|_| !same_security)
                && !operation.contains_key("security")
            {
                operation.insert("security".into(), security.clone());
            }
            let security = operation.get("security").or(of_file.security.as_ref());
            self.security_schemes(choice.place.file, security.cloned(), &mut schemes)?;
            let own = self.path_item(choice)?;
            let item = paths
                .entry(choice.path.clone())
                .or_insert_with(|| own.clone());
            let is_same = |key: &str| METHODS.contains(&key) || item.get(key) == own.get(key);
            if !own.keys().chain(item.keys()).all(|key| is_same(key)) {
                let what = "another file says something else about this path";
                return Err(self.error(&choice.place, what));
            }
            item.insert(choice.method.clone(), Value::Object(operation));
        }
        let paths = paths.into_iter().map(|(path, item)| (path, item.into()));
        document.insert("paths".into(), Value::Object(paths.collect()));
        for file in defaults.keys() {
            self.top_extensions(*file, &mut document)?;
        }
        // A placeholder that keeps the order of the keys.
        let mut components = Map::new();
        if !schemes.is_empty() {
            components.insert("securitySchemes".into(), schemes.into_iter().collect());
        }
        document.insert("components".into(), Value::Object(components));
        Ok(Value::Object(document))
    }

    fn expect_swagger(&self, file: usize) -> Result<()> {
        let at = |key: &str| Place {
            file,
            at: Pointer::new("").child(key),
        };
        match self.files.top(file, "swagger")? {
            Some(Value::String(version)) if version == "2.0" => Ok(()),
            Some(other) => Err(self.error(
                &at("swagger"),
                format_args!("expected \"2.0\", found {other}"),
            )),
            None => Err(self.error(
                &at("swagger"),
                "missing, this is no Swagger 2.0 description",
            )),
        }
    }

    fn media_types(&self, file: usize, key: &str) -> Result<Vec<String>> {
        Ok(texts(self.files.top(file, key)?.as_ref()))
    }

    /// Converts what the operations reach, until nothing is left: a schema may
    /// bring in others, and a polymorphic one its subtypes.
    fn reached(&mut self) -> Result<()> {
        // The biggest official description has a quarter of it.
        const COMPONENTS: usize = 10_000;
        let mut family = Family::default();
        loop {
            while self.converted < self.components.len() {
                let id = self.converted;
                self.converted += 1;
                let Component { kind, place, .. } = self.components[id].clone();
                if id == COMPONENTS {
                    let what = format!("is one of more than {COMPONENTS} that are reached");
                    return Err(self.error(&place, what));
                }
                let Some(value) = self.files.get(&place)? else {
                    return Err(self.error(&place, "nothing is here, but something refers to it"));
                };
                self.components[id].value = match kind {
                    Kind::Schema => self.schema(&place, &value)?,
                    Kind::Parameter => self.parameter(&place, &value)?,
                };
            }
            self.subtypes(&mut family)?;
            if self.converted == self.components.len() {
                return Ok(());
            }
        }
    }

    /// The mark of a component, to be converted when its turn comes.
    pub(super) fn component(&mut self, kind: Kind, place: Place) -> String {
        let next = self.components.len();
        let id = *self.ids.entry((kind, place.clone())).or_insert(next);
        if id == next {
            self.components.push(Component::new(kind, place));
        }
        mark(id)
    }

    /// What a possible reference leads to.
    pub(super) fn target(&mut self, place: &Place, value: &Value) -> Result<(Place, Value)> {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.files.follow(&place.child("$ref"), reference),
            None => Ok((place.clone(), value.clone())),
        }
    }

    pub(super) fn warn(&mut self, place: &Place, what: impl std::fmt::Display) {
        let warning = format!("{}: {what}", self.files.show(place));
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub(super) fn error(&self, place: &Place, what: impl std::fmt::Display) -> anyhow::Error {
        self.files.error(place, what)
    }

    pub(super) fn unknown(&mut self, place: &Place) {
        self.warn(place, "is no keyword of Swagger 2.0 here; dropped");
    }

    /// An object that has a description beside what counts.
    pub(super) fn without_words(&self, value: &Value) -> Value {
        let mut value = value.clone();
        if let Some(object) = value.as_object_mut().filter(|_| !self.keep_prose) {
            object.shift_remove("description");
        }
        value
    }
}

pub(super) fn content(media_types: &[String], schema: &Value) -> Value {
    let media = || json!({ "schema": schema });
    match media_types {
        [] => json!({ "application/json": media() }),
        types => types.iter().map(|it| (it.clone(), media())).collect(),
    }
}

pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter().flatten().map(text).collect()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
