//! Decodes what was kept.

use std::vec;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::DecodeError;
use crate::buffer::Text;
use crate::node::Node;

pub(crate) type Nodes<'de> = vec::IntoIter<Node<Text<'de>>>;

/// The value that comes next. An owned string is given away only to those who
/// ask for one; all others see it and leave it to be wiped.
pub(crate) struct Replay<'n, 'de>(pub(crate) &'n mut Nodes<'de>);

impl<'de> Replay<'_, 'de> {
    /// Puts a property in front of the others, if the value is an object that has it.
    fn bring_to_front(&mut self, name: &str) {
        let Some((Node::Object(inside), rest)) = self.0.as_mut_slice().split_first_mut() else {
            return;
        };
        let inside = &mut rest[..*inside];
        let mut start = 0;
        while let Some(Node::Name(found)) = inside.get(start) {
            let is_it = found.as_str() == name;
            let length = 2 + inside[start + 1].inside();
            if is_it {
                inside[..start + length].rotate_right(length);
                return;
            }
            start += length;
        }
    }

    fn visit<V: Visitor<'de>>(
        self,
        node: Node<Text<'de>>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match node {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(value),
            Node::Unsigned(value) => visitor.visit_u64(value),
            Node::Signed(value) => visitor.visit_i64(value),
            Node::Float(value) => visitor.visit_f64(value),
            Node::String(Text::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Node::String(Text::Owned(secret)) => visitor.visit_str(secret.expose()),
            Node::Array(inside) => self.inside(inside, |rest| visitor.visit_seq(rest)),
            Node::Object(inside) => self.inside(inside, |rest| visitor.visit_map(rest)),
            Node::Name(_) => unreachable!("a name is read with its value"),
        }
    }

    fn inside<T>(
        self,
        inside: usize,
        visit: impl FnOnce(&mut Inside<'_, 'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut rest = Inside {
            after: self.0.len() - inside,
            nodes: self.0,
            index: 0,
            name: None,
        };
        let value = visit(&mut rest)?;
        while !rest.is_over() {
            rest.nodes.next();
        }
        Ok(value)
    }
}

/// Passes over the value that comes next.
pub(crate) fn skip_value(nodes: &mut Nodes<'_>) {
    if let Some(inside @ 1..) = nodes.next().map(|node| node.inside()) {
        nodes.nth(inside - 1);
    }
}

impl<'de> Deserializer<'de> for Replay<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.next() {
            Some(node) => self.visit(node, visitor),
            None => Err(de::Error::custom("it ends too early")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.next() {
            Some(Node::String(Text::Owned(secret))) => visitor.visit_string(secret.take()),
            Some(node) => self.visit(node, visitor),
            None => Err(de::Error::custom("it ends too early")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        skip_value(self.0);
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.as_slice().first() {
            Some(Node::Null) => {
                skip_value(self.0);
                visitor.visit_none()
            }
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

    /// Who asks for one property only is to have it first: it is a tag.
    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if let [only] = fields {
            self.bring_to_front(only);
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf
        unit unit_struct seq tuple tuple_struct map enum identifier
    }
}

/// What is inside an array or object.
struct Inside<'n, 'de> {
    nodes: &'n mut Nodes<'de>,
    /// How many nodes come after it.
    after: usize,
    index: usize,
    name: Option<Text<'de>>,
}

impl Inside<'_, '_> {
    fn is_over(&self) -> bool {
        self.nodes.len() == self.after
    }
}

impl<'de> de::SeqAccess<'de> for Inside<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.is_over() {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        seed.deserialize(Replay(self.nodes))
            .map(Some)
            .map_err(|error| error.inside(&index.to_string()))
    }
}

impl<'de> de::MapAccess<'de> for Inside<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        if self.is_over() {
            return Ok(None);
        }
        let Some(Node::Name(name)) = self.nodes.next() else {
            unreachable!("a name stands before each value of an object");
        };
        let key = seed_name(seed, &name)?;
        self.name = Some(name);
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let name = self.name.take();
        seed.deserialize(Replay(self.nodes))
            .map_err(|error| match name {
                Some(name) => error.inside(name.as_str()),
                None => error,
            })
    }
}

/// Lets a seed see a name.
pub(crate) fn seed_name<'de, K: DeserializeSeed<'de>, E: de::Error>(
    seed: K,
    name: &Text<'de>,
) -> Result<K::Value, E> {
    match name {
        Text::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
        Text::Owned(name) => seed.deserialize(StrDeserializer::new(name.expose())),
    }
}
