use std::collections::BTreeMap;

use serde_json::Value;

/// What a value must look like.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
    /// An example shows null here.
    pub(crate) null_is_documented: bool,
    /// Whatever is not called public is secret.
    pub(crate) is_public: bool,
    /// The overlay has it, upstream's document of this version has not.
    pub(crate) is_added: bool,
    /// The values of an open enum.
    pub(crate) known: Vec<String>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Any,
    String,
    Number,
    Integer,
    Boolean,
    AnyObject,
    /// One of [`Shapes`].
    Object(usize),
    Array(Box<ShapeOf>),
}

/// Breaks the cycle of types.
#[derive(Clone, Debug)]
pub(crate) struct ShapeOf(pub(crate) Shape);

impl PartialEq for ShapeOf {
    fn eq(&self, other: &Self) -> bool {
        self.0.kind == other.0.kind
    }
}

/// What an object must look like.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObjectShape {
    pub(crate) properties: Vec<(String, Shape)>,
    pub(crate) required: Vec<String>,
    pub(crate) variants: Option<Variants>,
}

/// The subtypes of an object, by the value of its discriminator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variants {
    pub(crate) tag: String,
    pub(crate) by_tag: BTreeMap<String, usize>,
}

/// All object shapes of a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shapes {
    objects: Vec<ObjectShape>,
    /// By the reference to its schema, so that a schema may refer to itself.
    by_reference: BTreeMap<String, usize>,
}

impl Kind {
    pub(crate) fn described(&self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Boolean => "a boolean",
            Self::AnyObject | Self::Object(_) => "an object",
            Self::Array(_) => "an array",
        }
    }
}

impl ObjectShape {
    pub(crate) fn property(&self, name: &str) -> Option<&Shape> {
        let mut properties = self.properties.iter();
        properties
            .find(|(it, _)| it == name)
            .map(|(_, shape)| shape)
    }
}

impl Shapes {
    pub(crate) fn have_property(&self, name: &str) -> bool {
        let mut objects = self.objects.iter();
        objects.any(|object| object.property(name).is_some())
    }

    pub(crate) fn object(&self, index: usize) -> &ObjectShape {
        &self.objects[index]
    }

    /// The subtype that a value of the discriminator chooses, or the object itself.
    pub(crate) fn variant(&self, index: usize, tag: Option<&str>) -> &ObjectShape {
        let object = self.object(index);
        let chosen = object.variants.as_ref().zip(tag);
        let chosen = chosen.and_then(|(variants, tag)| variants.by_tag.get(tag));
        chosen.map_or(object, |index| self.object(*index))
    }

    pub(crate) fn compile(&mut self, document: &Value, schema: &Value) -> Shape {
        let reference = reference(schema);
        let resolved = match reference {
            Some(reference) => pointed_to(document, reference),
            None => schema,
        };
        let mut shape = Shape {
            kind: Kind::Any,
            is_nullable: resolved["nullable"] == true || schema["nullable"] == true,
            null_is_documented: false,
            is_public: resolved["x-amlkeys-secret"] == false || schema["x-amlkeys-secret"] == false,
            is_added: schema["x-amlkeys-added"] == true,
            known: known(resolved),
        };
        shape.kind = match resolved["type"].as_str() {
            _ if !shape.known.is_empty() => Kind::String,
            Some("string") => Kind::String,
            Some("number") => Kind::Number,
            Some("integer") => Kind::Integer,
            Some("boolean") => Kind::Boolean,
            Some("array") => {
                let element = self.compile(document, &resolved["items"]);
                Kind::Array(Box::new(ShapeOf(element)))
            }
            _ if has_properties(document, resolved) => {
                Kind::Object(self.compile_object(document, resolved, reference))
            }
            Some("object") => Kind::AnyObject,
            _ => Kind::Any,
        };
        shape
    }

