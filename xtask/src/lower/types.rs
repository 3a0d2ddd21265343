//! The types of requests and responses.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Result;
use heck::ToPascalCase;
use serde_json::{Map, Value, json};

use super::names::{TypeNames, untaken};
use super::tagged::{Tagged, Variant, box_cycles, remove_tags};
use super::{SECRET_STRING, SECRET_VALUE};
use crate::classify::MARK;
use crate::pointer::Pointer;
use crate::schema::{Discriminator, Leaf, Shape, Subtypes, fields, shape};
use crate::spec::Spec;

/// The types of a client in the making.
pub(super) struct Types<'a> {
    spec: &'a Spec,
    subtypes: Subtypes,
    names: TypeNames,
    /// The structs, as component schemas.
    schemas: BTreeMap<String, Value>,
    tagged: BTreeMap<String, Tagged>,
    /// The structs that values have by themselves, not only as a variant.
    alone: BTreeSet<String>,
    pub(super) origins: BTreeMap<Pointer, Pointer>,
    /// The structs that are named and still to be lowered, and how deep in
    /// other structs each is.
    pending: VecDeque<(Pointer, String, usize)>,
    depth: usize,
    /// The values around the one being lowered that have no struct.
    inside: Vec<Pointer>,
    in_response: bool,
}

impl<'a> Types<'a> {
    pub(super) fn new(spec: &'a Spec) -> Self {
        Self {
            spec,
            subtypes: Subtypes::of(spec),
            names: TypeNames::of(spec),
            schemas: BTreeMap::new(),
            tagged: BTreeMap::new(),
            alone: BTreeSet::new(),
            origins: BTreeMap::new(),
            pending: VecDeque::new(),
            depth: 0,
            inside: Vec::new(),
            in_response: true,
        }
    }

    /// From here on, only what is called a secret is one.
    pub(super) fn in_requests(&mut self) {
        self.in_response = false;
    }

    /// The component schemas, and the enums that take the places of some.
    pub(super) fn finish(mut self) -> (BTreeMap<String, Value>, BTreeMap<String, Tagged>) {
        remove_tags(&self.tagged, &self.alone, &mut self.schemas);
        box_cycles(&mut self.tagged, &self.schemas);
        (self.schemas, self.tagged)
    }

    /// The schema of a value, after the structs that it reaches have been
    /// lowered. `name` is what to call it if it is an object without a name.
    pub(super) fn value(&mut self, at: &Pointer, name: &str) -> Result<Value> {
        self.depth = 0;
        let lowered = self.schema(at, name)?;
        // A queue, because recursion over a long chain of structs would
        // overflow the stack.
        while let Some((at, name, depth)) = self.pending.pop_front() {
            self.depth = depth;
            self.add_struct(&at, &name)?;
        }
        Ok(lowered)
    }

    fn schema(&mut self, at: &Pointer, name: &str) -> Result<Value> {
        const DEEPEST: usize = 32;
        if self.inside.contains(at) {
            let what = "a reference, array or map that holds nothing but itself has no Rust type";
            return Err(self.spec.error(at, what));
        }
        if self.inside.len() == DEEPEST {
            let what = format_args!("nested more than {DEEPEST} levels deep without an object");
            return Err(self.spec.error(at, what));
        }
        self.inside.push(at.clone());
        let lowered = match shape(self.spec, at)? {
            Shape::Same(target) => {
                let own_name = target.schema_name();
                self.schema(&target, own_name.as_deref().unwrap_or(name))?
            }
            Shape::Leaf(leaf) => self.leaf(at, leaf)?,
            Shape::Scalar => scalar(self.spec.object(at)?),
            Shape::Array(items) => {
                let items = self.schema(&items, &format!("{name}Item"))?;
                json!({ "type": "array", "items": self.or_null(items) })
            }
            Shape::Map(values) => {
                let values = self.schema(&values, &format!("{name}Value"))?;
                json!({ "type": "object", "additionalProperties": self.or_null(values) })
            }
            Shape::Struct(_) => self.named(at, name)?,
        };
        self.inside.pop();
        Ok(with_description(self.spec.object(at)?, lowered))
    }

    /// The schema of an element; null is `None` in a response, and no request
    /// sends it.
    fn or_null(&self, schema: Value) -> Value {
        let holds_null_itself =
            schema == json!({}) || schema.get("format") == Some(&json!(SECRET_VALUE));
        if holds_null_itself || !self.in_response {
            return schema;
        }
        if is_collection(&schema) {
            return optional(schema);
        }
        // Beside `format`, `nullable` would keep the conversion from matching.
        json!({ "nullable": true, "allOf": [schema] })
    }

