//! A text of JSON or YAML as one kind of tree, in which every value knows where it stands.

mod json;
mod yaml;

use std::borrow::Cow;

use bytes::Bytes;

use super::error::Refusal;

/// A value with its place in the text.
#[derive(Clone)]
pub(crate) struct Node<'t> {
    /// The byte of the text at which it begins.
    pub(crate) at: usize,
    content: Content<'t>,
}

#[derive(Clone)]
enum Content<'t> {
    /// Looked into when it is asked for: a body is answered with the bytes that it has here.
    Json(&'t str),
    Yaml(Box<Value<'t>>),
}

/// What a value is, one level deep.
#[derive(Clone)]
pub(crate) enum Value<'t> {
    Null,
    Boolean(bool),
    /// As JSON writes it.
    Number(Cow<'t, str>),
    Text(Cow<'t, str>),
    Sequence(Vec<Node<'t>>),
    Mapping(Vec<(Key<'t>, Node<'t>)>),
}

/// The name of a value in a mapping, with its place in the text.
#[derive(Clone)]
pub(crate) struct Key<'t> {
    pub(crate) at: usize,
    pub(crate) name: Cow<'t, str>,
}

/// Reads a text: JSON if it begins with `{` or `[`, else YAML.
pub(crate) fn read(text: &str) -> Result<Node<'_>, Refusal> {
    match text.trim_start().chars().next() {
        None => Err(Refusal::new(
            0,
            "the file is empty; start from `amlkeys emulator --print-state`",
        )),
        Some('{' | '[') => json::read(text),
        Some(_) => yaml::read(text),
    }
}

impl<'t> Node<'t> {
    pub(crate) fn value(self) -> Result<Value<'t>, Refusal> {
        match self.content {
            Content::Json(text) => json::value(text, self.at),
            Content::Yaml(value) => Ok(*value),
        }
    }

    pub(crate) fn text(self) -> Result<Cow<'t, str>, Refusal> {
        let at = self.at;
        match self.value()? {
            Value::Text(text) => Ok(text),
            other => Err(other.is_not("text", at)),
        }
    }

    pub(crate) fn boolean(self) -> Result<bool, Refusal> {
        let at = self.at;
        match self.value()? {
            Value::Boolean(boolean) => Ok(boolean),
            other => Err(other.is_not("true or false", at)),
        }
    }

    pub(crate) fn items(self) -> Result<Vec<Node<'t>>, Refusal> {
        let at = self.at;
        match self.value()? {
            Value::Sequence(items) => Ok(items),
            other => Err(other.is_not("a list", at)),
        }
    }

    pub(crate) fn entries(self) -> Result<Vec<(Key<'t>, Node<'t>)>, Refusal> {
        let at = self.at;
        match self.value()? {
            Value::Mapping(entries) => Ok(entries),
            other => Err(other.is_not("an object", at)),
        }
    }

    /// The value as JSON: the bytes of the file if it is JSON, else in the file's order.
    pub(crate) fn json(&self) -> Bytes {
        let mut json = Vec::new();
        self.write(&mut json);
        json.into()
    }

    fn write(&self, json: &mut Vec<u8>) {
        match &self.content {
            Content::Json(text) => json.extend_from_slice(text.as_bytes()),
            Content::Yaml(value) => value.write(json),
        }
    }
}

impl Value<'_> {
    /// The refusal of a value, at this place, that is not what is expected there.
    pub(crate) fn is_not(&self, expected: &str, at: usize) -> Refusal {
        let found = match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "an object",
        };
        let advice = match (expected, self) {
            ("text", Self::Boolean(_) | Self::Number(_)) => ": put it in quotes",
            _ => "",
        };
        Refusal::new(at, format!("expected {expected}, found {found}{advice}"))
    }

    fn write(&self, json: &mut Vec<u8>) {
        match self {
            Self::Null => json.extend_from_slice(b"null"),
            Self::Boolean(boolean) => json.extend_from_slice(boolean.to_string().as_bytes()),
            Self::Number(number) => json.extend_from_slice(number.as_bytes()),
            Self::Text(text) => json::write_text(text, json),
            Self::Sequence(items) => {
                json.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        json.push(b',');
                    }
                    item.write(json);
                }
                json.push(b']');
            }
            Self::Mapping(entries) => {
                write_object(entries.iter().map(|(key, node)| (&*key.name, node)), json);
            }
        }
    }
}

/// An object of these properties, in this order.
pub(crate) fn object<'n, 't: 'n>(
    properties: impl Iterator<Item = (&'n str, &'n Node<'t>)>,
) -> Bytes {
    let mut json = Vec::new();
    write_object(properties, &mut json);
    json.into()
}

fn write_object<'n, 't: 'n>(
    properties: impl Iterator<Item = (&'n str, &'n Node<'t>)>,
    json: &mut Vec<u8>,
) {
    json.push(b'{');
    for (index, (name, node)) in properties.enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json::write_text(name, json);
        json.push(b':');
        node.write(json);
    }
    json.push(b'}');
}
