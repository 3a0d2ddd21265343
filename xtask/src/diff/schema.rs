//! What one schema says of a value, with its references followed and its
//! `allOf` merged, so that a name, a helper schema or the order of things makes
//! no difference. What stands beside a `$ref` counts, as upstream means it to.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use anyhow::Result;
use serde_json::{Map, Value};

use super::limits;
use super::model::{Document, last_step, plain, text};
use crate::pointer::Pointer;

/// What one schema says of a value.
pub(super) struct Schema {
    /// Where the schema stands once mere references are followed: the same for
    /// all values of one type.
    pub(super) origin: Pointer,
    pub(super) shape: Shape,
    pub(super) values: Option<Values>,
    pub(super) nullable: bool,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
    pub(super) deprecated: bool,
    /// Upstream's mark: `x-ms-secret`, or `format: password`.
    pub(super) secret: bool,
    /// Our mark, from the overlay.
    pub(super) classified: Option<bool>,
    pub(super) words: Option<String>,
    keywords: Map<String, Value>,
}

#[derive(Clone)]
pub(super) enum Shape {
    Anything,
    Boolean,
    Integer(Option<String>),
    Number(Option<String>),
    String(Option<String>),
    Array(Option<Pointer>),
    Object(Fields),
    /// Alternatives that nothing tells apart.
    OneOf(Vec<Pointer>),
}

#[derive(Clone)]
pub(super) struct Fields {
    pub(super) properties: BTreeMap<String, Property>,
    pub(super) others: Others,
    pub(super) variants: Option<Variants>,
}

#[derive(Clone)]
pub(super) struct Property {
    pub(super) schema: Pointer,
    pub(super) required: bool,
}

/// The properties that are not named.
#[derive(Clone)]
pub(super) enum Others {
    Allowed,
    Refused,
    Typed(Pointer),
}

#[derive(Clone)]
pub(super) struct Variants {
    /// The discriminator's name.
    pub(super) tag: String,
    pub(super) schemas: BTreeMap<String, Pointer>,
}

/// The values that an enum names.
pub(super) struct Values {
    pub(super) named: BTreeSet<String>,
    /// Whether there may be others.
    pub(super) open: bool,
}

impl Schema {
    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.get(name)
    }
}

impl Fields {
    /// Nothing but values of one type under any name.
    pub(super) fn is_map(&self) -> bool {
        self.properties.is_empty() && matches!(self.others, Others::Typed(_))
    }
}

/// What is said of one value rather than of all values of a type.
const ANNOTATIONS: [&str; 9] = [
    "nullable",
    "readOnly",
    "writeOnly",
    "deprecated",
    "x-ms-secret",
    "default",
    "title",
    "summary",
    "description",
];

/// What a schema and all that it refers to and extends say together.
#[derive(Default)]
struct Merged {
    keywords: Map<String, Value>,
    properties: BTreeMap<String, Pointer>,
    required: BTreeSet<String>,
    items: Option<Pointer>,
    others: Option<Others>,
    alternatives: Vec<Pointer>,
    tag: Option<String>,
    mapping: BTreeMap<String, Pointer>,
    classified: Option<bool>,
    seen: BTreeSet<Pointer>,
}

impl Document {
    pub(super) fn schema(&self, at: &Pointer) -> Result<Rc<Schema>> {
        if let Some(known) = self.schemas.borrow().get(at) {
            return Ok(known.clone());
        }
        let schema = Rc::new(self.read_schema(at)?);
        let mut schemas = self.schemas.borrow_mut();
        schemas.insert(at.clone(), schema.clone());
        Ok(schema)
    }

    fn read_schema(&self, at: &Pointer) -> Result<Schema> {
        let mut merged = Merged::default();
        let origin = self.merge(at, true, &mut merged, &mut Vec::new())?;
        let mut values = self.values(&merged)?;
        let mut nullable = merged.keywords.get("nullable") == Some(&Value::Bool(true));
        if let Some(values) = &mut values {
            nullable |= values.named.remove("null");
        }
        let flag = |key: &str| merged.keywords.get(key) == Some(&Value::Bool(true));
        let is_password = merged.keywords.get("format") == Some(&Value::from("password"));
        let words: Vec<String> = ["title", "summary", "description"]
            .iter()
            .filter_map(|key| text(merged.keywords.get(*key)))
            .collect();
        Ok(Schema {
            nullable,
            read_only: flag("readOnly"),
            write_only: flag("writeOnly"),
            deprecated: flag("deprecated"),
            secret: flag("x-ms-secret") || is_password,
            classified: merged.classified,
            words: (!words.is_empty()).then(|| words.join(": ")),
            shape: self.shape(at, &origin, &merged, values.is_some())?,
            values,
            keywords: merged.keywords,
            origin,
        })
    }

