use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::json::{Json, Text};

/// One request and its answer, as they went over the wire.
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    /// What was asked.
    pub request: Request<'a>,
    /// What was answered.
    pub response: Response<'a>,
}

/// What was asked. Its body is not kept: the operations have none.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Cow<'a, str>,
    /// The URL, or its path and query.
    pub url: Cow<'a, str>,
    /// The headers, in order.
    pub headers: HeaderList<'a>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// The status.
    pub status: u16,
    /// The headers, in order.
    pub headers: HeaderList<'a>,
    /// The body, without transfer and content codings.
    pub body: Cow<'a, [u8]>,
    /// Whether the connection ended before the body was whole.
    pub is_truncated: bool,
}

/// Headers, in order.
#[derive(Clone, Debug, Default)]
pub struct HeaderList<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl HeaderList<'_> {
    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.0.iter();
        let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }

    /// All values of a header.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let headers = self.0.iter();
        let named = headers.filter(move |(header, _)| header.eq_ignore_ascii_case(name));
        named.map(|(_, value)| &**value)
    }
}

/// An object of texts or lists of texts, or a list of `{"name", "value"}` as in HAR.
impl<'de: 'a, 'a> Deserialize<'de> for HeaderList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeadersVisitor(PhantomData))
    }
}

struct HeadersVisitor<'a>(PhantomData<HeaderList<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for HeadersVisitor<'a> {
    type Value = HeaderList<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut headers = Vec::with_capacity(16);
        while let Some(Text(name)) = members.next_key::<Text<'a>>()? {
            match members.next_value::<Json<'a>>()? {
                Json::String(value) => headers.push((name, value)),
                Json::Array(values) => headers.extend(values.into_iter().filter_map(|value| {
                    let Json::String(value) = value else {
                        return None;
                    };
                    Some((name.clone(), value))
                })),
                _ => {}
            }
        }
        Ok(HeaderList(headers))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        #[derive(serde::Deserialize)]
        struct Header<'a> {
            #[serde(borrow)]
            name: Text<'a>,
            #[serde(borrow)]
            value: Text<'a>,
        }
        let mut headers = Vec::with_capacity(16);
        while let Some(header) = elements.next_element::<Header<'a>>()? {
            headers.push((header.name.0, header.value.0));
        }
        Ok(HeaderList(headers))
    }
}
