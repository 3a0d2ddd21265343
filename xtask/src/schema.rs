//! What a schema describes, read in one place for all who walk schemas.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Map, Value};

use crate::pointer::Pointer;
use crate::spec::Spec;

/// The values that a schema allows, as far as the house has to know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// What another schema describes.
    Same(Pointer),
    /// A value that is or may hold a string and is not looked into.
    Leaf(Leaf),
    /// An integer, a number or a boolean.
    Scalar,
    Array(Pointer),
    Map(Pointer),
    Struct(Fields),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// A string, whatever its format, pattern or enum.
    String,
    /// Any object: no properties are named.
    Object,
    /// Anything at all.
    Anything,
}

/// The properties of an object, with all that its `allOf` brings in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) properties: BTreeMap<String, Pointer>,
    /// What the properties without a name hold, if the document says so.
    pub(crate) others: Option<Pointer>,
}

/// Reads the schema at a place.
pub(crate) fn shape(spec: &Spec, at: &Pointer) -> Result<Shape> {
    let schema = spec.object(at)?;
    if let Some(reference) = schema.get("$ref") {
        let target = spec.target(at, reference)?;
        if !target.as_str().starts_with("/components/schemas/") {
            let what = format_args!("`{target}` is not a component schema");
            return Err(spec.error(at, what));
        }
        return Ok(Shape::Same(target));
    }
    let kind = kind(spec, at, schema)?;
    if kind == Some("string") {
        return Ok(Shape::Leaf(Leaf::String));
    }
    let tagged = spec.object_in(at, "discriminator")?.is_some();
    if !tagged && let Some(strings) = alternatives_are_strings(spec, at)? {
        // Nothing tells the alternatives apart, so the value is not looked into.
        let leaf = if strings {
            Leaf::String
        } else {
            Leaf::Anything
        };
        return Ok(Shape::Leaf(leaf));
    }
    match kind {
        Some("integer" | "number" | "boolean") => Ok(Shape::Scalar),
        Some("array") => array(spec, at, schema),
        None if schema.contains_key("items") => array(spec, at, schema),
        None if schema.contains_key("enum") => {
            let values = schema["enum"].as_array();
            let strings =
                values.is_some_and(|it| it.iter().all(|it| it.is_string() || it.is_null()));
            let leaf = if strings {
                Leaf::String
            } else {
                Leaf::Anything
            };
            Ok(Shape::Leaf(leaf))
        }
        Some("object") | None => object(spec, at, schema, tagged),
        Some(other) => {
            let what = format_args!("`{other}` is not a type of OpenAPI 3.0");
            Err(spec.error(&at.child("type"), what))
        }
    }
}

fn kind<'a>(spec: &Spec, at: &Pointer, schema: &'a Map<String, Value>) -> Result<Option<&'a str>> {
    match schema.get("type") {
        None => Ok(None),
        Some(Value::String(kind)) => Ok(Some(kind)),
        Some(_) => Err(spec.error(&at.child("type"), "must be a string in OpenAPI 3.0")),
    }
}

/// Whether all of `anyOf` or `oneOf` are strings, `None` if there is neither.
fn alternatives_are_strings(spec: &Spec, at: &Pointer) -> Result<Option<bool>> {
    let mut alternatives = spec.elements_in(at, "anyOf")?;
    alternatives.extend(spec.elements_in(at, "oneOf")?);
    if alternatives.is_empty() {
        return Ok(None);
    }
    let mut strings = true;
    for at in alternatives {
        strings &= kind(spec, &at, spec.object(&at)?)? == Some("string");
    }
    Ok(Some(strings))
}

fn array(spec: &Spec, at: &Pointer, schema: &Map<String, Value>) -> Result<Shape> {
    if !schema.contains_key("items") {
        return Ok(Shape::Leaf(Leaf::Anything));
    }
    let items = at.child("items");
    spec.object(&items)?;
    Ok(Shape::Array(items))
}

