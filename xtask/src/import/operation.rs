//! Paths, operations and responses.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Choice;
use super::convert::{Converter, Defaults, content, texts};
use super::parameter::Parameters;
use super::swagger::{METHODS, Place};
use crate::pointer::Pointer;

/// Under which key an operation keeps the name that its description gives it,
/// where that is not the name it was asked for by.
const HISTORIC: &str = "x-amlkeys-historic-operation-id";

impl Converter<'_> {
    /// A path's own keys, without its operations.
    pub(super) fn path_item(&mut self, choice: &Choice) -> Result<Map<String, Value>> {
        let (place, item) = self.parent(choice)?;
        let mut converted = Map::new();
        for (key, value) in item.as_object().into_iter().flatten() {
            let place = place.child(key);
            match key.as_str() {
                "parameters" => {
                    let parameters = self.parameters(&place, value)?;
                    // What belongs to a body is said by each operation.
                    if !parameters.plain.is_empty() {
                        converted.insert(key.clone(), Value::Array(parameters.plain));
                    }
                }
                "$ref" => return Err(self.error(&place, "a path by reference is not supported")),
                method if METHODS.contains(&method) => {}
                _ if key.starts_with("x-") => {
                    let value = self.extension(&place, key, value)?;
                    converted.insert(key.clone(), value);
                }
                _ => self.unknown(&place),
            }
        }
        Ok(converted)
    }

    fn parent(&self, choice: &Choice) -> Result<(Place, Value)> {
        let file = choice.place.file;
        let at = Pointer::new("/paths").child(&choice.path);
        let place = Place { file, at };
        match self.files.get(&place)? {
            Some(item) => Ok((place, item)),
            None => Err(self.error(
                &choice.place,
                "OpenAPI 3.0 has no form for a path of `x-ms-paths`",
            )),
        }
    }

    pub(super) fn operation(
        &mut self,
        choice: &Choice,
        defaults: &Defaults,
    ) -> Result<Map<String, Value>> {
        let place = &choice.place;
        let (path_place, item) = self.parent(choice)?;
        let Some(Value::Object(operation)) = self.files.get(place)? else {
            return Err(self.error(place, "an operation must be an object"));
        };
        for (key, is_expected) in [
            ("tags", is_list_of_names as fn(&Value) -> bool),
            ("security", is_security),
            ("deprecated", Value::is_boolean),
        ] {
            if operation.get(key).is_some_and(|it| !is_expected(it)) {
                return Err(self.error(&place.child(key), "is not what Swagger 2.0 has here"));
            }
        }
        let mut converted = Map::new();
        let mut keep = |key: &str| {
            if let Some(value) = operation.get(key) {
                converted.insert(key.to_owned(), value.clone());
            }
        };
        keep("tags");
        if self.keep_prose {
            keep("summary");
            keep("description");
        }
        converted.insert("operationId".into(), choice.name.as_str().into());
        if choice.name != choice.upstream_name && !choice.upstream_name.is_empty() {
            converted.insert(HISTORIC.into(), choice.upstream_name.as_str().into());
        }

        let mut parameters = Parameters::default();
        if let Some(list) = operation.get("parameters") {
            parameters = self.parameters(&place.child("parameters"), list)?;
        }
        let of_path = match item.get("parameters") {
            Some(list) => self.parameters(&path_place.child("parameters"), list)?,
            None => Parameters::default(),
        };
        self.expect_path_parameters(choice, &[&parameters.in_path, &of_path.in_path])?;
        let consumes = texts(operation.get("consumes"));
        let consumes = if consumes.is_empty() {
            &defaults.consumes
        } else {
            &consumes
        };
        if operation.contains_key("parameters") {
            converted.insert("parameters".into(), Value::Array(parameters.plain));
        }
        let body = parameters.body.or(of_path.body);
        let fields = [of_path.fields, parameters.fields].concat();
        if let Some(body) = self.request_body(place, body, &fields, consumes)? {
            converted.insert("requestBody".into(), body);
        }

        let produces = texts(operation.get("produces"));
        let produces = if produces.is_empty() {
            &defaults.produces
        } else {
            &produces
        };
        let mut responses = Map::new();
        let at = place.child("responses");
        let documented = operation.get("responses").and_then(Value::as_object);
        let Some(documented) = documented.filter(|it| !it.is_empty()) else {
            return Err(self.error(&at, "missing"));
        };
        for (status, response) in documented {
            let at = at.child(status);
            let response = if status.starts_with("x-") {
                self.extension(&at, status, response)?
            } else if is_status(status) {
                self.response(&at, response, produces)?
            } else {
                return Err(self.error(&at, "is no status code"));
            };
            responses.insert(status.clone(), response);
        }
        converted.insert("responses".into(), Value::Object(responses));

        for (key, value) in &operation {
            let at = place.child(key);
            match key.as_str() {
                "externalDocs" => {
                    converted.insert(key.clone(), self.without_words(value));
                }
                "tags" | "summary" | "description" | "operationId" | "parameters" | "consumes"
                | "produces" | "responses" => {}
                "deprecated" | "security" => {
                    converted.insert(key.clone(), value.clone());
                }
                "schemes" => {
                    let servers = self.servers(place.file, Some(value))?;
                    if servers != defaults.servers {
                        converted.insert("servers".into(), servers);
                    }
                }
                "x-ms-examples" => {
                    let value = self.examples_of(choice, &at, value)?;
                    converted.insert(key.clone(), value);
                }
                _ if key.starts_with("x-") => {
                    let value = self.extension(&at, key, value)?;
                    converted.insert(key.clone(), value);
                }
                _ => self.unknown(&at),
            }
        }
        Ok(converted)
    }

    fn examples_of(&mut self, choice: &Choice, at: &Place, value: &Value) -> Result<Value> {
        let mut converted = Map::new();
        for (title, example) in value.as_object().into_iter().flatten() {
            let at = at.child(title);
            let Some(reference) = example.get("$ref").and_then(Value::as_str) else {
                self.warn(
                    &at,
                    "stands in the description itself; kept, but not checked",
                );
                converted.insert(title.clone(), example.clone());
                continue;
            };
            let place = at.child("$ref");
            let read = self
                .examples
                .add(self.files, &place, choice, title, reference)?;
            match read {
                Some(path) => {
                    converted.insert(title.clone(), json!({ "$ref": path }));
                }
                None => self.warn(&place, format_args!("no such file `{reference}`; left out")),
            }
        }
        Ok(Value::Object(converted))
    }

    /// Each `{name}` of a path must be a parameter.
    fn expect_path_parameters(&self, choice: &Choice, given: &[&Vec<String>]) -> Result<()> {
        let host = self
            .files
            .top(choice.place.file, "x-ms-parameterized-host")?;
        for part in choice.path.split('{').skip(1) {
            let name = part.split('}').next().unwrap_or_default();
            if !given.iter().any(|it| it.iter().any(|it| it == name)) && host.is_none() {
                let what = format!("the path has {{{name}}}, but there is no such parameter");
                return Err(self.error(&choice.place.child("parameters"), what));
            }
        }
        Ok(())
    }

    fn response(&mut self, place: &Place, response: &Value, produces: &[String]) -> Result<Value> {
        // A shared response depends on the `produces` of the operation that
        // refers to it, so it is written out where it is used.
        let (place, response) = self.target(place, response)?;
        let words = response.get("description").filter(|_| self.keep_prose);
        let mut converted = Map::new();
        converted.insert(
            "description".into(),
            words.cloned().unwrap_or_else(|| "".into()),
        );
        for (key, value) in response.as_object().into_iter().flatten() {
            let at = place.child(key);
            match key.as_str() {
                "description" | "examples" => {}
                "schema" => {
                    let schema = self.schema(&at, value)?;
                    let mut content = content(produces, &schema);
                    self.response_examples(&place, &response, &mut content);
                    converted.insert("content".into(), content);
                }
                "headers" => {
                    let headers = self.headers(&at, value)?;
                    converted.insert(key.clone(), headers);
                }
                _ if key.starts_with("x-") => {
                    let value = self.extension(&at, key, value)?;
                    converted.insert(key.clone(), value);
                }
                _ => self.unknown(&at),
            }
        }
        if response.get("schema").is_none() && response.get("examples").is_some() {
            self.warn(
                &place.child("examples"),
                "examples without a schema; dropped",
            );
        }
        Ok(Value::Object(converted))
    }

    fn response_examples(&mut self, place: &Place, response: &Value, content: &mut Value) {
        let examples = response.get("examples").and_then(Value::as_object);
        for (media_type, example) in examples.into_iter().flatten() {
            match content.get_mut(media_type) {
                Some(media) => media["example"] = example.clone(),
                None => {
                    let place = place.child("examples").child(media_type);
                    self.warn(&place, "the operation does not produce this type; dropped");
                }
            }
        }
    }

    fn headers(&mut self, place: &Place, headers: &Value) -> Result<Value> {
        let mut converted = Map::new();
        for (name, header) in headers.as_object().into_iter().flatten() {
            let place = place.child(name);
            self.style(&place, header, "header")?;
            let (schema, extensions) = self.simple_schema(&place, header)?;
            let mut one = Map::new();
            if let Some(words) = header.get("description").filter(|_| self.keep_prose) {
                one.insert("description".into(), words.clone());
            }
            one.insert("schema".into(), schema);
            one.extend(extensions);
            converted.insert(name.clone(), Value::Object(one));
        }
        Ok(Value::Object(converted))
    }
}

fn is_status(text: &str) -> bool {
    text == "default"
        || matches!(text.as_bytes(), [b'1'..=b'5', rest @ ..]
            if rest.len() == 2 && (rest == b"XX" || rest.iter().all(u8::is_ascii_digit)))
}

fn is_list_of_names(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|it| it.iter().all(Value::is_string))
}

/// Whether it is a list of alternatives, each with the scopes of its schemes.
pub(super) fn is_security(value: &Value) -> bool {
    let is_alternative = |it: &Value| {
        it.as_object()
            .is_some_and(|it| it.values().all(is_list_of_names))
    };
    value
        .as_array()
        .is_some_and(|it| it.iter().all(is_alternative))
}
