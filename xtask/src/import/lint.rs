//! Official examples are sometimes wrong: where they are not what the excerpt
//! says.

use std::collections::BTreeMap;
use std::fmt;

use heck::ToSnakeCase;
use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::examples::Example;
use crate::pointer::Pointer;

/// One place of an example, and what is wrong there.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    at: Pointer,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Where an example differs from its operation in a converted document.
pub(super) fn findings(document: &Value, version: &str, example: &Example) -> Vec<Finding> {
    let mut lint = Lint {
        document,
        schemas: Value::Null,
        example,
        findings: Vec::new(),
    };
    let text = example.text.trim_start_matches('\u{feff}');
    match serde_json::from_str::<Value>(text) {
        Ok(body) => lint.example(version, &body),
        Err(error) => lint.find(&Pointer::new(""), format!("is not JSON: {error}")),
    }
    lint.findings.sort();
    lint.findings.dedup();
    lint.findings
}

/// Whether a schema that stands alone has a value.
pub(super) fn accepts(schema: &Value, value: &Value) -> bool {
    let schema = json_schema(schema, Direction::Response);
    let validator = jsonschema::options()
        .with_draft(Draft::Draft7)
        .build(&schema);
    // A schema with references is checked where they lead somewhere.
    validator.map_or(true, |it| it.is_valid(value))
}

struct Lint<'a> {
    document: &'a Value,
    /// The component schemas as JSON Schema, for requests or for responses.
    schemas: Value,
    example: &'a Example,
    findings: Vec<Finding>,
}

/// Which of the read-only properties are required.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Request,
    Response,
}

impl<'a> Lint<'a> {
    fn find(&mut self, at: &Pointer, what: impl Into<String>) {
        let (at, what) = (at.clone(), what.into());
        self.findings.push(Finding { at, what });
    }

    fn example(&mut self, version: &str, example: &Value) {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let items = paths.filter_map(|(_, item)| item.as_object());
        let operation = items
            .flat_map(|item| item.iter().map(move |(_, it)| (item, it)))
            .find(|(_, operation)| operation["operationId"] == self.example.operation_id.as_str());
        let Some((item, operation)) = operation else {
            return;
        };
        self.schemas = self.json_schemas(Direction::Request);
        self.parameters(version, item, operation, &example["parameters"]);
        self.schemas = self.json_schemas(Direction::Response);
        self.responses(&operation["responses"], &example["responses"]);
    }