fn object(spec: &Spec, at: &Pointer, schema: &Map<String, Value>, tagged: bool) -> Result<Shape> {
    let alone = ["properties", "additionalProperties", "discriminator"]
        .iter()
        .all(|key| !schema.get(*key).is_some_and(Value::is_object));
    let mut parts = spec.elements_in(at, "allOf")?;
    // A part that an overlay adds once more says nothing new.
    parts.dedup_by_key(|part| spec.document.pointer(part.as_str()));
    if let [only] = parts.as_slice()
        && alone
    {
        // The way to put a description or `readOnly` beside a reference.
        return Ok(Shape::Same(only.clone()));
    }
    let fields = fields(spec, at)?;
    if tagged || !fields.properties.is_empty() {
        return Ok(Shape::Struct(fields));
    }
    Ok(match fields.others {
        Some(values) => Shape::Map(values),
        None if schema.contains_key("type") || !parts.is_empty() => Shape::Leaf(Leaf::Object),
        None => Shape::Leaf(Leaf::Anything),
    })
}

/// The properties of an object schema; those of a subtype include its base's.
pub(crate) fn fields(spec: &Spec, at: &Pointer) -> Result<Fields> {
    let mut fields = Fields::default();
    add_fields(spec, at, &mut fields, &mut Vec::new())?;
    Ok(fields)
}

fn add_fields(
    spec: &Spec,
    at: &Pointer,
    fields: &mut Fields,
    inside: &mut Vec<Pointer>,
) -> Result<()> {
    const DEEPEST: usize = 64;
    if inside.contains(at) {
        return Err(spec.error(at, "allOf goes round in a circle"));
    }
    if inside.len() == DEEPEST {
        let what = format_args!("allOf is nested more than {DEEPEST} levels deep");
        return Err(spec.error(at, what));
    }
    inside.push(at.clone());
    for part in spec.elements_in(at, "allOf")? {
        let part = spec.follow(&part)?;
        let schema = spec.object(&part)?;
        let tagged = schema.contains_key("discriminator");
        let open = ["anyOf", "oneOf"]
            .iter()
            .any(|key| schema.contains_key(*key));
        if !matches!(kind(spec, &part, schema)?, None | Some("object")) || (open && !tagged) {
            return Err(spec.error(&part, "only objects can be merged by allOf"));
        }
        add_fields(spec, &part, fields, inside)?;
    }
    for name in spec
        .object_in(at, "properties")?
        .into_iter()
        .flat_map(Map::keys)
    {
        let place = at.child("properties").child(name);
        fields.properties.insert(name.clone(), place);
    }
    match spec.object(at)?.get("additionalProperties") {
        Some(Value::Object(_)) => fields.others = Some(at.child("additionalProperties")),
        None | Some(Value::Bool(_)) => {}
        Some(_) => {
            let at = at.child("additionalProperties");
            return Err(spec.error(&at, "must be an object or a boolean"));
        }
    }
    inside.pop();
    Ok(())
}

/// Which schemas are polymorphic, and what their subtypes are.
pub(crate) struct Subtypes {
    /// The schemas that extend a schema by `allOf`, found by looking back: a
    /// base does not name its subtypes.
    derived: BTreeMap<Pointer, BTreeSet<Pointer>>,
}

impl Subtypes {
    pub(crate) fn of(spec: &Spec) -> Self {
        let mut derived: BTreeMap<Pointer, BTreeSet<Pointer>> = BTreeMap::new();
        for at in spec.schema_places() {
            for part in spec.elements_in(&at, "allOf").unwrap_or_default() {
                // A part that leads nowhere is an error where it is reached.
                let base = spec.follow(&part).ok().filter(|base| *base != part);
                if let Some(base) = base {
                    derived.entry(base).or_default().insert(at.clone());
                }
            }
        }
        Self { derived }
    }

