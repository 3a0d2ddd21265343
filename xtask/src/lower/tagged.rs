//! The types of which a property tells the variants apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::pointer::Pointer;

/// A type with a variant for each of its tags.
pub(crate) struct Tagged {
    /// The property that holds the tag.
    pub(crate) property: String,
    pub(crate) variants: Vec<Variant>,
}

pub(crate) struct Variant {
    pub(crate) tag: String,
    pub(crate) name: String,
    /// The struct of the other properties.
    pub(crate) holds: String,
    /// Whether the struct can hold a value of the type again.
    pub(crate) is_boxed: bool,
}

/// Takes the tag from each struct that is nowhere without its enum.
pub(super) fn remove_tags(
    tagged: &BTreeMap<String, Tagged>,
    alone: &BTreeSet<String>,
    schemas: &mut BTreeMap<String, Value>,
) {
    let mut tags: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for tagged in tagged.values() {
        for variant in &tagged.variants {
            let tags = tags.entry(&variant.holds).or_default();
            tags.insert(&tagged.property);
        }
    }
    for (name, tags) in tags {
        let properties = schemas
            .get_mut(name)
            .and_then(|schema| schema["properties"].as_object_mut());
        if let Some(properties) = properties
            && let Some(tag) = tags.first()
            && tags.len() == 1
            && !alone.contains(name)
        {
            properties.remove(*tag);
        }
    }
}

/// Finds the variants that would make a type of endless size.
pub(super) fn box_cycles(tagged: &mut BTreeMap<String, Tagged>, schemas: &BTreeMap<String, Value>) {
    let mut holds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, schema) in schemas {
        add_references(schema, holds.entry(name.clone()).or_default());
    }
    for (name, tagged) in tagged.iter() {
        let variants = tagged.variants.iter().map(|variant| variant.holds.clone());
        holds.entry(name.clone()).or_default().extend(variants);
    }
    for (name, tagged) in tagged {
        for variant in &mut tagged.variants {
            let mut seen = BTreeSet::from([variant.holds.as_str()]);
            let mut pending = vec![variant.holds.as_str()];
            while let Some(next) = pending.pop() {
                for held in holds.get(next).into_iter().flatten() {
                    if seen.insert(held) {
                        pending.push(held);
                    }
                }
            }
            variant.is_boxed = seen.contains(name.as_str());
        }
    }
}

fn add_references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            found.extend(reference.map(|reference| Pointer::new(reference).last()));
            object
                .values()
                .for_each(|value| add_references(value, found));
        }
        Value::Array(array) => array.iter().for_each(|value| add_references(value, found)),
        _ => {}
    }
}
