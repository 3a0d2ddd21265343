use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer, forward_to_deserialize_any};

use crate::Secret;

/// A JSON object that is kept whole and not printed: every name and value as
/// they came, in their order, redacted in `Debug`; names and strings are wiped
/// when dropped, numbers and booleans are not. A repeated name is refused: nobody
/// can say which of the two is meant.
///
/// It carries what a program cannot or must not look into yet: a polymorphic
/// body before its tag is read, or one whose tag no version knows.
///
/// ```
/// use amlkeys_secret::SecretObject;
///
/// let body: SecretObject = serde_json::from_str(r#"{"computeType":"Abacus","beads":"invented"}"#)?;
/// assert_eq!(format!("{body:?}"), "SecretObject([redacted])");
/// assert_eq!(body.get("computeType").and_then(|tag| tag.as_secret()).map(|tag| tag.expose()), Some("Abacus"));
/// assert_eq!(serde_json::to_string(&body)?, r#"{"computeType":"Abacus","beads":"invented"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct SecretObject(Vec<(Secret, SecretValue)>);

/// Any JSON value, not printed: redacted in `Debug`, real in `Serialize`; its
/// strings are wiped when dropped.
#[derive(Clone)]
pub struct SecretValue(Json);

#[derive(Clone)]
enum Json {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    String(Secret),
    Array(Vec<SecretValue>),
    Object(SecretObject),
}

impl SecretObject {
    /// The value of a property, `None` if the object has none of that name.
    pub fn get(&self, name: &str) -> Option<&SecretValue> {
        self.0
            .iter()
            .find(|(key, _)| key.expose() == name)
            .map(|(_, value)| value)
    }

    /// The names of the properties, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.expose())
    }

    /// A copy in which every string, number and boolean is replaced by the
    /// mask, except in the top-level properties named in `public`.
    pub fn masked_except(&self, public: &[&str]) -> Self {
        let mask = |(name, value): &(Secret, SecretValue)| {
            let value = if public.contains(&name.expose()) {
                value.clone()
            } else {
                value.masked()
            };
            (name.clone(), value)
        };
        Self(self.0.iter().map(mask).collect())
    }

    /// Reads the object as a type that knows its properties, moving the
    /// strings over without a copy.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] names the property that has another type than `T`
    /// wants; it never holds a value.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T, DecodeError> {
        T::deserialize(SecretValue(Json::Object(self)))
    }
}

impl SecretValue {
    /// The string, if the value is one.
    pub fn as_secret(&self) -> Option<&Secret> {
        match &self.0 {
            Json::String(secret) => Some(secret),
            _ => None,
        }
    }

    /// The object, if the value is one.
    pub fn as_object(&self) -> Option<&SecretObject> {
        match &self.0 {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, if the value is an array.
    pub fn as_array(&self) -> Option<&[SecretValue]> {
        match &self.0 {
            Json::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.0, Json::Null)
    }

    fn masked(&self) -> Self {
        Self(match &self.0 {
            Json::Null => Json::Null,
            Json::Array(elements) => Json::Array(elements.iter().map(Self::masked).collect()),
            Json::Object(object) => Json::Object(object.masked_except(&[])),
            _ => Json::String(Secret::new(crate::MASK)),
        })
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

impl Serialize for SecretObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for SecretValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Unsigned(value) => serializer.serialize_u64(*value),
            Json::Signed(value) => serializer.serialize_i64(*value),
            Json::Float(value) => serializer.serialize_f64(*value),
            Json::String(secret) => secret.serialize(serializer),
            Json::Array(elements) => {
                let mut seq = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    seq.serialize_element(element)?;
                }
                seq.end()
            }
            Json::Object(object) => object.serialize(serializer),
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
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = SecretObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SecretObject, A::Error> {
        let mut properties = Vec::with_capacity(map.size_hint().unwrap_or(4).min(64));
        while let Some(property) = map.next_entry()? {
            properties.push(property);
        }
        match is_any_repeated(&properties) {
            true => Err(de::Error::custom("a property is repeated")),
            false => Ok(SecretObject(properties)),
        }
    }
}

/// Sorts when there are many, so that a hostile body costs no quadratic time.
fn is_any_repeated(properties: &[(Secret, SecretValue)]) -> bool {
    const FEW: usize = 8;
    if properties.len() <= FEW {
        return properties.iter().enumerate().any(|(index, (name, _))| {
            let earlier = &properties[..index];
            earlier
                .iter()
                .any(|(other, _)| other.expose() == name.expose())
        });
    }
    let mut names: Vec<&str> = properties.iter().map(|(name, _)| name.expose()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = SecretValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::Null))
    }

