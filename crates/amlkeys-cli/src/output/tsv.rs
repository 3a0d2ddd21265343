//! Values with tabs between them, as az prints them (knack, `_TsvOutput`).

use serde_json::{Map, Value};

use super::table::python;

/// A line for each element of a list, or one line. Objects that a query made
/// keep their order, those of the document are in alphabetical order.
pub(crate) fn tsv(document: &Value, makes_objects: bool) -> String {
    let rows = match document {
        Value::Array(rows) => rows.as_slice(),
        one => std::slice::from_ref(one),
    };
    rows.iter()
        .map(|row| line(row, makes_objects) + "\n")
        .collect()
}

fn line(row: &Value, makes_objects: bool) -> String {
    let fields: Vec<String> = match row {
        Value::Object(object) => values(object, makes_objects)
            .into_iter()
            .map(field)
            .collect(),
        Value::Array(elements) => elements.iter().map(field).collect(),
        // Only here az writes booleans as JSON does.
        Value::Bool(value) => vec![value.to_string()],
        other => vec![field(other)],
    };
    fields.join("\t")
}

fn values(object: &Map<String, Value>, in_order: bool) -> Vec<&Value> {
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    if !in_order {
        entries.sort_by_key(|(name, _)| *name);
    }
    entries.into_iter().map(|(_, value)| value).collect()
}

/// A list is its length and an object nothing.
fn field(value: &Value) -> String {
    match value {
        Value::Array(elements) => elements.len().to_string(),
        Value::Object(_) => String::new(),
        scalar => python(scalar),
    }
}
