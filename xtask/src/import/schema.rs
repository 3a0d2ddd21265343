//! Schemas of Swagger 2.0 as schemas of OpenAPI 3.0.3.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::convert::Converter;
use super::lint;
use super::names::Kind;
use super::swagger::Place;

impl Converter<'_> {
    pub(super) fn schema(&mut self, place: &Place, schema: &Value) -> Result<Value> {
        let Some(object) = schema.as_object() else {
            return Err(self.error(place, "a schema must be an object"));
        };
        let mut converted = Map::new();
        for (key, value) in object {
            let at = place.child(key);
            match key.as_str() {
                "$ref" => {}
                "description" | "title" if !self.keep_prose => {}
                "x-nullable" => {
                    self.expect(&at, value.is_boolean(), "true or false")?;
                    converted.insert("nullable".into(), value.clone());
                }
                "type" => self.kind(&at, value, &mut converted)?,
                "properties" => {
                    let mut properties = Map::new();
                    for (name, property) in self.members(&at, value)? {
                        let property = self.schema(&at.child(name), property)?;
                        properties.insert(name.clone(), property);
                    }
                    converted.insert(key.clone(), Value::Object(properties));
                }
                "items" | "not" => {
                    let inner = self.schema(&at, value)?;
                    converted.insert(key.clone(), inner);
                }
                "additionalProperties" if value.is_boolean() => {
                    converted.insert(key.clone(), value.clone());
                }
                "additionalProperties" => {
                    let inner = self.schema(&at, value)?;
                    converted.insert(key.clone(), inner);
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let Some(parts) = value.as_array() else {
                        return Err(self.error(&at, "must be an array"));
                    };
                    let mut inner = Vec::new();
                    for (index, part) in parts.iter().enumerate() {
                        inner.push(self.schema(&at.child(index), part)?);
                    }
                    converted.insert(key.clone(), Value::Array(inner));
                }
                "discriminator" => {
                    self.expect(&at, value.is_string(), "the name of a property")?;
                    converted.insert(key.clone(), json!({ "propertyName": value }));
                }
                "externalDocs" => {
                    converted.insert(key.clone(), self.without_words(value));
                }
                "required" => self.required(&at, value, &mut converted)?,
                "enum" => {
                    let mut values = value.as_array().cloned().unwrap_or_default();
                    self.expect(&at, !values.is_empty(), "a list of values")?;
                    unique(&mut values);
                    converted.insert(key.clone(), Value::Array(values));
                }
                _ if key.starts_with("x-") => {
                    let value = self.extension(&at, key, value)?;
                    converted.insert(key.clone(), value);
                }
                _ => match allows(key, value) {
                    Some(true) => {
                        converted.insert(key.clone(), value.clone());
                    }
                    Some(false) => return Err(self.error(&at, format_args!("cannot be {value}"))),
                    None => self.unknown(&at),
                },
            }
        }
        if converted.get("type").is_some_and(|it| it == "array") && !converted.contains_key("items")
        {
            self.warn(place, "an array without `items`; made one of anything");
            converted.insert("items".into(), json!({}));
        }
        // AutoRest's way to say that a body is a stream.
        if converted.get("type").is_some_and(|it| it == "object")
            && converted.get("format").is_some_and(|it| it == "file")
        {
            converted.insert("type".into(), "string".into());
            converted.insert("format".into(), "binary".into());
        }
        self.default_that_fits(place, &mut converted);
        let mut converted = open_enum(converted);
        if let Some(reference) = object.get("$ref") {
            let Some(reference) = reference.as_str() else {
                return Err(self.error(&place.child("$ref"), "must be a string"));
            };
            let target = json!({ "$ref": self.schema_reference(&place.child("$ref"), reference)? });
            if converted.is_empty() {
                return Ok(target);
            }
            // OpenAPI 3.0 ignores what stands beside a reference.
            let parts = converted.entry("allOf").or_insert_with(|| json!([]));
            if let Some(parts) = parts.as_array_mut() {
                parts.insert(0, target);
            }
        }
        Ok(Value::Object(converted))
    }

    /// The mark of the schema that a reference leads to.
    fn schema_reference(&mut self, place: &Place, reference: &str) -> Result<String> {
        let target = self.files.resolve(place, reference)?;
        let steps = target.steps();
        let is_schema = match steps.first().map(String::as_str) {
            Some("definitions") => steps.len() > 1,
            Some("parameters" | "responses" | "paths") => steps.iter().any(|it| it == "schema"),
            _ => false,
        };
        if !is_schema {
            return Err(self.error(place, format_args!("`{reference}` is no schema")));
        }
        // What the reference leads to may be a mere reference, and so on.
        self.files.follow(place, reference)?;
        Ok(self.component(Kind::Schema, target))
    }

    fn kind(
        &mut self,
        place: &Place,
        value: &Value,
        converted: &mut Map<String, Value>,
    ) -> Result<()> {
        // Not Swagger 2.0, but JSON Schema's way to say that null is allowed.
        let either = value.as_array().map(Vec::as_slice);
        let name = match either {
            Some([Value::String(name), Value::String(null)]) if null == "null" => {
                converted.insert("nullable".into(), true.into());
                name
            }
            _ => value.as_str().unwrap_or_default(),
        };
        match name {
            "string" | "number" | "integer" | "boolean" | "array" | "object" => {
                converted.insert("type".into(), name.into());
            }
            "file" => {
                converted.insert("type".into(), "string".into());
                converted.insert("format".into(), "binary".into());
            }
            _ => return Err(self.error(place, format_args!("unknown type {value}"))),
        }
        Ok(())
    }

    fn required(
        &mut self,
        place: &Place,
        value: &Value,
        converted: &mut Map<String, Value>,
    ) -> Result<()> {
        if value.is_boolean() {
            self.warn(
                place,
                "stands at the property instead of its object; dropped",
            );
            return Ok(());
        }
        let names = value.as_array().cloned();
        let is_list = names
            .as_ref()
            .is_some_and(|it| it.iter().all(Value::is_string));
        self.expect(place, is_list, "a list of names")?;
        let mut names: Vec<Value> = names.unwrap_or_default();
        unique(&mut names);
        // OpenAPI 3.0 forbids an empty list, which says nothing.
        if !names.is_empty() {
            converted.insert("required".into(), Value::Array(names));
        }
        Ok(())
    }

    /// A default that is no value of its schema makes a document invalid.
    fn default_that_fits(&mut self, place: &Place, schema: &mut Map<String, Value>) {
        let Some(default) = schema.get("default") else {
            return;
        };
        if !lint::accepts(&Value::Object(schema.clone()), default) {
            let what = format!("{default} is no value of its schema; dropped");
            self.warn(&place.child("default"), what);
            schema.shift_remove("default");
        }
    }

    /// An extension as it is, but for words, and for references, which are to
    /// lead somewhere in the new document too.
    pub(super) fn extension(&mut self, place: &Place, key: &str, value: &Value) -> Result<Value> {
        let mut value = value.clone();
        if key == "x-ms-enum" {
            let values = value.get_mut("values").and_then(Value::as_array_mut);
            for value in values.into_iter().flatten() {
                *value = self.without_words(value);
            }
        }
        self.references(place, key, &mut value)?;
        Ok(value)
    }

    fn references(&mut self, place: &Place, key: &str, value: &mut Value) -> Result<()> {
        const TO_SCHEMA: [&str; 3] = ["$ref", "final-state-schema", "x-ms-odata"];
        match value {
            Value::String(reference) if TO_SCHEMA.contains(&key) => {
                *reference = self.schema_reference(place, reference)?;
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.references(&place.child(index), "", item)?;
                }
            }
            Value::Object(object) => {
                for (key, value) in object {
                    self.references(&place.child(key), key, value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn members<'v>(
        &self,
        place: &Place,
        value: &'v Value,
    ) -> Result<impl Iterator<Item = (&'v String, &'v Value)> + use<'v>> {
        match value.as_object() {
            Some(object) => Ok(object.iter()),
            None => Err(self.error(place, "must be an object")),
        }
    }

    fn expect(&self, place: &Place, holds: bool, what: &str) -> Result<()> {
        if holds {
            return Ok(());
        }
        Err(self.error(place, format_args!("expected {what}")))
    }
}

/// Whether a keyword that both versions have can have a value; `None` if it is
/// no keyword.
fn allows(key: &str, value: &Value) -> Option<bool> {
    Some(match key {
        "readOnly" | "exclusiveMaximum" | "exclusiveMinimum" | "uniqueItems" => value.is_boolean(),
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" => {
            value.is_u64()
        }
        "maximum" | "minimum" | "multipleOf" => value.is_number(),
        "format" | "pattern" | "description" | "title" => value.is_string(),
        "xml" => value.is_object(),
        "default" | "example" => true,
        _ => return None,
    })
}

