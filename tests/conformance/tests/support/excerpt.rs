use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::example::Example;
use super::spec_folder;

/// One `spec/<api-version>.json`.
pub struct Excerpt {
    document: Value,
}

/// One place where an example is not what its schema says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where in the body, or `parameters/<name>`.
    pub pointer: String,
    /// What the validator says.
    pub message: String,
}

impl Excerpt {
    /// Reads the excerpt of an api-version.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn read(api_version: &str) -> Result<Self> {
        let path = spec_folder().join(format!("{api_version}.json"));
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("no excerpt spec/{api_version}.json"))?;
        Ok(Self::of(serde_json::from_str(&text)?))
    }

    /// An excerpt that is already read.
    pub(crate) fn of(document: Value) -> Self {
        Self { document }
    }

    /// The whole OpenAPI document.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// The path template and the description of an operation.
    ///
    /// # Errors
    ///
    /// If the excerpt has no operation of that name.
    pub fn operation(&self, operation_id: &str) -> Result<(&str, &Value)> {
        let paths = self.document["paths"].as_object();
        paths
            .into_iter()
            .flatten()
            .map(|(path, item)| (path.as_str(), &item["post"]))
            .find(|(_, operation)| operation["operationId"] == operation_id)
            .with_context(|| format!("no operation {operation_id}"))
    }

    /// The parameters of an operation: location and schema, by name.
    ///
    /// # Errors
    ///
    /// If the excerpt has no operation of that name.
    pub fn parameters(&self, operation_id: &str) -> Result<BTreeMap<&str, (&str, &Value)>> {
        let (_, operation) = self.operation(operation_id)?;
        let parameters = operation["parameters"].as_array();
        parameters
            .into_iter()
            .flatten()
            .map(|parameter| {
                let parameter = self.target(parameter);
                let name = parameter["name"]
                    .as_str()
                    .context("a parameter has no name")?;
                let place = parameter["in"].as_str().context("a parameter is nowhere")?;
                Ok((name, (place, &parameter["schema"])))
            })
            .collect()
    }

    /// Where an example's parameters and body differ from the schemas.
    ///
    /// # Errors
    ///
    /// If the excerpt does not describe the example's operation.
    pub fn findings(&self, example: &Example) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let described = self.parameters(&example.operation_id)?;
        for (name, value) in &example.parameters {
            let at = format!("parameters/{name}");
            match described.get(name.as_str()) {
                Some((_, schema)) => findings.extend(check(schema, value, &at)?),
                None => findings.push(Finding {
                    pointer: at,
                    message: "the operation has no such parameter".into(),
                }),
            }
        }
        let (_, operation) = self.operation(&example.operation_id)?;
        let response = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let schema = json!({
            "allOf": [dispatched(response)],
            "components": { "schemas": self.json_schemas() },
        });
        findings.extend(check(&schema, &example.body, "")?);
        findings.sort();
        Ok(findings)
    }

    /// What a `$ref` points to, or the value itself.
    pub(crate) fn target<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value["$ref"].as_str() {
            Some(reference) => self
                .document
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or(value),
            None => value,
        }
    }

    /// The component schemas as JSON Schema. A polymorphic one comes twice: as
    /// itself, for its subtypes to extend, and as `<name>~`, which goes by the
    /// discriminator.
    fn json_schemas(&self) -> Map<String, Value> {
        let mut schemas = Map::new();
        let components = self.document["components"]["schemas"].as_object();
        for (name, schema) in components.into_iter().flatten() {
            schemas.insert(name.clone(), json_schema(schema));
            let base = json!({ "$ref": format!("#/components/schemas/{name}") });
            let mut cases = vec![base];
            let tag = schema["discriminator"]["propertyName"]
                .as_str()
                .unwrap_or_default();
            let mapping = schema["discriminator"]["mapping"].as_object();
            for (value, subtype) in mapping.into_iter().flatten() {
                cases.push(json!({
                    "if": { "required": [tag], "properties": { tag: { "const": value } } },
                    "then": { "$ref": subtype },
                }));
            }
            schemas.insert(format!("{name}~"), json!({ "allOf": cases }));
        }
        schemas
    }
}

/// An OpenAPI 3.0 schema object as JSON Schema draft 7, which it is but for
/// `nullable`, `discriminator` and the exclusive limits of draft 4.
fn json_schema(schema: &Value) -> Value {
    let Value::Object(object) = schema else {
        return schema.clone();
    };
    let mut converted = Map::new();
    for (key, value) in object {
        let value = match key.as_str() {
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let dispatched = |(name, it): (&String, &Value)| (name.clone(), dispatched(it));
                Value::Object(properties.map(dispatched).collect())
            }
            "items" | "additionalProperties" | "not" => dispatched(value),
            "anyOf" | "oneOf" => value
                .as_array()
                .into_iter()
                .flatten()
                .map(dispatched)
                .collect(),
            // A subtype extends its base as it is, without the dispatch that
            // would lead back to the subtype.
            "allOf" => value
                .as_array()
                .into_iter()
                .flatten()
                .map(json_schema)
                .collect(),
            "exclusiveMinimum" | "exclusiveMaximum" => {
                let limit = key.replace("exclusive", "").to_lowercase();
                match value {
                    Value::Bool(true) => object.get(&limit).cloned().unwrap_or_default(),
                    _ => continue,
                }
            }
            _ => value.clone(),
        };
        converted.insert(key.clone(), value);
    }
    match object.get("nullable") {
        Some(Value::Bool(true)) => json!({ "anyOf": [{ "type": "null" }, converted] }),
        _ => Value::Object(converted),
    }
}

/// A schema where a value stands: a reference goes by the discriminator.
fn dispatched(schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(reference) => json!({ "$ref": format!("{reference}~0") }),
        None => match schema["allOf"].as_array().map(Vec::as_slice) {
            Some([only]) if only["$ref"].is_string() => dispatched(only),
            _ => json_schema(schema),
        },
    }
}

fn check(schema: &Value, value: &Value, at: &str) -> Result<Vec<Finding>> {
    let validator = jsonschema::options()
        .with_draft(Draft::Draft7)
        .build(schema);
    let validator = validator.map_err(|error| anyhow::anyhow!("{error}"))?;
    let findings = validator.iter_errors(value).map(|error| Finding {
        pointer: format!("{at}{}", error.instance_path()),
        message: error.to_string(),
    });
    Ok(findings.collect())
}