    fn leaf(&self, at: &Pointer, leaf: Leaf) -> Result<Value> {
        let schema = self.spec.object(at)?;
        let secret = match schema.get(MARK) {
            Some(mark) => mark != &Value::Bool(false),
            None => self.in_response || schema.get("x-ms-secret") == Some(&Value::Bool(true)),
        };
        Ok(match (leaf, secret) {
            (Leaf::String, true) => json!({ "type": "string", "format": SECRET_STRING }),
            (Leaf::String, false) => json!({ "type": "string" }),
            (Leaf::Object | Leaf::Anything, true) => {
                json!({ "type": "string", "format": SECRET_VALUE })
            }
            (Leaf::Object, false) => json!({ "type": "object", "additionalProperties": true }),
            (Leaf::Anything, false) => json!({}),
        })
    }

    /// A struct or, if the value can be of several types, an enum.
    fn named(&mut self, at: &Pointer, name: &str) -> Result<Value> {
        let name = self.names.of_place(at, name);
        match self.subtypes.discriminator(self.spec, at)? {
            Some(discriminator) => self.add_tagged(at, &name, discriminator)?,
            None => {
                self.alone.insert(name.clone());
                self.enqueue(at, &name);
            }
        }
        Ok(json!({ "$ref": Pointer::schema(&name).to_string() }))
    }

    fn add_tagged(&mut self, at: &Pointer, name: &str, discriminator: Discriminator) -> Result<()> {
        if self.schemas.contains_key(name) {
            return Ok(());
        }
        let place = json!({ "type": "object", "additionalProperties": false });
        let place = with_description(self.spec.object(at)?, place);
        self.schemas.insert(name.to_owned(), place);
        self.origins.insert(Pointer::schema(name), at.clone());
        let Discriminator { property, types } = discriminator;
        let mut variants = Vec::new();
        let mut taken = BTreeSet::from(["Unknown".to_owned()]);
        for (tag, at) in types {
            let fields = fields(self.spec, &at)?;
            let mut names = fields.properties.keys();
            if names.all(|name| *name == property) && fields.others.is_none() {
                // Nothing is known of it but its tag.
                continue;
            }
            let mut holds = at.schema_name().unwrap_or_else(|| at.last());
            let mut own_place = at.clone();
            if self.subtypes.of_schema(self.spec, &at)?.is_some() {
                // Values of the schema itself have an enum of its name.
                holds.push_str("Properties");
                own_place = at.child("properties");
            }
            let holds = self.names.of_place(&own_place, &holds);
            self.enqueue(&at, &holds);
            variants.push(Variant {
                name: untaken(&tag, &mut taken),
                tag,
                holds,
                is_boxed: false,
            });
        }
        self.tagged
            .insert(name.to_owned(), Tagged { property, variants });
        Ok(())
    }

    fn enqueue(&mut self, at: &Pointer, name: &str) {
        if !self.schemas.contains_key(name) {
            // The place is taken at once: a recursive schema meets itself.
            self.schemas.insert(name.to_owned(), Value::Null);
            let next = (at.clone(), name.to_owned(), self.depth + 1);
            self.pending.push_back(next);
        }
    }

    fn add_struct(&mut self, at: &Pointer, name: &str) -> Result<()> {
        const DEEPEST: usize = 64;
        if self.depth > DEEPEST {
            let what = format_args!("nested more than {DEEPEST} objects deep");
            return Err(self.spec.error(at, what));
        }
        let place = Pointer::schema(name);
        let fields = fields(self.spec, at)?;
        let mut properties = Map::new();
        for (property, at) in fields.properties {
            let inner = format!("{name}{}", property.to_pascal_case());
            let lowered = self.schema(&at, &inner)?;
            self.origins
                .insert(place.child("properties").child(&property), at);
            properties.insert(property, optional(lowered));
        }
        let mut lowered = json!({ "type": "object", "properties": properties });
        if let Some(at) = fields.others {
            let others = self.schema(&at, &format!("{name}Value"))?;
            self.origins.insert(place.child("additionalProperties"), at);
            lowered["additionalProperties"] = self.or_null(others);
        }
        self.origins.insert(place, at.clone());
        let lowered = with_description(self.spec.object(at)?, lowered);
        self.schemas.insert(name.to_owned(), lowered);
        Ok(())
    }
}

/// A number or boolean without its limits, which would make types that reject
/// what a service sends.
pub(super) fn scalar(schema: &Map<String, Value>) -> Value {
    let mut lowered = json!({ "type": schema["type"] });
    if let Some(format @ Value::String(_)) = schema.get("format") {
        lowered["format"] = format.clone();
    }
    lowered
}

/// The schema of a property: absent or null is `None`. What is not required is
/// an `Option` already, except arrays and maps, which would reject null.
fn optional(mut schema: Value) -> Value {
    if is_collection(&schema) {
        schema["nullable"] = json!(true);
    }
    schema
}

fn is_collection(schema: &Value) -> bool {
    matches!(schema["type"].as_str(), Some("array" | "object"))
}

fn with_description(source: &Map<String, Value>, mut lowered: Value) -> Value {
    if let Some(description @ Value::String(_)) = source.get("description") {
        if lowered.get("$ref").is_some() {
            // The siblings of a reference are ignored.
            lowered = json!({ "allOf": [lowered] });
        }
        lowered["description"] = description.clone();
    }
    lowered
}
