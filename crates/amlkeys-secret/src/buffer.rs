//! JSON that is kept until it is known what it is, with as few copies as can be.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::Secret;
use crate::node::{Node, properties};

/// A string or name: part of the input, or undone from its escapes and wiped
/// when dropped.
pub(crate) enum Text<'de> {
    Borrowed(&'de str),
    Owned(Secret),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(secret) => secret.expose(),
        }
    }
}

/// The properties of an object, or one value.
#[derive(Default)]
pub(crate) struct Buffer<'de> {
    pub(crate) nodes: Vec<Node<Text<'de>>>,
}

impl<'de> Buffer<'de> {
    pub(crate) fn push(&mut self, node: Node<Text<'de>>) {
        /// As many as most bodies have.
        const USUAL: usize = 16;
        if self.nodes.capacity() == 0 {
            self.nodes.reserve_exact(USUAL);
        }
        self.nodes.push(node);
    }

    /// Takes the value of a name that has been read.
    pub(crate) fn add_value_of<A: MapAccess<'de>>(
        &mut self,
        name: Text<'de>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        self.push(Node::Name(name));
        if let Some(string) = map.next_value_seed(Value(self))? {
            self.push(Node::String(string));
        }
        Ok(())
    }

    /// Takes the rest of an object whose first nodes begin at `start`.
    ///
    /// Fails if a name is repeated.
    pub(crate) fn add_properties<A: MapAccess<'de>>(
        &mut self,
        start: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let mut seen = Names::default();
        for (name, _) in properties(&self.nodes[start..]) {
            seen.add(name.as_str());
        }
        while let Some(name) = map.next_key_seed(Name)? {
            seen.add(name.as_str());
            self.add_value_of(name, map)?;
        }
        match seen.may_be_repeated && is_any_repeated(&self.nodes[start..]) {
            true => Err(repeated()),
            false => Ok(()),
        }
    }

    /// Fails if two of the properties have the same name.
    pub(crate) fn expect_no_name_twice<E: de::Error>(&self) -> Result<(), E> {
        match is_any_repeated(&self.nodes) {
            true => Err(repeated()),
            false => Ok(()),
        }
    }
}

pub(crate) fn repeated<E: de::Error>() -> E {
    E::custom("a property is repeated")
}

/// Whether names may be repeated, told without comparing them: those of the
/// same length, first and last letter may.
#[derive(Default)]
struct Names {
    seen: u64,
    may_be_repeated: bool,
}

impl Names {
    fn add(&mut self, name: &str) {
        let letter = |letter: Option<&u8>| letter.copied().map_or(0, usize::from);
        let bytes = name.as_bytes();
        let place = bytes.len() + 3 * letter(bytes.first()) + 5 * letter(bytes.last());
        let bit = 1 << (place % 64);
        self.may_be_repeated |= self.seen & bit != 0;
        self.seen |= bit;
    }
}

/// Sorts, so that a hostile body costs no quadratic time.
fn is_any_repeated(inside: &[Node<Text<'_>>]) -> bool {
    let names = properties(inside).map(|(name, _)| name.as_str());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Reads a name.
pub(crate) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Text<'de>, E> {
        Ok(Text::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Text<'de>, E> {
        Ok(Text::Owned(Secret::new(name)))
    }

    fn visit_string<E>(self, name: String) -> Result<Text<'de>, E> {
        Ok(Text::Owned(Secret::new(name)))
    }
}

/// Reads any value: a string is given back, all else is in the buffer.
pub(crate) struct Value<'b, 'de>(pub(crate) &'b mut Buffer<'de>);

impl<'de> Value<'_, 'de> {
    fn push<E>(self, node: Node<Text<'de>>) -> Result<Option<Text<'de>>, E> {
        self.0.push(node);
        Ok(None)
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = Option<Text<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de> {
    type Value = Option<Text<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        self.push(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        self.push(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        self.push(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        self.push(Node::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        self.push(Node::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        self.push(Node::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Text::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(Text::Owned(Secret::new(value))))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Some(Text::Owned(Secret::new(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let buffer = self.0;
        let start = buffer.nodes.len();
        buffer.push(Node::Array(0));
        while let Some(element) = seq.next_element_seed(Value(buffer))? {
            if let Some(string) = element {
                buffer.push(Node::String(string));
            }
        }
        buffer.nodes[start] = Node::Array(buffer.nodes.len() - start - 1);
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let buffer = self.0;
        let start = buffer.nodes.len();
        buffer.push(Node::Object(0));
        buffer.add_properties(start + 1, &mut map)?;
        buffer.nodes[start] = Node::Object(buffer.nodes.len() - start - 1);
        Ok(None)
    }
}