    fn parameters(
        &mut self,
        version: &str,
        item: &'a Map<String, Value>,
        operation: &'a Value,
        given: &Value,
    ) {
        let at = Pointer::new("/parameters");
        let Some(given) = given.as_object() else {
            return self.find(&at, "missing");
        };
        let mut described = BTreeMap::new();
        let lists = [item.get("parameters"), operation.get("parameters")];
        for parameter in lists
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
        {
            let parameter = self.target(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            described.insert(name, (&parameter["schema"], parameter["required"] == true));
        }
        let body = &operation["requestBody"];
        if let Some(name) = body["x-ms-requestBody-name"].as_str() {
            described.insert(name, (schema_of(body), body["required"] == true));
        } else if let Some(fields) = schema_of(body)["properties"].as_object() {
            described.extend(fields.iter().map(|(name, it)| (name.as_str(), (it, false))));
        }
        let servers = self.document["servers"].as_array().into_iter().flatten();
        for variable in servers
            .filter_map(|it| it["variables"].as_object())
            .flatten()
        {
            described.insert(variable.0, (&variable.1["x-schema"], false));
        }
        for (name, (schema, required)) in &described {
            let at = at.child(name);
            match given.get(*name) {
                Some(value) if *name == "api-version" && *value != version => {
                    self.find(&at, format!("is {value}, but this is {version}"));
                }
                Some(value) => self.value(schema, value, &at, Direction::Request),
                None if *required => self.find(&at, "missing, but required"),
                None => {}
            }
        }
        for name in given
            .keys()
            .filter(|it| !described.contains_key(it.as_str()))
        {
            self.find(&at.child(name), "the operation has no such parameter");
        }
    }

    fn responses(&mut self, documented: &'a Value, given: &Value) {
        let at = Pointer::new("/responses");
        let Some(given) = given.as_object().filter(|it| !it.is_empty()) else {
            return self.find(&at, "missing");
        };
        for (status, response) in given {
            let at = at.child(status);
            let Some(documented) = documented.get(status).or(documented.get("default")) else {
                self.find(&at, "the operation documents no such status");
                continue;
            };
            let has_body = documented.get("content").is_some();
            match response.get("body") {
                Some(body) if has_body => {
                    self.value(
                        schema_of(documented),
                        body,
                        &at.child("body"),
                        Direction::Response,
                    );
                }
                Some(body) if !body.is_null() => {
                    self.find(&at.child("body"), "the operation documents no body here");
                }
                None if has_body => self.find(&at.child("body"), "missing, but documented"),
                _ => {}
            }
        }
    }

    fn target(&self, value: &'a Value) -> &'a Value {
        let reference = value["$ref"].as_str();
        let target = reference.and_then(|it| self.document.pointer(it.trim_start_matches('#')));
        target.unwrap_or(value)
    }

    /// What a validator says of a value, and what it cannot see.
    fn value(&mut self, schema: &'a Value, value: &Value, at: &Pointer, direction: Direction) {
        let whole = json!({
            "allOf": [dispatched(schema, direction)],
            "components": { "schemas": self.schemas },
        });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft7)
            .build(&whole);
        match validator {
            Ok(validator) => {
                for error in validator.iter_errors(value) {
                    let inner = error.instance_path().as_str();
                    let at = Pointer::new(format!("{}{inner}", at.as_str()));
                    self.find(&at, short(&error.to_string()));
                }
            }
            Err(error) => self.find(at, short(&format!("cannot be checked: {error}"))),
        }
        self.fields(schema, value, at, false);
    }

    /// Fields that no schema has, and tags that do not fit.
    fn fields(&mut self, schema: &'a Value, value: &Value, at: &Pointer, in_list: bool) {
        let mut parts = Parts::default();
        self.collect(schema, value, &mut parts);
        match value {
            Value::Array(items) => {
                let Some(schema) = parts.all.iter().find_map(|it| it.get("items")) else {
                    return;
                };
                for (index, item) in items.iter().enumerate() {
                    self.fields(schema, item, &at.child(index), true);
                }
            }
            Value::Object(object) => {
                for base in parts.bases.clone() {
                    self.tag(base, object, at, in_list);
                }
                let has_properties = parts.all.iter().any(|it| it.get("properties").is_some());
                let further = parts
                    .all
                    .iter()
                    .find_map(|it| it.get("additionalProperties"));
                for (name, value) in object {
                    let known = parts
                        .all
                        .iter()
                        .find_map(|it| it.get("properties")?.get(name));
                    match known.or(further) {
                        Some(schema) => self.fields(schema, value, &at.child(name), in_list),
                        None if has_properties => {
                            let what = self.stranger(&parts, object, name);
                            self.find(&at.child(name), what);
                        }
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// The schemas that a value has to do with: those in `allOf` and the like,
    /// and the subtype that its tag names.
    fn collect(&self, schema: &'a Value, value: &Value, parts: &mut Parts<'a>) {
        if parts.all.iter().any(|it| std::ptr::eq(*it, schema)) {
            return;
        }
        parts.all.push(schema);
        if schema.get("$ref").is_some() {
            self.collect(self.target(schema), value, parts);
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            for part in schema[key].as_array().into_iter().flatten() {
                self.collect(part, value, parts);
            }
        }
        if let Some(property) = schema["discriminator"]["propertyName"].as_str() {
            parts.bases.push(schema);
            if let Some(subtype) = value[property]
                .as_str()
                .and_then(|tag| self.subtype(schema, tag))
            {
                self.collect(subtype, value, parts);
            }
        }
    }

    fn subtype(&self, base: &Value, tag: &str) -> Option<&'a Value> {
        let reference = base["discriminator"]["mapping"].get(tag)?.as_str()?;
        self.document.pointer(reference.trim_start_matches('#'))
    }

    /// A tag must be the one that the example's name promises.
    fn tag(&mut self, base: &'a Value, object: &Map<String, Value>, at: &Pointer, in_list: bool) {
        let property = base["discriminator"]["propertyName"]
            .as_str()
            .unwrap_or_default();
        let Some(tag) = object.get(property).and_then(Value::as_str) else {
            return;
        };
        // In a list there may be others beside the one of the name.
        for name in self.example.names.iter().filter(|_| !in_list) {
            let words = word_line(name);
            let tags = tags(base).map(|(tag, _)| tag.as_str());
            let promised: Vec<&str> = tags.filter(|it| words.contains(&word_line(it))).collect();
            if !promised.is_empty() && !words.contains(&word_line(tag)) {
                let promised = promised.join(" or ");
                let what = format!("is \"{tag}\", but the example is named {promised}: {name}");
                self.find(&at.child(property), what);
            }
        }
    }

    fn stranger(&self, parts: &Parts<'a>, object: &Map<String, Value>, name: &str) -> String {
        for base in &parts.bases {
            let property = base["discriminator"]["propertyName"]
                .as_str()
                .unwrap_or_default();
            for (tag, _) in tags(base) {
                let mut other = Parts::default();
                if let Some(subtype) = self.subtype(base, tag) {
                    self.collect(subtype, &Value::Null, &mut other);
                }
                if other
                    .all
                    .iter()
                    .any(|it| it["properties"].get(name).is_some())
                {
                    let own = object.get(property).unwrap_or(&Value::Null);
                    return format!("belongs to {tag}, but {property} is {own}");
                }
            }
        }
        "the schema has no such property".into()
    }

    /// The component schemas as JSON Schema. A polymorphic one comes twice: as
    /// itself, for its subtypes to extend, and as `<name>~`, which goes by the
    /// discriminator.
    fn json_schemas(&self, direction: Direction) -> Value {
        let mut schemas = Map::new();
        let components = self.document["components"]["schemas"].as_object();
        for (name, schema) in components.into_iter().flatten() {
            schemas.insert(name.clone(), json_schema(schema, direction));
            let tag = schema["discriminator"]["propertyName"]
                .as_str()
                .unwrap_or_default();
            let mut cases = vec![json!({ "$ref": format!("#/components/schemas/{name}") })];
            for (value, subtype) in tags(schema) {
                cases.push(json!({
                    "if": { "required": [tag], "properties": { tag: { "const": value } } },
                    "then": { "$ref": subtype },
                }));
            }
            schemas.insert(format!("{name}~"), json!({ "allOf": cases }));
        }
        Value::Object(schemas)
    }
}

#[derive(Default)]
struct Parts<'a> {
    all: Vec<&'a Value>,
    /// Those that have a discriminator.
    bases: Vec<&'a Value>,
}

/// The subtypes of a polymorphic schema by their tags.
fn tags(base: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let mapping = base["discriminator"]["mapping"].as_object();
    mapping.into_iter().flatten()
}

/// The schema of a request's or response's body.
fn schema_of(message: &Value) -> &Value {
    let content = message["content"].as_object();
    let media = content.and_then(|it| it.values().next());
    media.map_or(&Value::Null, |it| &it["schema"])
}

/// An OpenAPI 3.0 schema as JSON Schema draft 7, which it is but for
/// `nullable`, `discriminator` and the exclusive limits of draft 4.
fn json_schema(schema: &Value, direction: Direction) -> Value {
    let Value::Object(object) = schema else {
        return json!({});
    };
    let list = |value: &Value, convert: fn(&Value, Direction) -> Value| -> Value {
        let items = value.as_array().into_iter().flatten();
        items.map(|it| convert(it, direction)).collect()
    };
    let mut converted = Map::new();
    for (key, value) in object {
        let value = match key.as_str() {
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                properties
                    .map(|(name, it)| (name.clone(), dispatched(it, direction)))
                    .collect()
            }
            "items" | "not" => dispatched(value, direction),
            "additionalProperties" if value.is_object() => dispatched(value, direction),
            "anyOf" | "oneOf" => list(value, dispatched),
            // A subtype extends its base as it is, without the dispatch that
            // would lead back to the subtype.
            "allOf" => list(value, json_schema),
            "required" if direction == Direction::Request => {
                let names = value.as_array().into_iter().flatten();
                let sent = names.filter(|name| {
                    let name = name.as_str().unwrap_or_default();
                    object
                        .get("properties")
                        .and_then(|it| it.get(name)?.get("readOnly"))
                        .is_none()
                });
                sent.cloned().collect()
            }
            "exclusiveMinimum" | "exclusiveMaximum" => {
                let limit = key.replace("exclusive", "").to_lowercase();
                match object.get(&limit).filter(|_| *value == true) {
                    Some(limit) => limit.clone(),
                    None => continue,
                }
            }
            "discriminator" => continue,
            _ if key.starts_with("x-") => continue,
            _ => value.clone(),
        };
        converted.insert(key.clone(), value);
    }
    // An open enum is any value of the type.
    if object
        .get("x-ms-enum")
        .is_some_and(|it| it["modelAsString"] == true)
    {
        converted.remove("enum");
        if let Some(Value::Array(mut options)) = converted.remove("anyOf")
            && let Some(Value::Object(any)) = options.pop()
        {
            converted.extend(any);
        }
    }
    if object.get("nullable") != Some(&Value::Bool(true)) {
        return Value::Object(converted);
    }
    if let Some(Value::Array(values)) = converted.get_mut("enum") {
        values.push(Value::Null);
    }
    match converted.get_mut("type") {
        Some(kind) => {
            *kind = json!([kind, "null"]);
            Value::Object(converted)
        }
        None => json!({ "anyOf": [{ "type": "null" }, converted] }),
    }
}

/// A schema where a value stands: a reference goes by the discriminator.
fn dispatched(schema: &Value, direction: Direction) -> Value {
    let sole = match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) if schema["nullable"] != true => only["$ref"].as_str(),
        _ => None,
    };
    match schema["$ref"].as_str().or(sole) {
        // `~0` is the pointer for `~`.
        Some(reference) => json!({ "$ref": format!("{reference}~0") }),
        None => json_schema(schema, direction),
    }
}

/// A name as a line of words, to look for the words of another in it.
fn word_line(name: &str) -> String {
    format!("_{}_", name.to_snake_case())
}

/// A validator quotes the whole value, which may be long.
fn short(message: &str) -> String {
    const LIMIT: usize = 160;
    match message.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}
