use std::fmt;
use std::io::BufRead;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::exchange::{Exchange, HeaderList, Request, Response};

use super::Judging;

/// Whether a recording begins like HAR: its first member is `log`.
pub(super) fn is_har(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let inside = text.strip_prefix(b"{").unwrap_or_default();
    inside.trim_ascii_start().starts_with(b"\"log\"")
}

/// Reads the entries of a HAR file, each by itself.
pub(super) fn read(recording: impl BufRead, judging: &mut Judging<'_>) -> std::io::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_reader(recording);
    let seed = Member {
        names: &["log", "entries"],
        judging,
    };
    match seed.deserialize(&mut deserializer) {
        Ok(()) => Ok(()),
        Err(error) if error.is_io() => Err(error.into()),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            judging.unreadable(&format!("no HAR at line {line} column {column}"));
            Ok(())
        }
    }
}

/// Walks into the members of these names, one in the other, to the entries.
struct Member<'j, 'n> {
    names: &'static [&'static str],
    judging: &'j mut Judging<'n>,
}

impl<'de> DeserializeSeed<'de> for Member<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.names.is_empty() {
            true => deserializer.deserialize_seq(self),
            false => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Member<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HAR")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if self.names.first() == Some(&name.as_str()) {
                members.next_value_seed(Member {
                    names: &self.names[1..],
                    judging: self.judging,
                })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<Entry>()? {
            // The status of a request that the browser gave up.
            if entry.response.status == 0 {
                continue;
            }
            match entry.exchange() {
                Some(exchange) => self.judging.exchange(&exchange),
                None => self.judging.unreadable("a body that is not in base64"),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Entry {
    request: EntryRequest,
    response: EntryResponse,
}

#[derive(Deserialize)]
struct EntryRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct EntryResponse {
    status: u16,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    content: Content,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    text: String,
    #[serde(default)]
    encoding: String,
}

impl Entry {
    fn exchange(self) -> Option<Exchange<'static>> {
        let Content { text, encoding } = self.response.content;
        let body = match encoding.as_str() {
            "base64" => BASE64_STANDARD.decode(text).ok()?,
            _ => text.into_bytes(),
        };
        Some(Exchange {
            request: Request {
                method: self.request.method.into(),
                url: self.request.url.into(),
                headers: list(self.request.headers),
            },
            response: Response {
                status: self.response.status,
                headers: list(self.response.headers),
                body: body.into(),
                is_truncated: false,
            },
        })
    }
}

fn list(headers: Vec<Header>) -> HeaderList<'static> {
    let headers = headers.into_iter();
    HeaderList(
        headers
            .map(|Header { name, value }| (name.into(), value.into()))
            .collect(),
    )
}
