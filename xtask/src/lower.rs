//! What progenitor and typify cannot yet do, done to the document before they
//! see it. Nothing of this reaches `spec/`.
//!
//! - Error responses go: `200` with `default` panics, and modelled errors are
//!   decoded strictly (progenitor #344, #950). Whatever is not a success
//!   arrives as `UnexpectedResponse`, with status, headers and body.
//! - A polymorphic value becomes a `SecretObject`: typify ignores the
//!   discriminator and drops the subtype's properties (typify #498). The
//!   subtypes become flat structs, for a decoder to pick from.
//! - Responses are read tolerantly: nothing is required, any array may be null,
//!   and a string is a string whatever its enum, format or pattern.
//! - A secret string is marked `format: password`, a secret that may be
//!   anything `format: amlkeys-value`: the generator converts both into
//!   carriers that are not printed.
//! - String parameters lose pattern and length, which would become one newtype
//!   for each operation and parameter. The SDK's resource ids check them before
//!   anything is sent.
//! - An object inside another schema gets a name, so that each field of the
//!   generated source can be found and checked.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use heck::ToPascalCase;
use serde_json::{Map, Value, json};

use crate::classify::{self, Leaf, MARK, leaf};
use crate::pointer::Pointer;
use crate::spec::Spec;

/// The formats that mark what is to be converted.
pub(crate) const SECRET_STRING: &str = "password";
pub(crate) const SECRET_VALUE: &str = "amlkeys-value";

/// A document that the generator can handle, with what it must not lose.
pub(crate) struct Lowered {
    pub(crate) document: Value,
    /// Where each component schema came from.
    pub(crate) origins: BTreeMap<String, Pointer>,
    /// The polymorphic schemas, to be replaced by `SecretObject`.
    pub(crate) polymorphic: BTreeSet<String>,
}

/// Lowers a document in which every response string is classified.
pub(crate) fn lower(spec: &Spec) -> Result<Lowered> {
    let mut lowering = Lowering {
        spec,
        schemas: BTreeMap::new(),
        origins: BTreeMap::new(),
        polymorphic: BTreeSet::new(),
        subtypes: Vec::new(),
        inlining: BTreeSet::new(),
    };
    let paths = lowering.paths()?;
    lowering.pending_subtypes()?;
    let info = spec.document.get("info").cloned().unwrap_or_default();
    let schemas: Map<String, Value> = lowering.schemas.into_iter().collect();
    Ok(Lowered {
        document: json!({
            "openapi": "3.0.3",
            "info": info,
            "paths": paths,
            "components": { "schemas": schemas },
        }),
        origins: lowering.origins,
        polymorphic: lowering.polymorphic,
    })
}

struct Lowering<'a> {
    spec: &'a Spec,
    schemas: BTreeMap<String, Value>,
    origins: BTreeMap<String, Pointer>,
    polymorphic: BTreeSet<String>,
    subtypes: Vec<String>,
    inlining: BTreeSet<Pointer>,
}

