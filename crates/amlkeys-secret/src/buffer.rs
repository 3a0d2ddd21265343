//! JSON that is kept until it is known what it is, with as few copies as can be.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use smallvec::SmallVec;

use crate::Secret;
use crate::node::{Kind, Node, properties};

/// The properties of an object, or one value.
#[derive(Default)]
pub(crate) struct Buffer<'de> {
    /// Names and strings are parts of the input. As many as most bodies have cost
    /// no allocation.
    pub(crate) nodes: SmallVec<[Node<&'de str>; 16]>,
    /// Those that are not, such as what is undone from its escapes.
    pub(crate) owned: Vec<Secret>,
}

impl<'de> Buffer<'de> {
    #[inline]
    pub(crate) fn push(&mut self, kind: Kind, number: u64, text: &'de str) {
        self.nodes.push(Node { kind, number, text });
    }

    pub(crate) fn push_owned(&mut self, kind: Kind, text: Secret) {
        self.push(kind, self.owned.len() as u64, "");
        self.owned.push(text);
    }

    /// The characters of a name or string.
    pub(crate) fn text(&self, node: &Node<&'de str>) -> &str {
        match node.kind {
            Kind::OwnedText | Kind::OwnedName => self.owned[node.number as usize].expose(),
            _ => node.text,
        }
    }

    /// Takes the rest of an object whose first nodes begin at `start`.
    ///
    /// Fails if a name is repeated.
    pub(crate) fn add_properties<A: MapAccess<'de>>(
        &mut self,
        start: usize,
        map: &mut A,
    ) -> Result<(), A::Error> {
        while map.next_key_seed(Name(self))?.is_some() {
            map.next_value_seed(Value(self))?;
        }
        self.expect_no_name_twice(start)
    }

    /// Fails if two of the properties that begin at a node have the same name.
    pub(crate) fn expect_no_name_twice<E: de::Error>(&self, start: usize) -> Result<(), E> {
        let inside = &self.nodes[start..];
        let mut letters = Letters::default();
        for (name, _) in properties(inside) {
            letters.add(self.text(name));
        }
        if !letters.may_be_repeated {
            return Ok(());
        }
        // Sorts, so that a hostile body costs no quadratic time.
        let names = properties(inside).map(|(name, _)| self.text(name));
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        match names.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(repeated()),
            false => Ok(()),
        }
    }
}

pub(crate) fn repeated<E: de::Error>() -> E {
    E::custom("a property is repeated")
}

/// Tells without comparing names that none is repeated: no two have the same
/// length, first and last letter.
#[derive(Default)]
struct Letters {
    seen: u64,
    may_be_repeated: bool,
}

impl Letters {
    fn add(&mut self, name: &str) {
        let letter = |letter: Option<&u8>| letter.copied().map_or(0, usize::from);
        let bytes = name.as_bytes();
        let place = bytes.len() + 3 * letter(bytes.first()) + 5 * letter(bytes.last());
        let bit = 1 << (place % 64);
        self.may_be_repeated |= self.seen & bit != 0;
        self.seen |= bit;
    }
}

/// Reads a name into a buffer.
pub(crate) struct Name<'b, 'de>(pub(crate) &'b mut Buffer<'de>);

impl<'de> DeserializeSeed<'de> for Name<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<(), E> {
        self.0.push(Kind::Name, 0, name);
        Ok(())
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.0.push_owned(Kind::OwnedName, Secret::new(name));
        Ok(())
    }

    fn visit_string<E>(self, name: String) -> Result<(), E> {
        self.0.push_owned(Kind::OwnedName, Secret::new(name));
        Ok(())
    }
}

/// Reads any value into a buffer.
pub(crate) struct Value<'b, 'de>(pub(crate) &'b mut Buffer<'de>);

impl Value<'_, '_> {
    fn push<E>(self, kind: Kind, number: u64) -> Result<(), E> {
        self.0.push(kind, number, "");
        Ok(())
    }

    fn end(buffer: &mut Buffer<'_>, start: usize) {
        buffer.nodes[start].number = (buffer.nodes.len() - start - 1) as u64;
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(Kind::Null, 0)
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.push(Kind::Null, 0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Kind::Bool, value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(Kind::Unsigned, value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Kind::Signed, value.cast_unsigned())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.push(Kind::Float, value.to_bits())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        self.0.push(Kind::Text, 0, value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.push_owned(Kind::OwnedText, Secret::new(value));
        Ok(())
    }

    fn visit_string<E>(self, value: String) -> Result<(), E> {
        self.0.push_owned(Kind::OwnedText, Secret::new(value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let buffer = self.0;
        let start = buffer.nodes.len();
        buffer.push(Kind::Array, 0, "");
        while seq.next_element_seed(Value(buffer))?.is_some() {}
        Self::end(buffer, start);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let buffer = self.0;
        let start = buffer.nodes.len();
        buffer.push(Kind::Object, 0, "");
        buffer.add_properties(start + 1, &mut map)?;
        Self::end(buffer, start);
        Ok(())
    }
}
