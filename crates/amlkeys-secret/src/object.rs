use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::DecodeError;
use crate::buffer::{Buffer, Value};
use crate::node::{Kind, Node, elements, properties};
use crate::replay::{Replay, Rest};
use crate::{MASK, Secret};

/// A JSON object that is kept whole and not printed: every name and value as
/// they came, in their order, redacted in `Debug`; names and strings are wiped
/// when dropped, numbers and booleans are not. A repeated name is refused: nobody
/// can say which of the two is meant.
///
/// It carries what a program cannot look into: a polymorphic body whose tag no
/// version knows.
///
/// ```
/// use amlkeys_secret::{SecretObject, SecretRef};
///
/// let body: SecretObject = serde_json::from_str(r#"{"computeType":"Abacus","beads":"invented"}"#)?;
/// assert_eq!(format!("{body:?}"), "SecretObject([redacted])");
/// assert_eq!(body.get("computeType").and_then(SecretRef::expose), Some("Abacus"));
/// assert_eq!(serde_json::to_string(&body)?, r#"{"computeType":"Abacus","beads":"invented"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct SecretObject(Json);

/// Any JSON value, not printed: redacted in `Debug`, real in `Serialize`; its
/// names and strings are wiped when dropped.
#[derive(Clone)]
pub struct SecretValue(Json);

/// A look at a value inside a [`SecretObject`], redacted in `Debug`.
#[derive(Clone, Copy)]
pub struct SecretRef<'a> {
    nodes: &'a [Node<Span>],
    text: &'a str,
}

/// A value or the properties of an object, all names and strings in one text.
#[derive(Clone)]
struct Json {
    nodes: Vec<Node<Span>>,
    text: Secret,
}

/// A part of the text.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

impl SecretObject {
    /// The value of a property, `None` if the object has none of that name.
    pub fn get(&self, name: &str) -> Option<SecretRef<'_>> {
        self.0.all().property(name)
    }

    /// The names of the properties, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.all().properties().map(|(name, _)| name)
    }

    /// A copy in which every string, number and boolean is replaced by the
    /// mask, except in the top-level properties named in `public`.
    pub fn masked_except(&self, public: &[&str]) -> Self {
        let mut masked = Buffer::default();
        let properties = self.0.all().properties();
        for (name, value) in properties {
            masked.push(Kind::Name, 0, name);
            if public.contains(&name) {
                masked.nodes.extend(value.borrowed());
            } else {
                masked.nodes.extend(value.borrowed().map(mask));
            }
        }
        (&masked).into()
    }

    /// Reads the object as a type that knows its properties.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] names the property that has another type than `T`
    /// wants; it never holds a value.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let properties = self.0.all();
        let mut buffer = Buffer::default();
        buffer.push(Kind::Object, properties.nodes.len() as u64, "");
        buffer.nodes.extend(properties.borrowed());
        T::deserialize(Replay(&mut Rest::of(buffer)))
    }
}

impl SecretValue {
    /// A look at the value.
    pub fn view(&self) -> SecretRef<'_> {
        self.0.all()
    }
}