impl Lowering<'_> {
    fn paths(&mut self) -> Result<Value> {
        let mut paths = Map::new();
        for (at, operation) in self.spec.operations() {
            let (path_at, method) = at.as_str().rsplit_once('/').expect("a path and a method");
            let path = path_at.rsplit('/').next().unwrap_or_default();
            let path = path.replace("~1", "/").replace("~0", "~");
            let lowered = self.operation(&at, &Pointer::new(path_at), operation)?;
            let item = paths.entry(path).or_insert_with(|| json!({}));
            item[method] = lowered;
        }
        Ok(Value::Object(paths))
    }

    fn operation(
        &mut self,
        at: &Pointer,
        path_at: &Pointer,
        operation: &Map<String, Value>,
    ) -> Result<Value> {
        let Some(operation_id) = operation.get("operationId").and_then(Value::as_str) else {
            return Err(self.spec.error(at, "has no operationId"));
        };
        let mut lowered = json!({ "operationId": operation_id });
        for key in ["summary", "description", "tags"] {
            if let Some(value) = operation.get(key) {
                lowered[key] = value.clone();
            }
        }
        let of_path = self.spec.document.pointer(path_at.as_str());
        let of_path = of_path.and_then(|item| item.get("parameters"));
        let mut parameters = Vec::new();
        for (at, list) in [(path_at, of_path), (at, operation.get("parameters"))] {
            let list = list.and_then(Value::as_array);
            for (index, parameter) in list.into_iter().flatten().enumerate() {
                parameters.push(self.parameter(&at.child("parameters").child(index), parameter)?);
            }
        }
        lowered["parameters"] = Value::Array(parameters);
        if let Some(body) = operation.get("requestBody") {
            lowered["requestBody"] =
                self.request_body(&at.child("requestBody"), operation_id, body)?;
        }
        lowered["responses"] = self.success(&at.child("responses"), operation_id, operation)?;
        Ok(lowered)
    }

    fn parameter(&self, at: &Pointer, parameter: &Value) -> Result<Value> {
        let (at, parameter) = target(self.spec, at, parameter)?;
        let mut lowered = parameter.clone();
        let Some(schema) = parameter.get("schema") else {
            return Err(self.spec.error(&at, "a parameter needs a `schema`"));
        };
        let (schema_at, schema) = target(self.spec, &at.child("schema"), schema)?;
        let is_string = schema.as_object().and_then(leaf) == Some(Leaf::String);
        lowered["schema"] = match schema.get("type").and_then(Value::as_str) {
            _ if is_string => json!({ "type": "string" }),
            Some("integer" | "number" | "boolean") => number_or_boolean(schema),
            _ => {
                return Err(self.spec.error(
                    &schema_at,
                    "a parameter can be a string, a number or a boolean, nothing else yet",
                ));
            }
        };
        Ok(lowered)
    }

    fn request_body(&mut self, at: &Pointer, operation_id: &str, body: &Value) -> Result<Value> {
        let (at, body) = target(self.spec, at, body)?;
        let (at, schema) = self.json_schema(&at, body)?;
        let name = format!("{operation_id}Request");
        let schema = self.value(&at, &schema, &name)?;
        let required = body.get("required").and_then(Value::as_bool) == Some(true);
        Ok(json!({
            "required": required,
            "content": { "application/json": { "schema": schema } },
        }))
    }

    /// The one success that the generated method returns: the first with a
    /// body, else the first.
    fn success(
        &mut self,
        at: &Pointer,
        operation_id: &str,
        operation: &Map<String, Value>,
    ) -> Result<Value> {
        let responses = operation.get("responses").and_then(Value::as_object);
        let mut successes = Vec::new();
        for (status, response) in responses.into_iter().flatten() {
            if status.starts_with('2') {
                let (at, response) = target(self.spec, &at.child(status), response)?;
                successes.push((status.clone(), at, response));
            }
        }
        successes.sort_by_key(|(status, ..)| status.clone());
        let has_body = |response: &Value| {
            response
                .get("content")
                .and_then(Value::as_object)
                .is_some_and(|it| !it.is_empty())
        };
        let with_body = successes.iter().find(|(.., response)| has_body(response));
        let Some((status, at, response)) = with_body.or(successes.first()) else {
            return Err(self.spec.error(at, "documents no success (2xx)"));
        };
        let mut lowered = json!({ "description": "" });
        if has_body(response) {
            let (at, schema) = self.json_schema(at, response)?;
            let schema = self.value(&at, &schema, &format!("{operation_id}Response"))?;
            lowered["content"] = json!({ "application/json": { "schema": schema } });
        }
        let mut responses = Map::new();
        responses.insert(status.clone(), lowered);
        Ok(Value::Object(responses))
    }

    fn json_schema(&self, at: &Pointer, message: &Value) -> Result<(Pointer, Value)> {
        let content = message.get("content").and_then(Value::as_object);
        let json = content
            .into_iter()
            .flatten()
            .find(|(media_type, _)| media_type.to_ascii_lowercase().contains("json"));
        let Some((media_type, body)) = json else {
            return Err(self.spec.error(&at.child("content"), "no JSON media type"));
        };
        let at = at.child("content").child(media_type).child("schema");
        match body.get("schema") {
            Some(schema) => Ok((at, schema.clone())),
            None => Err(self.spec.error(&at, "missing")),
        }
    }

    /// The schema of one value. `name` is what to call it if it is an object
    /// that has no name yet.
    fn value(&mut self, at: &Pointer, schema: &Value, name: &str) -> Result<Value> {
        let Some(object) = schema.as_object() else {
            return Err(self.spec.error(at, "a schema must be an object"));
        };
        if let Some(reference) = sole_reference(object) {
            return self.reference(at, reference);
        }
        if let Some(kind) = leaf(object) {
            return Ok(lowered_leaf(object, kind));
        }
        for key in ["anyOf", "oneOf", "not"] {
            if object.contains_key(key) {
                return Err(self.spec.error(
                    &at.child(key),
                    "the generator cannot tell the alternatives apart; use a discriminator",
                ));
            }
        }
        match object.get("type").and_then(Value::as_str) {
            Some("array") => {
                let items = object.get("items").cloned().unwrap_or_else(|| json!({}));
                let items = self.value(&at.child("items"), &items, &format!("{name}Item"))?;
                Ok(with_description(
                    object,
                    json!({ "type": "array", "items": or_null(items), "nullable": true }),
                ))
            }
            Some("integer" | "number" | "boolean") => {
                Ok(with_description(object, number_or_boolean(schema)))
            }
            Some("object") | None => self.object(at, object, name),
            Some(other) => Err(self
                .spec
                .error(&at.child("type"), format_args!("unknown type `{other}`"))),
        }
    }

    fn reference(&mut self, at: &Pointer, reference: &str) -> Result<Value> {
        let (target_at, target) = self.spec.resolve(reference, at)?;
        let Some(name) = target_at.as_str().strip_prefix("/components/schemas/") else {
            let message = format!("`{reference}` is not a component schema");
            return Err(self.spec.error(at, message));
        };
        let name = name.replace("~1", "/").replace("~0", "~");
        let object = target.as_object();
        let is_object = object.is_some_and(|it| leaf(it).is_none());
        if !is_object || target.get("type").is_some_and(|it| it != "object") {
            // Strings, numbers and arrays are used where they stand, so that
            // the secrecy of a string is decided at its field.
            return self.inline(&target_at, &target.clone(), &name);
        }
        let lowered = json!({ "$ref": Pointer::schema(&name).to_string() });
        if target.get("discriminator").is_some() {
            if self.polymorphic.insert(name.clone()) {
                self.subtypes.extend(classify::subtypes(self.spec, &name));
                self.schemas
                    .insert(name.clone(), json!({ "type": "object" }));
                self.origins.insert(name, target_at);
            }
        } else if !self.schemas.contains_key(&name) {
            self.object(
                &target_at,
                &target.as_object().cloned().unwrap_or_default(),
                &name,
            )?;
        }
        Ok(lowered)
    }

    /// Lowers a schema that has no struct of its own, and so cannot hold itself.
    fn inline(&mut self, at: &Pointer, schema: &Value, name: &str) -> Result<Value> {
        if !self.inlining.insert(at.clone()) {
            return Err(self
                .spec
                .error(at, "an array or map that holds itself has no Rust type"));
        }
        let lowered = self.value(at, schema, name);
        self.inlining.remove(at);
        lowered
    }

    fn pending_subtypes(&mut self) -> Result<()> {
        while let Some(name) = self.subtypes.pop() {
            if self.schemas.contains_key(&name) {
                continue;
            }
            let reference = Pointer::schema(&name).to_string();
            let (at, target) = self.spec.resolve(&reference, &Pointer::new(""))?;
            self.subtypes.extend(classify::subtypes(self.spec, &name));
            let object = target.as_object().cloned().unwrap_or_default();
            self.object(&at, &object, &name)?;
        }
        Ok(())
    }

    /// Adds an object as a component schema and refers to it.
    fn object(&mut self, at: &Pointer, object: &Map<String, Value>, name: &str) -> Result<Value> {
        let flat = self.flatten(at, object, &mut Vec::new())?;
        if flat.properties.is_empty()
            && let Some(values) = object.get("additionalProperties")
            && values.is_object()
        {
            let at = at.child("additionalProperties");
            let values = self.inline(&at, values, &format!("{name}Value"))?;
            return Ok(with_description(
                object,
                json!({ "type": "object", "additionalProperties": or_null(values) }),
            ));
        }
        let name = self.free_name(name, at);
        self.origins.insert(name.clone(), at.clone());
        // The place is taken before the properties are lowered, so that a
        // recursive schema ends in a reference.
        self.schemas.insert(name.clone(), Value::Null);
        let mut properties = Map::new();
        for (property, (at, schema)) in flat.properties {
            let inner = format!("{name}{}", property.to_pascal_case());
            properties.insert(property, self.value(&at, &schema, &inner)?);
        }
        let lowered = json!({ "type": "object", "properties": properties });
        self.schemas
            .insert(name.clone(), with_description(object, lowered));
        Ok(json!({ "$ref": Pointer::schema(&name).to_string() }))
    }

    /// The properties of an object and of all that its `allOf` brings in.
    fn flatten(
        &self,
        at: &Pointer,
        object: &Map<String, Value>,
        inside: &mut Vec<Pointer>,
    ) -> Result<Flat> {
        if inside.contains(at) {
            return Err(self.spec.error(at, "allOf goes round in a circle"));
        }
        inside.push(at.clone());
        let mut flat = Flat::default();
        let parts = object.get("allOf").and_then(Value::as_array);
        for (index, part) in parts.into_iter().flatten().enumerate() {
            let (at, part) = target(self.spec, &at.child("allOf").child(index), part)?;
            let part = part.as_object().cloned().unwrap_or_default();
            let kind = part.get("type").and_then(Value::as_str).unwrap_or("object");
            if kind != "object" || part.contains_key("anyOf") || part.contains_key("oneOf") {
                return Err(self.spec.error(&at, "only objects can be merged by allOf"));
            }
            flat.properties
                .extend(self.flatten(&at, &part, inside)?.properties);
        }
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            let at = at.child("properties").child(name);
            flat.properties.insert(name.clone(), (at, schema.clone()));
        }
        inside.pop();
        Ok(flat)
    }

    fn free_name(&self, wanted: &str, at: &Pointer) -> String {
        let taken = |name: &str| {
            let elsewhere = self
                .spec
                .document
                .pointer(Pointer::schema(name).as_str())
                .is_some()
                && Pointer::schema(name) != *at;
            elsewhere || self.schemas.contains_key(name)
        };
        let numbered = (2..).map(|number| format!("{wanted}{number}"));
        std::iter::once(wanted.to_owned())
            .chain(numbered)
            .find(|name| !taken(name))
            .expect("numbers do not end")
    }
}