    /// The direct subtypes, if values of this schema come in several types:
    /// the schema has a discriminator, or it inherits one and is extended.
    pub(crate) fn of_schema(&self, spec: &Spec, at: &Pointer) -> Result<Option<BTreeSet<Pointer>>> {
        let mut subtypes = self.derived.get(at).cloned().unwrap_or_default();
        match spec.object_in(at, "discriminator")? {
            Some(discriminator) => {
                let at_mapping = at.child("discriminator").child("mapping");
                let mapping = discriminator.get("mapping").and_then(Value::as_object);
                for (tag, target) in mapping.into_iter().flatten() {
                    subtypes.insert(mapped(spec, &at_mapping.child(tag), target)?);
                }
                for key in ["oneOf", "anyOf"] {
                    for alternative in spec.elements_in(at, key)? {
                        subtypes.insert(spec.follow(&alternative)?);
                    }
                }
                Ok(Some(subtypes))
            }
            None if subtypes.is_empty() || !inherits_discriminator(spec, at)? => Ok(None),
            None => Ok(Some(subtypes)),
        }
    }
}

/// How the type of a polymorphic value is told.
pub(crate) struct Discriminator {
    pub(crate) property: String,
    pub(crate) types: BTreeMap<String, Pointer>,
}

impl Subtypes {
    /// The type behind each tag that a value of this schema may have, `None` if
    /// the schema is not polymorphic.
    pub(crate) fn discriminator(&self, spec: &Spec, at: &Pointer) -> Result<Option<Discriminator>> {
        if self.of_schema(spec, at)?.is_none() {
            return Ok(None);
        }
        let mut all = BTreeSet::from([at.clone()]);
        let mut pending = vec![at.clone()];
        while let Some(at) = pending.pop() {
            for subtype in self.of_schema(spec, &at)?.unwrap_or_default() {
                if all.insert(subtype.clone()) {
                    pending.push(subtype);
                }
            }
        }
        let mut property = None;
        let mut types = BTreeMap::new();
        for at in around(spec, at)? {
            let Some(discriminator) = spec.object_in(&at, "discriminator")? else {
                continue;
            };
            let at = at.child("discriminator");
            let Some(name) = discriminator.get("propertyName").and_then(Value::as_str) else {
                return Err(spec.error(&at, "names no property"));
            };
            property.get_or_insert_with(|| name.to_owned());
            for (tag, target) in spec.object_in(&at, "mapping")?.into_iter().flatten() {
                let target = mapped(spec, &at.child("mapping").child(tag), target)?;
                if all.contains(&target) {
                    types.entry(tag.clone()).or_insert(target);
                }
            }
        }
        let mapped: BTreeSet<Pointer> = types.values().cloned().collect();
        for subtype in all.difference(&mapped) {
            let stated = spec.object(subtype)?.get("x-ms-discriminator-value");
            // What stands between a base and the types that it maps is none of them.
            let is_between =
                subtype == at || (!mapped.is_empty() && self.of_schema(spec, subtype)?.is_some());
            let named = || subtype.schema_name().filter(|_| !is_between);
            if let Some(tag) = stated
                .and_then(Value::as_str)
                .map(str::to_owned)
                .or_else(named)
            {
                types.entry(tag).or_insert(subtype.clone());
            }
        }
        let property = property.expect("a polymorphic schema has or inherits a discriminator");
        Ok(Some(Discriminator { property, types }))
    }
}

/// A mapping names a component schema or refers to one.
fn mapped(spec: &Spec, at: &Pointer, target: &Value) -> Result<Pointer> {
    let named = target.as_str().map(Pointer::schema);
    match named.filter(|named| spec.document.pointer(named.as_str()).is_some()) {
        Some(named) => Ok(named),
        None => spec.target(at, target),
    }
}