impl<'a> SecretRef<'a> {
    /// Gives the string away, if the value is one: from here on, keeping it safe
    /// is the caller's job.
    pub fn expose(self) -> Option<&'a str> {
        match self.nodes.first()? {
            node if node.kind == Kind::Text => Some(self.text_of(node)),
            _ => None,
        }
    }

    /// The value of a property, `None` if the value is no object or has none of
    /// that name.
    pub fn get(self, name: &str) -> Option<Self> {
        match self.nodes.split_first()? {
            (node, inside) if node.kind == Kind::Object => self.of(inside).property(name),
            _ => None,
        }
    }

    /// The elements, if the value is an array.
    pub fn elements(self) -> Option<impl Iterator<Item = Self>> {
        match self.nodes.split_first()? {
            (node, inside) if node.kind == Kind::Array => {
                Some(elements(inside).map(move |nodes| self.of(nodes)))
            }
            _ => None,
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.nodes, [node] if node.kind == Kind::Null)
    }

    fn of(self, nodes: &'a [Node<Span>]) -> Self {
        Self { nodes, ..self }
    }

    fn text_of(self, node: &Node<Span>) -> &'a str {
        &self.text[node.text.start..node.text.end]
    }

    /// The properties, if the nodes are what is inside an object.
    fn properties(self) -> impl Iterator<Item = (&'a str, Self)> {
        properties(self.nodes).map(move |(name, value)| (self.text_of(name), self.of(value)))
    }

    fn property(self, name: &str) -> Option<Self> {
        let mut properties = self.properties();
        Some(properties.find(|(found, _)| *found == name)?.1)
    }

    fn borrowed(self) -> impl Iterator<Item = Node<&'a str>> {
        self.nodes.iter().map(move |node| Node {
            kind: node.kind,
            number: node.number,
            text: self.text_of(node),
        })
    }

    fn serialize_properties<S: Serializer>(self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.properties().count()))?;
        for (name, value) in self.properties() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl From<&Buffer<'_>> for Json {
    fn from(buffer: &Buffer<'_>) -> Self {
        let lengths = buffer.nodes.iter().map(|node| buffer.text(node).len());
        // Never grows, which would leave what it has behind.
        let mut text = String::with_capacity(lengths.sum());
        let nodes = buffer.nodes.iter().map(|node| {
            let start = text.len();
            text.push_str(buffer.text(node));
            let end = text.len();
            Node {
                kind: match node.kind {
                    Kind::OwnedText => Kind::Text,
                    Kind::OwnedName => Kind::Name,
                    kind => kind,
                },
                number: node.number,
                text: Span { start, end },
            }
        });
        let nodes = nodes.collect();
        Self {
            nodes,
            text: Secret::new(text),
        }
    }
}

impl Json {
    fn all(&self) -> SecretRef<'_> {
        SecretRef {
            nodes: &self.nodes,
            text: self.text.expose(),
        }
    }
}

fn mask(node: Node<&str>) -> Node<&str> {
    match node.kind {
        Kind::Null | Kind::Name | Kind::Array | Kind::Object => node,
        _ => Node {
            kind: Kind::Text,
            number: 0,
            text: MASK,
        },
    }
}

impl From<&Buffer<'_>> for SecretObject {
    fn from(properties: &Buffer<'_>) -> Self {
        Self(properties.into())
    }
}

impl fmt::Debug for SecretObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretObject([redacted])")
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue([redacted])")
    }
}

impl fmt::Debug for SecretRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretRef([redacted])")
    }
}

impl Serialize for SecretObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.all().serialize_properties(serializer)
    }
}

impl Serialize for SecretValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.view().serialize(serializer)
    }
}

