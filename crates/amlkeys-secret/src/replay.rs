//! Decodes what was kept.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::buffer::Buffer;
use crate::node::{Kind, Node};
use crate::{DecodeError, Secret};

/// What of a buffer is still to be read.
#[derive(Default)]
pub(crate) struct Rest<'de> {
    pub(crate) buffer: Buffer<'de>,
    next: usize,
}

impl<'de> Rest<'de> {
    pub(crate) fn of(buffer: Buffer<'de>) -> Self {
        Self { buffer, next: 0 }
    }

    /// The name that is next, `None` if there are no more.
    pub(crate) fn peek_name(&self) -> Option<&str> {
        let name = self.buffer.nodes.get(self.next)?;
        Some(self.buffer.text(name))
    }

    /// Lets a seed see the name that is next.
    pub(crate) fn seed_name<K: DeserializeSeed<'de>, E: de::Error>(
        &mut self,
        seed: K,
    ) -> Result<K::Value, E> {
        let name = self.buffer.nodes[self.next];
        self.next += 1;
        match name.kind {
            Kind::OwnedName => seed.deserialize(StrDeserializer::new(self.buffer.text(&name))),
            _ => seed.deserialize(BorrowedStrDeserializer::new(name.text)),
        }
    }

    /// Passes over the value that is next.
    pub(crate) fn skip_value(&mut self) {
        self.next += 1 + self.buffer.nodes[self.next].inside();
    }

    /// Puts a property in front of the others, if the next value is an object
    /// that has it.
    fn bring_to_front(&mut self, name: &str) {
        let value = self.buffer.nodes[self.next];
        if value.kind != Kind::Object {
            return;
        }
        let first = self.next + 1;
        let mut place = first;
        while place < first + value.inside() {
            let length = 2 + self.buffer.nodes[place + 1].inside();
            if self.buffer.text(&self.buffer.nodes[place]) == name {
                self.buffer.nodes[first..place + length].rotate_right(length);
                return;
            }
            place += length;
        }
    }
}

/// The value that is next. An owned string is given away only to those who ask
/// for one; all others see it and leave it to be wiped.
pub(crate) struct Replay<'r, 'de>(pub(crate) &'r mut Rest<'de>);

impl<'de> Replay<'_, 'de> {
    fn take(&mut self) -> Node<&'de str> {
        let node = self.0.buffer.nodes[self.0.next];
        self.0.next += 1;
        node
    }

    fn visit<V: Visitor<'de>>(
        self,
        node: Node<&'de str>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match node.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(node.number != 0),
            Kind::Unsigned => visitor.visit_u64(node.number),
            Kind::Signed => visitor.visit_i64(node.number.cast_signed()),
            Kind::Float => visitor.visit_f64(f64::from_bits(node.number)),
            Kind::Text | Kind::Name => visitor.visit_borrowed_str(node.text),
            Kind::OwnedText | Kind::OwnedName => visitor.visit_str(self.0.buffer.text(&node)),
            Kind::Array => self.inside(node, |inside| visitor.visit_seq(inside)),
            Kind::Object => self.inside(node, |inside| visitor.visit_map(inside)),
        }
    }

    fn inside<T>(
        self,
        node: Node<&'de str>,
        visit: impl FnOnce(&mut Inside<'_, 'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let end = self.0.next + node.inside();
        let mut inside = Inside {
            rest: self.0,
            end,
            index: 0,
            name: 0,
        };
        let value = visit(&mut inside)?;
        self.0.next = end;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for Replay<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let node = self.take();
        self.visit(node, visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let node = self.take();
        match node.kind {
            Kind::OwnedText => {
                let place = &mut self.0.buffer.owned[node.number as usize];
                visitor.visit_string(std::mem::replace(place, Secret::new("")).take())
            }
            _ => self.visit(node, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.0.skip_value();
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.buffer.nodes[self.0.next].kind {
            Kind::Null => {
                self.take();
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
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if let [only] = fields {
            self.0.bring_to_front(only);
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf
        unit unit_struct seq tuple tuple_struct map enum identifier
    }
}

/// What is inside an array or object.
struct Inside<'r, 'de> {
    rest: &'r mut Rest<'de>,
    /// The first node after it.
    end: usize,
    /// Of the next element.
    index: usize,
    /// The node of the name that was read last.
    name: usize,
}

impl<'de> de::SeqAccess<'de> for Inside<'_, 'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.rest.next == self.end {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        seed.deserialize(Replay(self.rest))
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
        if self.rest.next == self.end {
            return Ok(None);
        }
        self.name = self.rest.next;
        self.rest.seed_name(seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        seed.deserialize(Replay(self.rest)).map_err(|error| {
            let buffer = &self.rest.buffer;
            error.inside(buffer.text(&buffer.nodes[self.name]))
        })
    }
}