/// Drops repetitions, which OpenAPI 3.0 forbids and which say nothing.
fn unique(values: &mut Vec<Value>) {
    let mut seen = Vec::new();
    values.retain(|value| {
        let is_new = !seen.contains(value);
        seen.push(value.clone());
        is_new
    });
}

fn is_open(schema: &Map<String, Value>) -> bool {
    let words = schema.get("x-ms-enum");
    words.is_some_and(|it| it["modelAsString"] == true)
}

/// An enum that upstream models as a string may have any other value too.
fn open_enum(mut schema: Map<String, Value>) -> Map<String, Value> {
    if !is_open(&schema) || !schema.contains_key("enum") {
        return schema;
    }
    let values = schema.shift_remove("enum");
    let kind = schema
        .shift_remove("type")
        .unwrap_or_else(|| "string".into());
    let words = schema.shift_remove("x-ms-enum").unwrap_or_default();
    let mut any = json!({ "type": kind });
    // `nullable` has no effect where there is no `type` beside it.
    if let Some(nullable) = schema.get("nullable") {
        any["nullable"] = nullable.clone();
    }
    let mut open = Map::new();
    let known = json!({ "type": kind, "enum": values });
    open.insert("anyOf".into(), json!([known, any]));
    open.extend(schema);
    open.insert("x-ms-enum".into(), words);
    open
}
