//! Which parts of a response are secret: every string is classified by us.
//!
//! Upstream's `x-ms-secret` is absent before 2021 and still misses kubeconfigs
//! and passwords, so the overlay sets `x-amlkeys-secret` on every string that a
//! response can hold, and on every place that may hold anything at all.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::pointer::Pointer;
use crate::schema::{Shape, Subtypes, fields, shape};
use crate::spec::Spec;

/// The mark that the overlay sets: `true` for secret, `false` for public.
pub(crate) const MARK: &str = "x-amlkeys-secret";

/// Fails unless every response string is classified.
pub(crate) fn expect_classified(spec: &Spec) -> Result<()> {
    let unclassified = check_marks(spec)?;
    if unclassified.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = unclassified.iter().map(|at| format!("  {at}")).collect();
    let strings = if places.len() == 1 {
        "string is"
    } else {
        "strings are"
    };
    bail!(
        "{}: {} response {strings} not classified:\n{}\nhint: say in spec/overlay.json whether each is secret, with `\"update\": {{ \"{MARK}\": true }}`",
        spec.name,
        places.len(),
        places.join("\n")
    );
}

/// Fails if a mark in a response means nothing or goes below what upstream
/// says; gives the response strings that have no mark.
pub(crate) fn check_marks(spec: &Spec) -> Result<Vec<Pointer>> {
    let subtypes = Subtypes::of(spec);
    let mut unclassified = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = response_schemas(spec)?;
    while let Some(at) = pending.pop() {
        if !seen.insert(at.clone()) {
            continue;
        }
        let schema = spec.object(&at)?;
        let shape = shape(spec, &at)?;
        match (&shape, schema.get(MARK)) {
            (_, None) => {}
            (Shape::Leaf(_), Some(Value::Bool(public))) => {
                if !public && schema.get("x-ms-secret") == Some(&Value::Bool(true)) {
                    let what =
                        "upstream calls this a secret (x-ms-secret), we must not call it public";
                    return Err(spec.error(&at, what));
                }
            }
            (Shape::Leaf(_), Some(_)) => {
                return Err(spec.error(&at.child(MARK), "must be true or false"));
            }
            _ => {
                let what = "only a string, or what may hold one unnamed, can be marked: mark what is inside";
                return Err(spec.error(&at.child(MARK), what));
            }
        }
        match shape {
            Shape::Leaf(_) if !schema.contains_key(MARK) => unclassified.push(at),
            Shape::Leaf(_) | Shape::Scalar => {}
            Shape::Same(inner) | Shape::Array(inner) | Shape::Map(inner) => pending.push(inner),
            Shape::Struct(of_base) => {
                pending.extend(of_base.properties.into_values().chain(of_base.others));
                pending.extend(fields_of_subtypes(spec, &subtypes, &at)?);
            }
        }
    }
    unclassified.sort();
    Ok(unclassified)
}

/// The fields of all subtypes, through several levels.
fn fields_of_subtypes(spec: &Spec, subtypes: &Subtypes, base: &Pointer) -> Result<Vec<Pointer>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![base.clone()];
    while let Some(at) = pending.pop() {
        let direct = subtypes.of_schema(spec, &at)?.unwrap_or_default();
        for subtype in direct {
            if seen.insert(subtype.clone()) {
                let fields = fields(spec, &subtype)?;
                found.extend(fields.properties.into_values().chain(fields.others));
                pending.push(subtype);
            }
        }
    }
    Ok(found)
}

/// The schema of each response of each operation, errors included.
fn response_schemas(spec: &Spec) -> Result<Vec<Pointer>> {
    let mut schemas = Vec::new();
    for operation in spec.operations()? {
        let responses = spec.object_in(&operation.at, "responses")?;
        let statuses = responses.into_iter().flat_map(Map::keys);
        for status in statuses.filter(|status| !status.starts_with("x-")) {
            let at = operation.at.child("responses").child(status);
            let at = spec.follow(&at)?;
            let content = spec.object_in(&at, "content")?;
            for media_type in content.into_iter().flat_map(Map::keys) {
                let at = at.child("content").child(media_type);
                if spec.object_in(&at, "schema")?.is_some() {
                    schemas.push(at.child("schema"));
                }
            }
        }
    }
    Ok(schemas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A spec whose one operation answers with `X`, and errors with `E`.
    fn spec(schemas: Value) -> Spec {
        let answer = |name| {
            let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
            json!({ "content": { "application/json": { "schema": schema } } })
        };
        let document = json!({
            "openapi": "3.0.3",
            "paths": { "/x": { "post": {
                "responses": { "200": answer("X"), "default": answer("E"), "x-note": 1 },
            }}},
            "components": { "schemas": schemas },
        });
        Spec::parse("my.json".into(), document.to_string()).unwrap()
    }

    fn unclassified(schemas: Value) -> Vec<String> {
        let places = check_marks(&spec(schemas)).unwrap();
        places.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn strings_are_found_wherever_a_response_can_hold_them() {
        let found = unclassified(json!({
            "X": { "properties": {
                "plain": { "type": "string" },
                "marked": { "type": "string", "x-amlkeys-secret": false },
                "number": { "type": "integer" },
                "list": { "type": "array", "items": { "type": "array", "items": {} } },
                "map": { "additionalProperties": { "type": "object" } },
                "recursive": { "$ref": "#/components/schemas/X" },
                "tagged": { "$ref": "#/components/schemas/Base" },
            }},
            "E": { "properties": { "message": { "type": "string" } } },
            "Base": {
                "discriminator": { "propertyName": "kind" },
                "properties": { "kind": { "type": "string" } },
            },
            "Sub": { "allOf": [{ "$ref": "#/components/schemas/Base" }, { "$ref": "#/components/schemas/SubProperties" }] },
            "SubSub": { "allOf": [{ "$ref": "#/components/schemas/Sub" }], "properties": { "deep": { "type": "string" } } },
            "SubProperties": { "properties": { "wide": { "type": "string" } } },
            "Unreachable": { "properties": { "no": { "type": "string" } } },
        }));
        assert_eq!(
            found,
            [
                "#/components/schemas/Base/properties/kind",
                "#/components/schemas/E/properties/message",
                "#/components/schemas/SubProperties/properties/wide",
                "#/components/schemas/SubSub/properties/deep",
                "#/components/schemas/X/properties/list/items/items",
                "#/components/schemas/X/properties/map/additionalProperties",
                "#/components/schemas/X/properties/plain",
            ]
        );
    }

    #[test]
    fn a_mark_that_means_nothing_or_too_little_is_an_error_at_its_place() {
        for (schema, message) in [
            (
                json!({ "type": "string", "x-amlkeys-secret": "yes" }),
                "/x-amlkeys-secret: must be true or false",
            ),
            (
                json!({ "properties": { "a": {} }, "x-amlkeys-secret": true }),
                "/x-amlkeys-secret: only a string",
            ),
            (
                json!({ "type": "integer", "x-amlkeys-secret": false }),
                "/x-amlkeys-secret: only a string",
            ),
            (
                json!({ "type": "string", "x-ms-secret": true, "x-amlkeys-secret": false }),
                ": upstream calls this a secret",
            ),
        ] {
            let error = check_marks(&spec(json!({ "X": schema, "E": {} }))).unwrap_err();
            let expected = format!("my.json: #/components/schemas/X{message}");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
    }
}
