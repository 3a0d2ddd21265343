//! Parameters, and the bodies that Swagger 2.0 counts among them.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::convert::{Converter, content, text};
use super::names::Kind;
use super::swagger::Place;

/// The parameters of an operation or a path, by what becomes of them.
#[derive(Default)]
pub(super) struct Parameters {
    /// As OpenAPI has them.
    pub(super) plain: Vec<Value>,
    /// The names of those in the path.
    pub(super) in_path: Vec<String>,
    pub(super) body: Option<(Place, Value)>,
    pub(super) fields: Vec<(Place, Value)>,
}

impl Converter<'_> {
    pub(super) fn parameters(&mut self, place: &Place, list: &Value) -> Result<Parameters> {
        let mut parameters = Parameters::default();
        let Some(list) = list.as_array() else {
            return Err(self.error(place, "parameters must be an array"));
        };
        for (index, parameter) in list.iter().enumerate() {
            let stands = place.child(index);
            let (place, target) = self.target(&stands, parameter)?;
            match target["in"].as_str() {
                Some("body") if parameters.body.is_some() => {
                    return Err(self.error(&stands, "a second body"));
                }
                Some("body") => parameters.body = Some((place, target)),
                Some("formData") => parameters.fields.push((place, target)),
                Some("path" | "query" | "header") => {
                    if target["in"] == "path" {
                        parameters.in_path.push(text(&target["name"]));
                    }
                    let shared = place.at.as_str().starts_with("/parameters/");
                    parameters.plain.push(match shared {
                        true => json!({ "$ref": self.component(Kind::Parameter, place) }),
                        false => self.parameter(&place, &target)?,
                    });
                }
                other => {
                    let what = format!("unknown location `{}`", other.unwrap_or_default());
                    return Err(self.error(&place.child("in"), what));
                }
            }
        }
        Ok(parameters)
    }

    /// A parameter that is no body and no form field.
    pub(super) fn parameter(&mut self, place: &Place, parameter: &Value) -> Result<Value> {
        let mut converted = Map::new();
        let location = text(&parameter["in"]);
        for key in ["name", "in", "description", "required", "allowEmptyValue"] {
            let Some(value) = parameter.get(key) else {
                continue;
            };
            if key != "description" || self.keep_prose {
                converted.insert(key.into(), value.clone());
            }
        }
        if !parameter["name"].is_string() {
            return Err(self.error(&place.child("name"), "missing"));
        }
        if location == "path" && parameter["required"] != true {
            self.warn(place, "a path parameter is always required; made so");
            converted.insert("required".into(), true.into());
        }
        if let Some((style, explode)) = self.style(place, parameter, &location)? {
            converted.insert("style".into(), style.into());
            converted.insert("explode".into(), explode.into());
        }
        let (schema, extensions) = self.simple_schema(place, parameter)?;
        converted.insert("schema".into(), schema);
        converted.extend(extensions);
        Ok(Value::Object(converted))
    }

    /// The schema of a parameter, form field or header, which Swagger 2.0
    /// writes beside its name, and the extensions that are not the schema's.
    pub(super) fn simple_schema(
        &mut self,
        place: &Place,
        value: &Value,
    ) -> Result<(Value, Map<String, Value>)> {
        const OF_PARAMETER: [&str; 6] = [
            "name",
            "in",
            "description",
            "required",
            "allowEmptyValue",
            "collectionFormat",
        ];
        const OF_SCHEMA: [&str; 2] = ["x-nullable", "x-ms-enum"];
        if value.get("schema").is_some() {
            return Err(self.error(&place.child("schema"), "only a body has one in Swagger 2.0"));
        }
        let mut schema = Map::new();
        let mut extensions = Map::new();
        for (key, value) in value.as_object().into_iter().flatten() {
            if key.starts_with("x-") && !OF_SCHEMA.contains(&key.as_str()) {
                let value = self.extension(&place.child(key), key, value)?;
                extensions.insert(key.clone(), value);
            } else if !OF_PARAMETER.contains(&key.as_str()) {
                schema.insert(key.clone(), value.clone());
            }
        }
        let schema = self.schema(place, &Value::Object(schema))?;
        Ok((schema, extensions))
    }

    /// How a list is written, where it is not as OpenAPI would by itself.
    pub(super) fn style(
        &self,
        place: &Place,
        parameter: &Value,
        location: &str,
    ) -> Result<Option<(&'static str, bool)>> {
        if parameter["type"] != "array" {
            return Ok(None);
        }
        if parameter["items"]["type"] == "array" {
            let at = place.child("items");
            return Err(self.error(&at, "OpenAPI 3.0 has no form for a list of lists here"));
        }
        let format = parameter["collectionFormat"].as_str().unwrap_or("csv");
        match (format, location) {
            ("csv", "query" | "formData") => Ok(Some(("form", false))),
            ("csv", _) => Ok(None),
            ("multi", "query" | "formData") => Ok(Some(("form", true))),
            ("ssv", "query" | "formData") => Ok(Some(("spaceDelimited", false))),
            ("pipes", "query" | "formData") => Ok(Some(("pipeDelimited", false))),
            _ => {
                let what = format!("OpenAPI 3.0 has no form for `{format}` in {location}");
                Err(self.error(&place.child("collectionFormat"), what))
            }
        }
    }

    pub(super) fn request_body(
        &mut self,
        place: &Place,
        body: Option<(Place, Value)>,
        fields: &[(Place, Value)],
        consumes: &[String],
    ) -> Result<Option<Value>> {
        match body {
            Some((body, _)) if !fields.is_empty() => {
                Err(self.error(&body, "a body beside form fields"))
            }
            Some((at, body)) => self.json_body(&at, &body, consumes).map(Some),
            None if fields.is_empty() => Ok(None),
            None => self.form(place, fields, consumes).map(Some),
        }
    }

    fn json_body(&mut self, place: &Place, body: &Value, consumes: &[String]) -> Result<Value> {
        let Some(schema) = body.get("schema") else {
            return Err(self.error(&place.child("schema"), "missing"));
        };
        let schema = self.schema(&place.child("schema"), schema)?;
        let mut converted = Map::new();
        for (key, value) in body.as_object().into_iter().flatten() {
            match key.as_str() {
                // The name that OpenAPI tools for Azure agree on: a body has
                // none in OpenAPI 3.0, and the examples go by it.
                "name" => {
                    converted.insert("x-ms-requestBody-name".into(), value.clone());
                }
                "required" => {
                    converted.insert(key.clone(), value.clone());
                }
                "description" if self.keep_prose => {
                    converted.insert(key.clone(), value.clone());
                }
                "description" | "in" | "schema" => {}
                _ if key.starts_with("x-") => {
                    let value = self.extension(&place.child(key), key, value)?;
                    converted.insert(key.clone(), value);
                }
                _ => self.unknown(&place.child(key)),
            }
        }
        converted.insert("content".into(), content(consumes, &schema));
        Ok(Value::Object(converted))
    }

    fn form(
        &mut self,
        place: &Place,
        fields: &[(Place, Value)],
        consumes: &[String],
    ) -> Result<Value> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut encoding = Map::new();
        let mut has_file = false;
        for (at, field) in fields {
            let name = text(&field["name"]);
            has_file |= field["type"] == "file";
            if field["required"] == true {
                required.push(Value::from(name.as_str()));
            }
            if let Some((style, explode)) = self.style(at, field, "formData")? {
                encoding.insert(name.clone(), json!({ "style": style, "explode": explode }));
            }
            let (mut schema, extensions) = self.simple_schema(at, field)?;
            if let Some(schema) = schema.as_object_mut() {
                schema.extend(extensions);
                if let Some(words) = field.get("description").filter(|_| self.keep_prose) {
                    schema.insert("description".into(), words.clone());
                }
            }
            properties.insert(name, schema);
        }
        let mut types: Vec<String> = consumes.to_vec();
        types.retain(|it| it.contains("form"));
        if types.is_empty() {
            types.push(match has_file {
                true => "multipart/form-data".into(),
                false => "application/x-www-form-urlencoded".into(),
            });
        }
        if has_file && types.iter().any(|it| it.contains("urlencoded")) {
            return Err(self.error(place, "a file in a form that is not multipart"));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        let is_required = !required.is_empty();
        if is_required {
            schema["required"] = Value::Array(required);
        }
        let mut content = content(&types, &schema);
        if !encoding.is_empty() {
            for (_, media) in content.as_object_mut().into_iter().flatten() {
                media["encoding"] = Value::Object(encoding.clone());
            }
        }
        Ok(json!({ "required": is_required, "content": content }))
    }
}