    fn visit_none<E>(self) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<SecretValue, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::Signed(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::String(Secret::new(value))))
    }

    fn visit_string<E>(self, value: String) -> Result<SecretValue, E> {
        Ok(SecretValue(Json::String(Secret::new(value))))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<SecretValue, A::Error> {
        let mut elements = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(64));
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(SecretValue(Json::Array(elements)))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<SecretValue, A::Error> {
        Ok(SecretValue(Json::Object(ObjectVisitor.visit_map(map)?)))
    }
}

/// Why [`SecretObject::decode`] failed: the place, never the value.
///
/// ```
/// use amlkeys_secret::{Secret, SecretObject};
///
/// #[derive(serde::Deserialize)]
/// struct Token { token: Secret }
///
/// let body: SecretObject = serde_json::from_str(r#"{"token": 4711}"#)?;
/// let error = body.decode::<Token>().map(|it| it.token).unwrap_err();
/// assert_eq!(error.to_string(), "property `token` is not of the expected type");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct DecodeError {
    path: String,
}

impl DecodeError {
    /// The property that could not be read, as in `administratorAccount.password`;
    /// empty if it is the object itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn inside(mut self, step: &str) -> Self {
        if !self.path.is_empty() {
            self.path.insert(0, '.');
        }
        self.path.insert_str(0, step);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str("the object is not of the expected type"),
            path => write!(f, "property `{path}` is not of the expected type"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    /// Drops the message, because serde's messages quote values.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self {
            path: String::new(),
        }
    }
}

/// A string is given away only to those who ask for one; all others see it and
/// leave it to be wiped.
impl<'de> Deserializer<'de> for SecretValue {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(value),
            Json::Unsigned(value) => visitor.visit_u64(value),
            Json::Signed(value) => visitor.visit_i64(value),
            Json::Float(value) => visitor.visit_f64(value),
            Json::String(secret) => visitor.visit_str(secret.expose()),
            Json::Array(elements) => visitor.visit_seq(Elements {
                rest: elements.into_iter(),
                index: 0,
            }),
            Json::Object(object) => visitor.visit_map(Properties {
                rest: object.0.into_iter(),
                current: None,
            }),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Json::String(secret) => visitor.visit_string(secret.take()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Json::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

impl IntoDeserializer<'_, DecodeError> for SecretValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Properties {
    rest: std::vec::IntoIter<(Secret, SecretValue)>,
    current: Option<(Secret, SecretValue)>,
}

impl<'de> de::MapAccess<'de> for Properties {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        self.current = self.rest.next();
        match &self.current {
            Some((name, _)) => seed
                .deserialize(name.expose().into_deserializer())
                .map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let (name, value) = self
            .current
            .take()
            .expect("serde asks for a value after its key");
        seed.deserialize(value)
            .map_err(|error| error.inside(name.expose()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Elements {
    rest: std::vec::IntoIter<SecretValue>,
    index: usize,
}

impl<'de> de::SeqAccess<'de> for Elements {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(element) = self.rest.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(element)
            .map(Some)
            .map_err(|error| error.inside(&index.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
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
    fn decoding_moves_nested_strings_and_reads_null_as_none() {
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