fn inherits_discriminator(spec: &Spec, at: &Pointer) -> Result<bool> {
    for at in around(spec, at)? {
        if spec.object(&at)?.contains_key("discriminator") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A schema and all that it extends by `allOf`, the nearest first.
fn around(spec: &Spec, at: &Pointer) -> Result<Vec<Pointer>> {
    let mut found = vec![at.clone()];
    let mut next = 0;
    while let Some(at) = found.get(next).cloned() {
        next += 1;
        for part in spec.elements_in(&at, "allOf")? {
            let part = spec.follow(&part)?;
            if !found.contains(&part) {
                found.push(part);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(schemas: Value) -> Spec {
        let document = json!({ "openapi": "3.0.3", "components": { "schemas": schemas } });
        Spec::parse("my.json".into(), document.to_string()).unwrap()
    }

    fn shape_of(schema: Value) -> Shape {
        shape(&spec(json!({ "X": schema })), &Pointer::schema("X")).unwrap()
    }

    fn error_of(schema: Value) -> String {
        let error = shape(&spec(json!({ "X": schema })), &Pointer::schema("X")).unwrap_err();
        error.to_string()
    }

    #[test]
    fn a_string_is_a_string_whatever_constrains_it() {
        for schema in [
            json!({ "type": "string", "format": "date-time", "nullable": true }),
            json!({ "type": "string", "enum": ["", "a", "A", null] }),
            json!({ "enum": ["a", null] }),
            json!({ "anyOf": [{ "type": "string", "enum": ["a"] }, { "type": "string" }] }),
        ] {
            assert_eq!(shape_of(schema), Shape::Leaf(Leaf::String));
        }
    }

    #[test]
    fn what_may_hold_anything_is_a_leaf() {
        for schema in [
            json!({}),
            json!({ "nullable": true }),
            json!({ "enum": [1, "a"] }),
            json!({ "type": "array" }),
            json!({ "oneOf": [{ "type": "string" }, { "type": "object" }] }),
            json!({ "properties": { "a": {} }, "anyOf": [{ "required": ["a"] }] }),
        ] {
            assert_eq!(shape_of(schema), Shape::Leaf(Leaf::Anything));
        }
        for schema in [
            json!({ "type": "object" }),
            json!({ "type": "object", "properties": {} }),
            json!({ "type": "object", "additionalProperties": true }),
            json!({ "type": "object", "additionalProperties": false }),
            json!({ "allOf": [{ "type": "object" }, {}] }),
        ] {
            assert_eq!(shape_of(schema), Shape::Leaf(Leaf::Object));
        }
    }

    #[test]
    fn the_type_may_be_left_out() {
        let at = Pointer::schema("X");
        assert_eq!(
            shape_of(json!({ "items": {} })),
            Shape::Array(at.child("items"))
        );
        assert!(matches!(
            shape_of(json!({ "properties": { "a": {} } })),
            Shape::Struct(_)
        ));
        let map = shape_of(json!({ "additionalProperties": {} }));
        assert_eq!(map, Shape::Map(at.child("additionalProperties")));
    }

    #[test]
    fn a_description_beside_a_reference_changes_nothing() {
        let wrapped = json!({ "allOf": [{ "$ref": "#/components/schemas/X" }], "readOnly": true });
        let only = Pointer::schema("X").child("allOf").child(0);
        assert_eq!(shape_of(wrapped), Shape::Same(only));
    }

    #[test]
    fn all_of_brings_in_properties_through_several_levels() {
        let spec = spec(json!({
            "A": { "properties": { "a": {}, "same": {} } },
            "B": { "allOf": [{ "$ref": "#/components/schemas/A" }], "properties": { "b": {} } },
            "C": {
                "allOf": [
                    { "$ref": "#/components/schemas/B" },
                    { "properties": { "inline": {} }, "additionalProperties": {} },
                ],
                "properties": { "same": {} },
            },
        }));
        let fields = fields(&spec, &Pointer::schema("C")).unwrap();
        let names: Vec<_> = fields.properties.keys().map(String::as_str).collect();
        assert_eq!(names, ["a", "b", "inline", "same"]);
        let own = Pointer::schema("C").child("properties").child("same");
        assert_eq!(fields.properties["same"], own);
        assert!(fields.others.is_some());
    }

    #[test]
    fn what_is_not_a_schema_of_openapi_3_0_is_an_error_at_its_place() {
        for (schema, message) in [
            (json!(true), ": must be an object"),
            (
                json!({ "type": ["string", "null"] }),
                "/type: must be a string in OpenAPI 3.0",
            ),
            (
                json!({ "type": "file" }),
                "/type: `file` is not a type of OpenAPI 3.0",
            ),
            (
                json!({ "properties": [] }),
                "/properties: must be an object",
            ),
            (json!({ "allOf": {} }), "/allOf: must be an array"),
            (json!({ "items": [] }), "/items: must be an object"),
            (
                json!({ "discriminator": "kind" }),
                "/discriminator: must be an object",
            ),
            (
                json!({ "properties": { "a": {} }, "additionalProperties": 1 }),
                "/additionalProperties: must be an object or a boolean",
            ),
            (
                json!({ "allOf": [{ "type": "string" }, {}] }),
                "/allOf/0: only objects can be merged by allOf",
            ),
            (
                json!({ "allOf": [{ "$ref": "#/components/schemas/X" }, {}] }),
                ": allOf goes round in a circle",
            ),
            (
                json!({ "$ref": "#/openapi" }),
                ": `#/openapi` is not a component schema",
            ),
        ] {
            let expected = format!("my.json: #/components/schemas/X{message}");
            assert_eq!(error_of(schema), expected);
        }
    }

    #[test]
    fn subtypes_are_found_by_mapping_by_alternative_and_backwards() {
        let spec = spec(json!({
            "Base": {
                "discriminator": {
                    "propertyName": "kind",
                    "mapping": { "a": "#/components/schemas/Mapped", "b": "Named" },
                },
                "oneOf": [{ "$ref": "#/components/schemas/Alternative" }],
            },
            "Mapped": {}, "Named": {}, "Alternative": {},
            "Derived": { "allOf": [{ "$ref": "#/components/schemas/Base" }] },
            "Further": { "allOf": [{ "$ref": "#/components/schemas/Derived" }, {}] },
        }));
        let subtypes = |name| {
            let found = Subtypes::of(&spec)
                .of_schema(&spec, &Pointer::schema(name))
                .unwrap();
            found.map(|found| {
                found
                    .iter()
                    .filter_map(Pointer::schema_name)
                    .collect::<Vec<_>>()
            })
        };
        let all = ["Alternative", "Derived", "Mapped", "Named"].map(str::to_owned);
        assert_eq!(subtypes("Base"), Some(all.to_vec()));
        assert_eq!(subtypes("Derived"), Some(vec!["Further".to_owned()]));
        assert_eq!(subtypes("Further"), None);
        assert_eq!(subtypes("Named"), None);
    }

    #[test]
    fn tags_are_mapped_stated_or_the_names_of_schemas() {
        let of_base = |extra: Value| {
            let mut schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Base" }] });
            schema
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            schema
        };
        let tags = |mapping: Value, name| {
            let spec = spec(json!({
                "Base": { "discriminator": { "propertyName": "kind", "mapping": mapping } },
                "Mapped": of_base(json!({})),
                "Stated": of_base(json!({ "x-ms-discriminator-value": "stated" })),
                "Between": of_base(json!({})),
                "Further": { "allOf": [{ "$ref": "#/components/schemas/Between" }, {}] },
            }));
            let at = Pointer::schema(name);
            let found = Subtypes::of(&spec).discriminator(&spec, &at).unwrap();
            found.map(|found| {
                assert_eq!(found.property, "kind");
                let types = found.types.into_iter();
                types
                    .map(|(tag, at)| format!("{tag} {}", at.last()))
                    .collect::<Vec<_>>()
            })
        };
        let none = json!({});
        assert_eq!(
            tags(none.clone(), "Base").unwrap(),
            [
                "Between Between",
                "Further Further",
                "Mapped Mapped",
                "stated Stated"
            ]
        );
        let mapping = json!({ "m": "#/components/schemas/Mapped", "n": "Mapped", "b": "Base" });
        assert_eq!(
            tags(mapping, "Base").unwrap(),
            [
                "Further Further",
                "b Base",
                "m Mapped",
                "n Mapped",
                "stated Stated"
            ]
        );
        assert_eq!(tags(none.clone(), "Between").unwrap(), ["Further Further"]);
        assert_eq!(tags(none, "Further"), None);
    }
}
