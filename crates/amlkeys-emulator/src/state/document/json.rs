use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Content, Key, Node, Value};
use crate::state::error::Refusal;

pub(super) fn read(text: &str) -> Result<Node<'_>, Refusal> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(text, &error))?;
    Ok(node(raw, text, 0))
}

/// The value that `text` is; it begins at the byte `at` of the whole.
pub(super) fn value(text: &str, at: usize) -> Result<Value<'_>, Refusal> {
    let refuse = |_| Refusal::new(at, "this cannot be read: an escape in it is no character");
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Properties(properties) = serde_json::from_str(text).map_err(refuse)?;
            let mut entries = Vec::new();
            for (name, raw) in properties {
                let node = node(raw, text, at);
                let at = match &name {
                    // Without its quotation mark.
                    Cow::Borrowed(name) => at + offset(name, text) - 1,
                    Cow::Owned(_) => node.at,
                };
                entries.push((Key { at, name }, node));
            }
            Value::Mapping(entries)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(refuse)?;
            Value::Sequence(items.into_iter().map(|raw| node(raw, text, at)).collect())
        }
        Some(b'"') => Value::Text(serde_json::from_str::<Text<'_>>(text).map_err(refuse)?.0),
        Some(b't') => Value::Boolean(true),
        Some(b'f') => Value::Boolean(false),
        Some(b'n') => Value::Null,
        _ => Value::Number(text.into()),
    })
}

pub(super) fn write_text(text: &str, json: &mut Vec<u8>) {
    serde_json::to_writer(json, text).expect("text can be written into memory");
}

fn node<'t>(raw: &'t RawValue, within: &'t str, at: usize) -> Node<'t> {
    Node {
        at: at + offset(raw.get(), within),
        content: Content::Json(raw.get()),
    }
}

/// Where a part of `within` begins.
fn offset(part: &str, within: &str) -> usize {
    part.as_ptr() as usize - within.as_ptr() as usize
}

fn syntax(text: &str, error: &serde_json::Error) -> Refusal {
    let line_before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let at = line_before + error.column().saturating_sub(1);
    Refusal::new(at, format!("this is not JSON: {reason}"))
}

/// Text that is borrowed where it has no escapes.
struct Text<'t>(Cow<'t, str>);

impl<'t> Deserialize<'t> for Text<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'t> Visitor<'t> for Reader {
            type Value = Text<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Text<'t>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'t>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

/// The properties of an object, in order, even those that have one name.
struct Properties<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'t> Deserialize<'t> for Properties<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'t> Visitor<'t> for Reader {
            type Value = Properties<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<Properties<'t>, M::Error> {
                let mut properties = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    properties.push((name, value));
                }
                Ok(Properties(properties))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
