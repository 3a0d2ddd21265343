use anyhow::{Context, Result};
use serde_json::{Value, json};
use serde_json_path::JsonPath;

use super::excerpt::Excerpt;
use super::spec_folder;

const MARK: &str = "x-amlkeys-secret";

/// Replaces every string of a response that the overlay calls secret by the
/// mask: what a masked document must look like.
pub(crate) fn masked(excerpt: &Excerpt, operation_id: &str, body: &Value) -> Result<Value> {
    let marked = Excerpt::of(marked(excerpt.document())?);
    let (_, operation) = marked.operation(operation_id)?;
    let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    mask(&marked, schema, body)
}

/// The document with the marks of `spec/overlay.json` on it.
fn marked(document: &Value) -> Result<Value> {
    let overlay = std::fs::read_to_string(spec_folder().join("overlay.json"))?;
    let overlay: Value = serde_json::from_str(&overlay)?;
    let mut marked = document.clone();
    for action in overlay["actions"].as_array().context("no actions")? {
        let Some(mark) = action["update"].get(MARK) else {
            continue;
        };
        let target = JsonPath::parse(action["target"].as_str().context("no target")?)?;
        let places = target.query_located(document);
        for place in places.iter().map(|node| node.location().to_json_pointer()) {
            let node = marked
                .pointer_mut(&place)
                .context("a place that was found")?;
            node[MARK] = mark.clone();
        }
    }
    Ok(marked)
}

fn mask(excerpt: &Excerpt, schema: &Value, value: &Value) -> Result<Value> {
    let schema = subtype(excerpt, excerpt.target(schema), value);
    Ok(match value {
        Value::Object(object) => {
            let mut masked = serde_json::Map::new();
            for (name, value) in object {
                let property = property(excerpt, schema, name);
                let property = property.with_context(|| format!("`{name}` is not described"))?;
                masked.insert(name.clone(), mask(excerpt, property, value)?);
            }
            Value::Object(masked)
        }
        Value::Array(elements) => {
            let elements = elements
                .iter()
                .map(|it| mask(excerpt, &schema["items"], it));
            Value::Array(elements.collect::<Result<_>>()?)
        }
        Value::String(_) if schema[MARK] == true => json!(amlkeys::MASK),
        other => other.clone(),
    })
}

/// The schema that the discriminator chooses for a value.
fn subtype<'e>(excerpt: &'e Excerpt, schema: &'e Value, value: &Value) -> &'e Value {
    let discriminator = &schema["discriminator"];
    let tag = discriminator["propertyName"]
        .as_str()
        .and_then(|name| value[name].as_str());
    let mapped = tag.and_then(|tag| discriminator["mapping"][tag].as_str());
    let chosen =
        mapped.and_then(|target| excerpt.document().pointer(target.trim_start_matches('#')));
    chosen.unwrap_or(schema)
}

fn property<'e>(excerpt: &'e Excerpt, schema: &'e Value, name: &str) -> Option<&'e Value> {
    let schema = excerpt.target(schema);
    let own = schema["properties"].get(name);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    own.or_else(|| {
        parts
            .filter_map(|part| property(excerpt, part, name))
            .next()
    })
}
