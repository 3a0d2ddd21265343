//! The operations: parameters, request bodies and the one success.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::names::method_name;
use super::types::{Types, scalar};
use crate::pointer::Pointer;
use crate::schema::{Leaf, Shape, shape};
use crate::spec::{Operation, Spec};

/// The paths of a client in the making.
#[derive(Default)]
pub(super) struct Operations {
    pub(super) paths: Map<String, Value>,
    pub(super) origins: BTreeMap<Pointer, Pointer>,
}

impl Operations {
    /// Adds every operation with what it returns.
    pub(super) fn responses(&mut self, spec: &Spec, types: &mut Types<'_>) -> Result<()> {
        let mut methods: BTreeMap<String, Pointer> = BTreeMap::new();
        for operation in spec.operations()? {
            let operation_id = operation_id(spec, &operation)?;
            let method = method_name(operation_id);
            let id_at = operation.at.child("operationId");
            if IN_EVERY_CLIENT.contains(&method.as_str()) {
                let what = format_args!("every client has a method `{method}` already");
                return Err(spec.error(&id_at, what));
            }
            if let Some(other) = methods.insert(method.clone(), id_at.clone()) {
                let what = format_args!("gives a method `{method}`, and so does {other}");
                return Err(spec.error(&id_at, what));
            }
            let mut lowered = json!({ "operationId": method });
            for key in ["summary", "description"] {
                if let Some(text @ Value::String(_)) = operation.object.get(key) {
                    lowered[key] = text.clone();
                }
            }
            lowered["parameters"] = parameters(spec, &operation)?;
            lowered["responses"] = self.success(spec, types, &operation)?;
            let place = place(&operation);
            self.origins.insert(place, operation.at.clone());
            self.paths
                .entry(operation.path)
                .or_insert_with(|| json!({}))[operation.method] = lowered;
        }
        Ok(())
    }

    /// Adds the request bodies.
    pub(super) fn requests(&mut self, spec: &Spec, types: &mut Types<'_>) -> Result<()> {
        for operation in spec.operations()? {
            if spec.object_in(&operation.at, "requestBody")?.is_none() {
                continue;
            }
            let at = spec.follow(&operation.at.child("requestBody"))?;
            let Some(schema_at) = json_schema(spec, &at)? else {
                return Err(spec.error(&at, "a request body needs `content`"));
            };
            let name = format!("{}Request", operation_id(spec, &operation)?);
            let schema = types.value(&schema_at, &name)?;
            let body = place(&operation).child("requestBody");
            self.origins.insert(body, schema_at);
            self.paths[operation.path][operation.method]["requestBody"] = json!({
                "required": true,
                "content": { "application/json": { "schema": schema } },
            });
        }
        Ok(())
    }

    /// The success that the generated method returns: what has a body, else
    /// the first. A success without a body beside one with arrives as
    /// `UnexpectedResponse`.
    fn success(
        &mut self,
        spec: &Spec,
        types: &mut Types<'_>,
        operation: &Operation<'_>,
    ) -> Result<Value> {
        let at = operation.at.child("responses");
        let mut statuses: Vec<&String> = spec.object(&at)?.keys().collect();
        statuses.retain(|status| is_success(status));
        statuses.sort();
        let mut with_body: Vec<(&String, Pointer)> = Vec::new();
        for status in &statuses {
            let message = spec.follow(&at.child(status))?;
            if let Some(schema_at) = json_schema(spec, &message)? {
                with_body.push((*status, schema_at));
            }
        }
        let mut lowered = Map::new();
        let Some((_, schema_at)) = with_body.first().cloned() else {
            let Some(status) = statuses.first() else {
                return Err(spec.error(&at, "documents no success (200 to 299)"));
            };
            lowered.insert((*status).clone(), json!({ "description": "" }));
            return Ok(Value::Object(lowered));
        };
        let name = format!("{}Response", operation_id(spec, operation)?);
        let schema = types.value(&schema_at, &name)?;
        for (status, other_at) in with_body {
            if spec.object(&other_at)? != spec.object(&schema_at)? {
                let what = format_args!("has another type than {schema_at}; a method returns one");
                return Err(spec.error(&other_at, what));
            }
            let response = place(operation).child("responses").child(status);
            self.origins.insert(response, other_at);
            lowered.insert(
                status.clone(),
                json!({ "description": "", "content": { "application/json": { "schema": schema } } }),
            );
        }
        Ok(Value::Object(lowered))
    }
}

/// The methods of a generated client and those that its traits need.
const IN_EVERY_CLIENT: [&str; 9] = [
    "api_version",
    "baseurl",
    "client",
    "exec",
    "inner",
    "new",
    "new_with_client",
    "post",
    "pre",
];

fn place(operation: &Operation<'_>) -> Pointer {
    let path = Pointer::new("/paths").child(operation.path);
    path.child(operation.method)
}

fn operation_id<'a>(spec: &Spec, operation: &Operation<'a>) -> Result<&'a str> {
    let operation_id = operation.object.get("operationId").and_then(Value::as_str);
    operation_id.ok_or_else(|| spec.error(&operation.at, "has no `operationId`"))
}