/// What a value refers to, or the value itself.
fn target<'v>(spec: &'v Spec, at: &Pointer, value: &'v Value) -> Result<(Pointer, &'v Value)> {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => spec.resolve(reference, at),
        None => Ok((at.clone(), value)),
    }
}

#[derive(Default)]
struct Flat {
    properties: BTreeMap<String, (Pointer, Value)>,
}

/// The reference of `{"$ref": …}`, also when siblings force it into an `allOf`.
fn sole_reference(object: &Map<String, Value>) -> Option<&str> {
    if let Some(reference) = object.get("$ref") {
        return reference.as_str();
    }
    match object.get("allOf")?.as_array()?.as_slice() {
        [only] if !object.contains_key("properties") => only.get("$ref")?.as_str(),
        _ => None,
    }
}

fn lowered_leaf(object: &Map<String, Value>, kind: Leaf) -> Value {
    let secret = object.get(MARK) == Some(&Value::Bool(true));
    let lowered = match (kind, secret) {
        (Leaf::String, true) => json!({ "type": "string", "format": SECRET_STRING }),
        (Leaf::String, false) => json!({ "type": "string" }),
        (_, true) => json!({ "type": "string", "format": SECRET_VALUE }),
        (Leaf::Object, false) => json!({ "type": "object", "additionalProperties": true }),
        (Leaf::Anything, false) => json!({}),
    };
    with_description(object, lowered)
}

fn number_or_boolean(schema: &Value) -> Value {
    let mut lowered = json!({ "type": schema["type"] });
    if let Some(format) = schema.get("format") {
        lowered["format"] = format.clone();
    }
    lowered
}

fn or_null(schema: Value) -> Value {
    match schema.get("$ref") {
        Some(_) => json!({ "nullable": true, "allOf": [schema] }),
        None => schema,
    }
}

fn with_description(source: &Map<String, Value>, mut lowered: Value) -> Value {
    if let Some(description) = source.get("description") {
        lowered["description"] = description.clone();
    }
    lowered
}