    fn compile_object(
        &mut self,
        document: &Value,
        schema: &Value,
        reference: Option<&str>,
    ) -> usize {
        if let Some(index) = reference.and_then(|it| self.by_reference.get(it)) {
            return *index;
        }
        let index = self.objects.len();
        self.objects.push(ObjectShape::default());
        if let Some(reference) = reference {
            self.by_reference.insert(reference.to_owned(), index);
        }
        let mut object = ObjectShape::default();
        self.collect(document, schema, &mut object);
        object.variants = self.variants(document, schema);
        self.objects[index] = object;
        index
    }

    /// The properties of a schema and of all that it extends.
    fn collect(&mut self, document: &Value, schema: &Value, object: &mut ObjectShape) {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        for part in parts {
            self.collect(document, target(document, part), object);
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (name, property) in properties {
            let shape = self.compile(document, property);
            object.properties.retain(|(present, _)| present != name);
            object.properties.push((name.clone(), shape));
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(Value::as_str).map(str::to_owned);
        object.required.extend(required);
    }

    fn variants(&mut self, document: &Value, schema: &Value) -> Option<Variants> {
        let discriminator = schema["discriminator"].as_object()?;
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let mut by_tag = BTreeMap::new();
        for (tag, subtype) in mapping.into_iter().flatten() {
            let reference = subtype.as_str()?;
            let schema = pointed_to(document, reference);
            let index = self.compile_object(document, schema, Some(reference));
            by_tag.insert(tag.clone(), index);
        }
        let tag = discriminator.get("propertyName")?.as_str()?.to_owned();
        Some(Variants { tag, by_tag })
    }

    /// Marks the places where a documented value is null.
    pub(crate) fn note_nulls(&mut self, shape: &Shape, value: &Value) {
        match (&shape.kind, value) {
            (Kind::Object(index), Value::Object(members)) => {
                let index = self.index_of_variant(*index, value);
                for (name, value) in members {
                    let properties = &mut self.objects[index].properties;
                    let property = properties.iter_mut().find(|(it, _)| it == name);
                    let Some((_, property)) = property else {
                        continue;
                    };
                    property.null_is_documented |= value.is_null();
                    let property = property.clone();
                    self.note_nulls(&property, value);
                }
            }
            (Kind::Array(element), Value::Array(elements)) => {
                for value in elements {
                    self.note_nulls(&element.0, value);
                }
            }
            _ => {}
        }
    }

    fn index_of_variant(&self, index: usize, value: &Value) -> usize {
        let variants = self.objects[index].variants.as_ref();
        let chosen = variants.and_then(|it| it.by_tag.get(value.get(it.tag.as_str())?.as_str()?));
        chosen.copied().unwrap_or(index)
    }
}

/// What a `$ref` points to, or the value itself.
pub(super) fn target<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    match value["$ref"].as_str() {
        Some(reference) => pointed_to(document, reference),
        None => value,
    }
}

/// A reference, or one in an `allOf` of its own, which is how OpenAPI 3.0 puts something beside it.
fn reference(schema: &Value) -> Option<&str> {
    match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) if only["$ref"].is_string() && schema["properties"].is_null() => {
            only["$ref"].as_str()
        }
        _ => schema["$ref"].as_str(),
    }
}

fn pointed_to<'v>(document: &'v Value, reference: &str) -> &'v Value {
    document
        .pointer(reference.trim_start_matches('#'))
        .unwrap_or(&Value::Null)
}

fn has_properties(document: &Value, schema: &Value) -> bool {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    schema["properties"].is_object()
        || parts
            .map(|part| target(document, part))
            .any(|part| has_properties(document, part))
}

/// The values of an enum, which is open to others: `anyOf` the values or any string.
fn known(schema: &Value) -> Vec<String> {
    let alternatives = schema["anyOf"].as_array().into_iter().flatten();
    let own = schema["enum"].as_array().into_iter();
    let values = own.chain(alternatives.filter_map(|it| it["enum"].as_array()));
    let values = values.flatten().filter_map(Value::as_str);
    values.map(str::to_owned).collect()
}
