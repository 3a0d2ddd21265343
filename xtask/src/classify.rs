//! Which parts of a response are secret: every string is classified by us.
//!
//! Upstream's `x-ms-secret` is absent before 2021 and still misses kubeconfigs
//! and passwords, so the overlay sets `x-amlkeys-secret` on every string that a
//! response can hold, and on every place that may hold anything at all.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::pointer::Pointer;
use crate::spec::Spec;

/// The mark that the overlay sets: `true` for secret, `false` for public.
pub(crate) const MARK: &str = "x-amlkeys-secret";

/// What a schema says of the values it allows, as far as secrecy goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf {
    /// A string, whatever its format, pattern or enum.
    String,
    /// Any object: no properties are named.
    Object,
    /// Anything at all.
    Anything,
}

/// Fails unless the overlay has classified every response string, and never
/// below what upstream says.
pub(crate) fn expect_classified(spec: &Spec) -> Result<()> {
    let mut unclassified = Vec::new();
    for at in response_leaves(spec)? {
        let schema = spec.document.pointer(at.as_str()).unwrap_or(&Value::Null);
        match (schema.get(MARK), schema.get("x-ms-secret")) {
            (Some(Value::Bool(false)), Some(Value::Bool(true))) => {
                return Err(spec.error(
                    &at,
                    "upstream calls this a secret (x-ms-secret), the overlay must not call it public",
                ));
            }
            (Some(Value::Bool(_)), _) => {}
            (Some(_), _) => {
                return Err(spec.error(&at, format_args!("{MARK} must be true or false")));
            }
            (None, _) => unclassified.push(at),
        }
    }
    if unclassified.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = unclassified.iter().map(|at| format!("  {at}")).collect();
    bail!(
        "{}: {} response strings are not classified:\n{}\nhint: say in spec/overlay.json whether each is secret, with `\"update\": {{ \"{MARK}\": true }}`",
        spec.name,
        places.len(),
        places.join("\n")
    );
}

/// Counts every response string that nobody has classified as secret.
pub(crate) fn assume_secret(spec: &mut Spec) -> Result<()> {
    for at in response_leaves(spec)? {
        if let Some(Value::Object(schema)) = spec.document.pointer_mut(at.as_str()) {
            schema.entry(MARK).or_insert(Value::Bool(true));
        }
    }
    Ok(())
}

/// Whether a schema is a leaf: a string, or something that may hold one.
pub(crate) fn leaf(schema: &Map<String, Value>) -> Option<Leaf> {
    let composed = ["$ref", "allOf", "not"]
        .iter()
        .any(|key| schema.contains_key(*key));
    if composed {
        return None;
    }
    if let Some(options) = ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema.get(*key)?.as_array())
    {
        let strings = options
            .iter()
            .all(|option| option.as_object().and_then(leaf) == Some(Leaf::String));
        return strings.then_some(Leaf::String);
    }
    let structured = ["properties", "additionalProperties", "discriminator"]
        .iter()
        .any(|key| schema.get(*key).is_some_and(|value| value.is_object()));
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => Some(Leaf::String),
        Some("object") if !structured => Some(Leaf::Object),
        None if schema.contains_key("enum") => Some(Leaf::String),
        None if !structured && !schema.contains_key("items") => Some(Leaf::Anything),
        _ => None,
    }
}

/// The subtypes of a polymorphic schema: those that its mapping names and those
/// that are only found by looking back from their `allOf`.
pub(crate) fn subtypes(spec: &Spec, base: &str) -> Vec<String> {
    let base_reference = format!("#/components/schemas/{base}");
    let mapping = spec
        .document
        .pointer(Pointer::schema(base).as_str())
        .and_then(|schema| schema.pointer("/discriminator/mapping"))
        .and_then(Value::as_object);
    let mapped = mapping
        .into_iter()
        .flat_map(Map::values)
        .filter_map(|target| Some(target.as_str()?.rsplit('/').next()?.to_owned()));
    let derived = spec.schemas().filter_map(|(name, schema)| {
        let parts = schema.get("allOf")?.as_array()?;
        let extends =
            |part: &Value| part.get("$ref") == Some(&Value::from(base_reference.as_str()));
        parts.iter().any(extends).then(|| name.clone())
    });
    let mut names: Vec<String> = mapped.chain(derived).collect();
    names.sort();
    names.dedup();
    names
}

/// The place of every leaf that a response of any operation can reach.
fn response_leaves(spec: &Spec) -> Result<BTreeSet<Pointer>> {
    let mut walk = Walk {
        spec,
        seen: BTreeSet::new(),
        leaves: BTreeSet::new(),
    };
    for (at, operation) in spec.operations() {
        let responses = operation.get("responses").and_then(Value::as_object);
        for (status, response) in responses.into_iter().flatten() {
            let at = at.child("responses").child(status);
            let (at, response) = match response.get("$ref").and_then(Value::as_str) {
                Some(reference) => spec.resolve(reference, &at)?,
                None => (at, response),
            };
            let content = response.get("content").and_then(Value::as_object);
            for (media_type, body) in content.into_iter().flatten() {
                if let Some(schema) = body.get("schema") {
                    walk.schema(
                        &at.child("content").child(media_type).child("schema"),
                        schema,
                    )?;
                }
            }
        }
    }
    Ok(walk.leaves)
}

struct Walk<'a> {
    spec: &'a Spec,
    seen: BTreeSet<Pointer>,
    leaves: BTreeSet<Pointer>,
}

impl Walk<'_> {
    fn schema(&mut self, at: &Pointer, schema: &Value) -> Result<()> {
        if !self.seen.insert(at.clone()) {
            return Ok(());
        }
        let Some(object) = schema.as_object() else {
            return Err(self.spec.error(at, "a schema must be an object"));
        };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            let (at, target) = self.spec.resolve(reference, at)?;
            return self.schema(&at, target);
        }
        if leaf(object).is_some() {
            self.leaves.insert(at.clone());
            return Ok(());
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            let parts = object.get(key).and_then(Value::as_array);
            for (index, part) in parts.into_iter().flatten().enumerate() {
                self.schema(&at.child(key).child(index), part)?;
            }
        }
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            self.schema(&at.child("properties").child(name), property)?;
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner @ Value::Object(_)) = object.get(key) {
                self.schema(&at.child(key), inner)?;
            }
        }
        if object.contains_key("discriminator")
            && let Some(name) = at.as_str().strip_prefix("/components/schemas/")
        {
            for subtype in subtypes(self.spec, name) {
                let reference = format!("#/components/schemas/{subtype}");
                let (at, target) = self.spec.resolve(&reference, at)?;
                self.schema(&at, target)?;
            }
        }
        Ok(())
    }
}