    /// Adds what the schema at a place says; gives the place that its type
    /// comes from. `annotated` is false for one part of many, whose annotations
    /// are not about the whole.
    fn merge(
        &self,
        at: &Pointer,
        annotated: bool,
        merged: &mut Merged,
        inside: &mut Vec<Pointer>,
    ) -> Result<Pointer> {
        const DEEPEST: usize = 64;
        if inside.contains(at) {
            return Err(self.spec.error(at, "$ref and allOf go round in a circle"));
        }
        if inside.len() == DEEPEST {
            let what = format_args!("$ref and allOf go more than {DEEPEST} levels deep");
            return Err(self.spec.error(at, what));
        }
        if !merged.seen.insert(at.clone()) {
            return Ok(at.clone());
        }
        let own = self.object(at)?;
        let mut parts = self.elements(at, "allOf")?;
        if let Some(reference) = own.get("$ref") {
            parts.push(self.target(at, reference)?);
        }
        let structured = own
            .keys()
            .any(|key| is_structural(key) && !matches!(key.as_str(), "type" | "allOf"));
        let mut origin = at.clone();
        inside.push(at.clone());
        for part in &parts {
            let sole = parts.len() == 1 && !own.contains_key("properties");
            let of_part = self.merge(part, annotated && sole, merged, inside)?;
            if sole && !structured {
                origin = of_part;
            }
        }
        inside.pop();
        for (key, value) in own {
            let is_annotation = ANNOTATIONS.contains(&key.as_str());
            if (annotated && is_annotation) || is_structural(key) {
                merged.keywords.insert(key.clone(), value.clone());
            }
        }
        for (name, schema) in self.members(at, "properties")? {
            merged.properties.insert(name, schema);
        }
        merged.required.extend(self.strings(at, "required")?);
        if own.contains_key("items") {
            merged.items = Some(at.child("items"));
        }
        match own.get("additionalProperties") {
            None => {}
            Some(Value::Bool(false)) => merged.others = Some(Others::Refused),
            Some(Value::Object(schema)) if !schema.is_empty() => {
                merged.others = Some(Others::Typed(at.child("additionalProperties")));
            }
            Some(_) => merged.others = Some(Others::Allowed),
        }
        for key in ["anyOf", "oneOf"] {
            merged.alternatives.extend(self.elements(at, key)?);
        }
        if own.contains_key("discriminator") {
            let at = at.child("discriminator");
            self.object(&at)?;
            let Some(tag) = self.text_at(&at, "propertyName") else {
                return Err(self.spec.error(&at.child("propertyName"), "missing"));
            };
            merged.tag = Some(tag);
            for (tag, at) in self.members(&at, "mapping")? {
                merged.mapping.insert(tag, self.mapped(&at)?);
            }
        }
        if annotated {
            merged.classified = self.marks.get(at.as_str()).copied().or(merged.classified);
        }
        Ok(origin)
    }

    /// A mapping names a component schema or refers to one.
    fn mapped(&self, at: &Pointer) -> Result<Pointer> {
        let target = self.get(at).unwrap_or(&Value::Null);
        let named = target.as_str().map(Pointer::schema);
        let place = match named.filter(|named| self.get(named).is_some()) {
            Some(named) => named,
            None => self.target(at, target)?,
        };
        self.follow(&place)
    }

    fn values(&self, merged: &Merged) -> Result<Option<Values>> {
        let open = merged
            .keywords
            .get("x-ms-enum")
            .and_then(|it| it.get("modelAsString"))
            .is_some_and(|it| it == true || it == "true");
        let named = |values: &[Value]| values.iter().map(plain).collect();
        let own = merged.keywords.get("enum").and_then(Value::as_array);
        let mut values = own.map(|own| Values {
            named: named(own),
            open,
        });
        // `anyOf` of an enum and any string is an open enum.
        let mut any_string = false;
        for at in &merged.alternatives {
            let alternative = self.object(&self.follow(at)?)?;
            match alternative.get("enum").and_then(Value::as_array) {
                Some(named) => {
                    let values = values.get_or_insert_with(|| Values {
                        named: BTreeSet::new(),
                        open,
                    });
                    values.named.extend(named.iter().map(plain));
                }
                None => any_string = true,
            }
        }
        if let Some(values) = &mut values {
            values.open |= any_string;
        }
        Ok(values)
    }