impl Serialize for SecretRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (value, inside) = self
            .nodes
            .split_first()
            .expect("a value has a node of its own");
        match value.kind {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool => serializer.serialize_bool(value.number != 0),
            Kind::Unsigned => serializer.serialize_u64(value.number),
            Kind::Signed => serializer.serialize_i64(value.number.cast_signed()),
            Kind::Float => serializer.serialize_f64(f64::from_bits(value.number)),
            Kind::Text | Kind::Name | Kind::OwnedText | Kind::OwnedName => {
                serializer.serialize_str(self.text_of(value))
            }
            Kind::Array => {
                let mut seq = serializer.serialize_seq(Some(elements(inside).count()))?;
                for element in elements(inside) {
                    seq.serialize_element(&self.of(element))?;
                }
                seq.end()
            }
            Kind::Object => self.of(inside).serialize_properties(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SecretObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut buffer = Buffer::default();
        Value(&mut buffer).deserialize(deserializer)?;
        Ok(Self((&buffer).into()))
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = SecretObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SecretObject, A::Error> {
        let mut properties = Buffer::default();
        properties.add_properties(0, &mut map)?;
        Ok((&properties).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const EVERY_KIND: &str = r#"{"z":"canary","a":[1,-2,2.5,true,null,"canary",{"deep":"canary"}],"n":{},"e":"","u":18446744073709551615}"#;

    fn object(text: &str) -> SecretObject {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_json_kind_is_written_back_in_its_order() {
        assert_eq!(
            serde_json::to_string(&object(EVERY_KIND)).unwrap(),
            EVERY_KIND
        );
    }

    #[test]
    fn debug_shows_neither_names_nor_values() {
        let body = object(EVERY_KIND);
        let shown = format!("{body:?} {body:#?} {:?}", body.get("z"));
        assert!(
            !shown.contains("canary") && !shown.contains("deep"),
            "{shown}"
        );
    }

    #[test]
    fn masking_hides_every_leaf_but_the_public_ones() {
        let masked = object(r#"{"computeType":"Abacus","n":1,"deep":{"k":["canary"],"z":null}}"#)
            .masked_except(&["computeType"]);
        assert_eq!(
            serde_json::to_string(&masked).unwrap(),
            r#"{"computeType":"Abacus","n":"********","deep":{"k":["********"],"z":null}}"#
        );
    }

    #[test]
    fn a_repeated_name_is_refused_at_any_depth_and_length() {
        let many: String = (0..20).map(|name| format!("\"{name}\":0,")).collect();
        for text in [
            r#"{"a":"canary","a":"canary"}"#.to_owned(),
            r#"{"x":[{"a":1,"b":{},"a":2}]}"#.to_owned(),
            format!(r#"{{{many}"7":"canary"}}"#),
        ] {
            let error = serde_json::from_str::<SecretObject>(&text).unwrap_err();
            assert!(
                error.to_string().starts_with("a property is repeated"),
                "{error}"
            );
        }
        assert!(serde_json::from_str::<SecretObject>(&format!(r#"{{{many}"x":0}}"#)).is_ok());
    }

    #[test]
    fn a_view_finds_what_is_inside() {
        let body = object(r#"{"a":[[1,2],{"b":"found"},null],"c":"last"}"#);
        let a = body.get("a").unwrap();
        let elements: Vec<SecretRef<'_>> = a.elements().unwrap().collect();
        assert_eq!(elements.len(), 3);
        assert_eq!(
            elements[1].get("b").and_then(SecretRef::expose),
            Some("found")
        );
        assert!(elements[2].is_null() && !elements[0].is_null());
        assert_eq!(body.get("c").and_then(SecretRef::expose), Some("last"));
        assert!(body.get("b").is_none() && a.get("b").is_none() && a.expose().is_none());
        assert_eq!(body.names().collect::<Vec<_>>(), ["a", "c"]);
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outer {
        tag: String,
        inner: Option<Inner>,
        list: Option<Vec<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        key: Option<Secret>,
    }

    #[test]
    fn decoding_reads_nested_strings_and_null_as_none() {
        let outer: Outer =
            object(r#"{"inner":{"key":"k"},"list":[{"key":null},{}],"extra":{"x":1},"tag":"t"}"#)
                .decode()
                .unwrap();
        assert_eq!(outer.tag, "t");
        assert_eq!(outer.inner.unwrap().key.unwrap().expose(), "k");
        assert!(outer.list.unwrap().iter().all(|inner| inner.key.is_none()));
    }

    #[test]
    fn a_decode_error_names_the_place_and_no_value() {
        for (text, path) in [
            (
                r#"{"tag":"t","inner":{"key":"canary"},"list":[{},{"key":{"canary":1}}]}"#,
                "list.1.key",
            ),
            (r#"{"tag":["canary"]}"#, "tag"),
            (r#"{"inner":null}"#, ""),
        ] {
            let error = object(text).decode::<Outer>().unwrap_err();
            assert_eq!(error.path(), path);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