fn is_success(status: &str) -> bool {
    let digits = status.strip_prefix('2').unwrap_or_default();
    digits.len() == 2 && (digits == "XX" || digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The schema of a message's JSON body, `None` if it has no body.
fn json_schema(spec: &Spec, message: &Pointer) -> Result<Option<Pointer>> {
    let Some(content) = spec
        .object_in(message, "content")?
        .filter(|it| !it.is_empty())
    else {
        return Ok(None);
    };
    let at = message.child("content");
    let mut media_types: Vec<&String> = content.keys().collect();
    media_types.sort_by_key(|name| (*name != "application/json", *name));
    let json = media_types
        .into_iter()
        .find(|name| name.to_ascii_lowercase().contains("json"));
    let Some(media_type) = json else {
        return Err(spec.error(&at, "holds no JSON, the only body that the client can read"));
    };
    let at = at.child(media_type).child("schema");
    spec.object(&at)?;
    Ok(Some(at))
}

/// The parameters of an operation with those of its path, which it overrides.
fn parameters(spec: &Spec, operation: &Operation<'_>) -> Result<Value> {
    let path_at = operation.at.parent().expect("a method is in a path");
    let mut places: BTreeMap<(String, String), Pointer> = BTreeMap::new();
    for list_of in [&path_at, &operation.at] {
        let mut in_this_list = BTreeSet::new();
        for at in spec.elements_in(list_of, "parameters")? {
            let at = spec.follow(&at)?;
            let key = (text(spec, &at, "name")?, text(spec, &at, "in")?);
            if !in_this_list.insert(key.clone()) {
                return Err(spec.error(&at, format_args!("`{}` is there twice", key.0)));
            }
            places.insert(key, at);
        }
    }
    let mut names = BTreeSet::new();
    let mut lowered = Vec::new();
    for ((name, location), at) in &places {
        let in_rust = method_name(name);
        if in_rust == "header_map" || !names.insert(in_rust.clone()) {
            let what = format_args!("`{in_rust}` is the name of another argument in Rust");
            return Err(spec.error(at, what));
        }
        lowered.push(parameter(spec, at, name, location)?);
    }
    let in_path: BTreeSet<&str> = places
        .keys()
        .filter(|(_, location)| location == "path")
        .map(|(name, _)| name.as_str())
        .collect();
    let in_template = template_names(operation.path);
    if let Some(name) = in_path.symmetric_difference(&in_template).next() {
        let what = format_args!("`{{{name}}}` must be in the path and a path parameter");
        return Err(spec.error(&operation.at, what));
    }
    Ok(Value::Array(lowered))
}

fn template_names(path: &str) -> BTreeSet<&str> {
    let parts = path.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0))
        .collect()
}

fn parameter(spec: &Spec, at: &Pointer, name: &str, location: &str) -> Result<Value> {
    let parameter = spec.object(at)?;
    let style = match location {
        "query" => "form",
        "path" | "header" => "simple",
        _ => return Err(spec.error(&at.child("in"), "must be `query`, `path` or `header`")),
    };
    if parameter.get("style").is_some_and(|it| it != style) {
        let what = format_args!("the client can only write `{style}` here");
        return Err(spec.error(&at.child("style"), what));
    }
    let schema_at = resolved(spec, &at.child("schema"))?;
    let schema = match shape(spec, &schema_at)? {
        Shape::Array(items) if location == "query" => {
            if parameter.get("explode") == Some(&Value::Bool(false)) {
                let what = "the client writes an array as one `name=value` for each element";
                return Err(spec.error(&at.child("explode"), what));
            }
            let items_at = resolved(spec, &items)?;
            json!({ "type": "array", "items": simple(spec, &items_at)? })
        }
        _ => simple(spec, &schema_at)?,
    };
    let required = parameter.get("required") == Some(&Value::Bool(true));
    let mut lowered = json!({
        "name": name,
        "in": location,
        "required": required || location == "path",
        "schema": schema,
    });
    if let Some(text @ Value::String(_)) = parameter.get("description") {
        lowered["description"] = text.clone();
    }
    Ok(lowered)
}

/// The schema of what stands for itself in a request line.
fn simple(spec: &Spec, at: &Pointer) -> Result<Value> {
    match shape(spec, at)? {
        Shape::Leaf(Leaf::String) => Ok(json!({ "type": "string" })),
        Shape::Scalar => Ok(scalar(spec.object(at)?)),
        _ => {
            let what = "a parameter must be a string, a number, a boolean or, in the query, an array of them";
            Err(spec.error(at, what))
        }
    }
}

/// The place of a schema through all references to it.
fn resolved(spec: &Spec, at: &Pointer) -> Result<Pointer> {
    let mut seen = BTreeSet::new();
    let mut at = at.clone();
    while let Shape::Same(target) = shape(spec, &at)? {
        if !seen.insert(at) {
            return Err(spec.error(&target, "the reference goes round in a circle"));
        }
        at = target;
    }
    Ok(at)
}

fn text(spec: &Spec, at: &Pointer, key: &str) -> Result<String> {
    match spec.object(at)?.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(spec.error(&at.child(key), "must be a string")),
    }
}
