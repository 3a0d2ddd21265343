//! What a description says of all its operations: servers, security, tags.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Choice;
use super::convert::{Converter, text, texts};
use super::swagger::Place;
use crate::pointer::Pointer;

impl Converter<'_> {
    /// The servers of a file, or of an operation that has schemes of its own.
    pub(super) fn servers(&mut self, file: usize, schemes: Option<&Value>) -> Result<Value> {
        let text = |value: Option<Value>| value.and_then(|it| Some(it.as_str()?.to_owned()));
        let base = text(self.files.top(file, "basePath")?).unwrap_or_default();
        let base = base.trim_end_matches('/');
        let of_file = self.files.top(file, "schemes")?;
        let mut schemes = texts(schemes.or(of_file.as_ref()));
        if schemes.is_empty() {
            schemes.push("https".into());
        }
        if let Some(host) = self.files.top(file, "x-ms-parameterized-host")? {
            return self.parameterized_host(file, &host, &schemes, base);
        }
        Ok(match text(self.files.top(file, "host")?) {
            Some(host) => schemes
                .iter()
                .map(|scheme| json!({ "url": format!("{scheme}://{host}{base}") }))
                .collect(),
            None if base.is_empty() => json!([]),
            None => json!([{ "url": base }]),
        })
    }

    fn parameterized_host(
        &mut self,
        file: usize,
        host: &Value,
        schemes: &[String],
        base: &str,
    ) -> Result<Value> {
        let at = Place {
            file,
            at: Pointer::new("/x-ms-parameterized-host"),
        };
        let Some(template) = host["hostTemplate"].as_str() else {
            return Err(self.error(&at.child("hostTemplate"), "missing"));
        };
        let mut variables = Map::new();
        let parameters = host["parameters"].as_array().into_iter().flatten();
        for (index, parameter) in parameters.enumerate() {
            let at = at.child("parameters").child(index);
            let (at, parameter) = self.target(&at, parameter)?;
            let converted = self.parameter(&at, &parameter)?;
            let mut variable = Map::new();
            for key in ["enum", "default"] {
                if let Some(value) = parameter.get(key) {
                    variable.insert(key.into(), value.clone());
                }
            }
            // OpenAPI requires one, and upstream knows none.
            variable.entry("default").or_insert_with(|| "".into());
            variable.insert("x-schema".into(), converted["schema"].clone());
            let extensions = converted.as_object().into_iter().flatten();
            let extensions = extensions.filter(|(key, _)| key.starts_with("x-"));
            variable.extend(extensions.map(|(key, value)| (key.clone(), value.clone())));
            variables.insert(text(&converted["name"]), Value::Object(variable));
        }
        let prefixed = host["useSchemePrefix"].as_bool() != Some(false);
        let urls = schemes.iter().map(|scheme| match prefixed {
            true => format!("{scheme}://{template}{base}"),
            false => format!("{template}{base}"),
        });
        let urls: BTreeSet<String> = urls.collect();
        let mut rest = host.as_object().cloned().unwrap_or_default();
        rest.retain(|key, _| !["hostTemplate", "parameters", "useSchemePrefix"].contains(&&**key));
        let server = |url| {
            let mut server = json!({ "url": url, "variables": variables });
            if !rest.is_empty() {
                server["x-ms-parameterized-host"] = Value::Object(rest.clone());
            }
            server
        };
        Ok(urls.into_iter().map(server).collect())
    }

    /// What a file says about the tags of the operations.
    pub(super) fn tags(&mut self, choices: &[Choice]) -> Result<Vec<Value>> {
        let mut used = HashSet::new();
        let mut files = Vec::new();
        for choice in choices {
            let operation = self.files.get(&choice.place)?.unwrap_or_default();
            used.extend(texts(operation.get("tags")));
            if !files.contains(&choice.place.file) {
                files.push(choice.place.file);
            }
        }
        let mut tags: Vec<Value> = Vec::new();
        for file in files {
            let declared = self.files.top(file, "tags")?;
            for tag in declared.iter().filter_map(Value::as_array).flatten() {
                let name = text(&tag["name"]);
                let tag = self.without_words(tag);
                // A bare name says nothing that the operation does not.
                let is_bare = tag.as_object().is_none_or(|it| it.len() < 2);
                let is_known = tags.iter().any(|it| it["name"] == name.as_str());
                if used.contains(&name) && !is_bare && !is_known {
                    tags.push(tag);
                }
            }
        }
        Ok(tags)
    }

    /// Extensions of a file as a whole.
    pub(super) fn top_extensions(
        &mut self,
        file: usize,
        document: &mut Map<String, Value>,
    ) -> Result<()> {
        // These two are part of the servers and the paths.
        const CONVERTED: [&str; 2] = ["x-ms-parameterized-host", "x-ms-paths"];
        let keys: Vec<String> = self.files.keys(file).map(str::to_owned).collect();
        for key in keys {
            let place = Place {
                file,
                at: Pointer::new("").child(&key),
            };
            if !key.starts_with("x-") {
                const KNOWN: [&str; 15] = [
                    "swagger",
                    "info",
                    "host",
                    "basePath",
                    "schemes",
                    "consumes",
                    "produces",
                    "paths",
                    "definitions",
                    "parameters",
                    "responses",
                    "securityDefinitions",
                    "security",
                    "tags",
                    "externalDocs",
                ];
                if !KNOWN.contains(&key.as_str()) {
                    self.unknown(&place);
                } else if key == "externalDocs"
                    && let Some(docs) = self.files.top(file, &key)?
                {
                    let docs = self.without_words(&docs);
                    document.entry(key).or_insert(docs);
                }
                continue;
            }
            if CONVERTED.contains(&key.as_str()) {
                continue;
            }
            let Some(value) = self.files.top(file, &key)? else {
                continue;
            };
            let value = self.extension(&place, &key, &value)?;
            if document.get(&key).is_some_and(|it| *it != value) {
                self.warn(&place, "differs from the same key of another file; dropped");
            }
            document.entry(key).or_insert(value);
        }
        Ok(())
    }

    pub(super) fn security_schemes(
        &mut self,
        file: usize,
        security: Option<Value>,
        schemes: &mut BTreeMap<String, Value>,
    ) -> Result<()> {
        let alternatives = security.as_ref().and_then(Value::as_array);
        let names = alternatives
            .into_iter()
            .flatten()
            .filter_map(Value::as_object);
        for name in names.flat_map(Map::keys) {
            let place = Place {
                file,
                at: Pointer::new("/securityDefinitions").child(name),
            };
            let Some(definition) = self.files.get(&place)? else {
                return Err(self.error(&place, "missing, but an operation requires it"));
            };
            let scheme = self.security_scheme(&place, &definition)?;
            if schemes.get(name).is_some_and(|it| *it != scheme) {
                return Err(self.error(&place, "differs from that of another file"));
            }
            schemes.insert(name.clone(), scheme);
        }
        Ok(())
    }

    fn security_scheme(&mut self, place: &Place, definition: &Value) -> Result<Value> {
        let mut scheme = Map::new();
        let mut flow = Map::new();
        for (key, value) in definition.as_object().into_iter().flatten() {
            match key.as_str() {
                "type" if value == "basic" => {
                    scheme.insert(key.clone(), "http".into());
                    scheme.insert("scheme".into(), "basic".into());
                }
                "type" | "name" | "in" => {
                    scheme.insert(key.clone(), value.clone());
                }
                "description" if !self.keep_prose => {}
                "description" => {
                    scheme.insert(key.clone(), value.clone());
                }
                "authorizationUrl" | "tokenUrl" => {
                    flow.insert(key.clone(), value.clone());
                }
                "scopes" => {
                    let scopes = value.as_object().into_iter().flatten();
                    let prose = |words: &Value| match self.keep_prose {
                        true => words.clone(),
                        false => "".into(),
                    };
                    let scopes = scopes.map(|(name, words)| (name.clone(), prose(words)));
                    flow.insert(key.clone(), scopes.collect());
                }
                "flow" => {}
                _ if key.starts_with("x-") => {
                    scheme.insert(key.clone(), value.clone());
                }
                _ => self.unknown(&place.child(key)),
            }
        }
        match definition["type"].as_str() {
            Some("oauth2") => {
                let (name, urls): (_, &[_]) = match definition["flow"].as_str() {
                    Some("implicit") => ("implicit", &["authorizationUrl"]),
                    Some("password") => ("password", &["tokenUrl"]),
                    Some("application") => ("clientCredentials", &["tokenUrl"]),
                    Some("accessCode") => ("authorizationCode", &["authorizationUrl", "tokenUrl"]),
                    other => {
                        let what = format!("unknown flow `{}`", other.unwrap_or_default());
                        return Err(self.error(&place.child("flow"), what));
                    }
                };
                for url in urls {
                    if !definition[url].is_string() {
                        return Err(self.error(&place.child(url), "missing"));
                    }
                }
                flow.entry("scopes").or_insert_with(|| json!({}));
                scheme.insert("flows".into(), json!({ name: flow }));
            }
            Some("basic" | "apiKey") => {}
            _ => return Err(self.error(&place.child("type"), "unknown kind of security")),
        }
        Ok(Value::Object(scheme))
    }
}