    fn shape(
        &self,
        at: &Pointer,
        origin: &Pointer,
        merged: &Merged,
        has_values: bool,
    ) -> Result<Shape> {
        let format = merged.keywords.get("format").and_then(Value::as_str);
        let format = format.map(str::to_owned);
        let kind = match merged.keywords.get("type") {
            Some(Value::String(kind)) => Some(kind.as_str()),
            Some(_) => {
                let what = "its type must be a string in OpenAPI 3.0";
                return Err(self.spec.error(at, what));
            }
            None if merged.items.is_some() => Some("array"),
            None if merged.tag.is_some()
                || merged.others.is_some()
                || !merged.properties.is_empty() =>
            {
                Some("object")
            }
            None => None,
        };
        let untagged = merged.tag.is_none() && !merged.alternatives.is_empty();
        Ok(match kind {
            None | Some("string") if untagged && self.are_strings(&merged.alternatives)? => {
                Shape::String(None)
            }
            None | Some("object") if untagged && merged.properties.is_empty() => {
                Shape::OneOf(merged.alternatives.clone())
            }
            Some("string") => Shape::String(format.filter(|it| it != "password")),
            Some("integer") => Shape::Integer(format),
            Some("number") => Shape::Number(format),
            Some("boolean") => Shape::Boolean,
            Some("array") => Shape::Array(merged.items.clone()),
            Some("object") => Shape::Object(Fields {
                properties: merged
                    .properties
                    .iter()
                    .map(|(name, schema)| {
                        let required = merged.required.contains(name);
                        let schema = schema.clone();
                        (name.clone(), Property { schema, required })
                    })
                    .collect(),
                others: merged.others.clone().unwrap_or(Others::Allowed),
                variants: self.variants(origin, merged)?,
            }),
            None if has_values => Shape::String(format),
            None => Shape::Anything,
            Some(other) => {
                let what = format_args!("`{other}` is not a type of OpenAPI 3.0");
                return Err(self.spec.error(at, what));
            }
        })
    }

    fn are_strings(&self, alternatives: &[Pointer]) -> Result<bool> {
        for at in alternatives {
            let alternative = self.object(&self.follow(at)?)?;
            let strings = alternative.get("type") == Some(&Value::from("string"))
                || (alternative.contains_key("enum") && !alternative.contains_key("type"));
            if !strings {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The variants of a polymorphic value: those that a mapping or an
    /// alternative names, and those found by looking back from their `allOf`,
    /// through several levels.
    fn variants(&self, origin: &Pointer, merged: &Merged) -> Result<Option<Variants>> {
        let Some(tag) = &merged.tag else {
            return Ok(None);
        };
        let declared_here = self.object(origin)?.contains_key("discriminator");
        let mut found = Vec::new();
        for alternative in &merged.alternatives {
            found.push(self.follow(alternative)?);
        }
        let mut pending = vec![origin.as_str()];
        let mut seen = BTreeSet::from([origin.as_str()]);
        while let Some(base) = pending.pop() {
            for extending in self.extended_by.get(base).into_iter().flatten() {
                if seen.insert(extending.as_str()) {
                    pending.push(extending);
                    found.push(Pointer::new(extending.as_str()));
                }
            }
        }
        let mut schemas = BTreeMap::new();
        for (tag, schema) in &merged.mapping {
            if schema != origin && (declared_here || found.contains(schema)) {
                schemas.insert(tag.clone(), schema.clone());
            }
        }
        for schema in found {
            if merged.mapping.values().any(|mapped| *mapped == schema) {
                continue;
            }
            let stated = self.text_at(&schema, "x-ms-discriminator-value");
            // Of a mapping that is there we expect every variant that is sent;
            // what only stands between the base and its variants is none.
            let between =
                !merged.mapping.is_empty() && self.extended_by.contains_key(schema.as_str());
            if stated.is_none() && between {
                continue;
            }
            let named = || last_step(&schema);
            schemas
                .entry(stated.unwrap_or_else(named))
                .or_insert(schema);
        }
        let tag = tag.clone();
        Ok((declared_here || !schemas.is_empty()).then_some(Variants { tag, schemas }))
    }
}

/// Whether a keyword is about all values of a type.
fn is_structural(keyword: &str) -> bool {
    const STRUCTURE: [&str; 14] = [
        "type",
        "format",
        "enum",
        "x-ms-enum",
        "pattern",
        "properties",
        "required",
        "items",
        "additionalProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "discriminator",
    ];
    STRUCTURE.contains(&keyword) || limits::KEYWORDS.contains(&keyword)
}
