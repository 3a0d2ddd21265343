//! Exchanges as they may be shown: secrets are gone before they get here.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

use crate::contract::{Contract, Kind, Shape, Version};
use crate::exchange::{Exchange, HeaderList, Request};
use crate::finding::{Finding, Place};
use crate::json::Json;
use crate::target::{Target, path_and_query};

/// An exchange without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RedactedExchange {
    /// What was asked.
    pub request: RedactedRequest,
    /// What was answered; none if nothing came.
    pub response: Option<RedactedResponse>,
}

/// A request without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RedactedRequest {
    /// The method.
    pub method: String,
    /// The URL; of its query only the api-version is shown.
    pub url: String,
    /// The headers, in order; of those that are not known to be public only the name is shown.
    pub headers: Vec<(String, String)>,
}

/// An answer without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RedactedResponse {
    /// The status.
    pub status: u16,
    /// The headers, in order; of those that are not known to be public only the name is shown.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RedactedBody,
}

/// A body without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RedactedBody {
    /// There was none.
    Empty,
    /// JSON: the strings that the overlay calls public, and of all else type and length.
    Json(Value),
    /// Something else: its length.
    Other {
        /// In bytes.
        bytes: usize,
    },
}

/// The secrets of an exchange: they may come back where texts are shown, as in the message of an
/// error that quotes a token.
#[derive(Default)]
pub(crate) struct Secrets {
    long: BTreeSet<String>,
    /// Those that may stand in a text by chance. Taking one out of a sentence would tell what it
    /// was, so a text that has one as a word is not shown at all.
    short: BTreeSet<String>,
}

impl Secrets {
    pub(crate) fn of(exchange: &Exchange<'_>) -> Self {
        let mut secrets = Self::of_request(&exchange.request);
        secrets.add_headers(&exchange.response.headers);
        if let Ok(json) = serde_json::from_slice::<Json<'_>>(&exchange.response.body) {
            let mut hidden = Self::default();
            redacted_json(&json, exchange, &mut hidden);
            // What was asked for is known already: a name that is repeated in an extra property.
            let (path, _) = path_and_query(&exchange.request.url);
            let is_news = |it: &String| !path.contains(it);
            secrets.long.extend(hidden.long.into_iter().filter(is_news));
            let short = hidden.short.into_iter().filter(is_news);
            secrets.short.extend(short);
        }
        secrets
    }

    fn of_request(request: &Request<'_>) -> Self {
        let mut secrets = Self::default();
        secrets.add_headers(&request.headers);
        let (_, query) = path_and_query(&request.url);
        let parameters = query.split('&').filter_map(|it| it.split_once('='));
        for (name, value) in parameters {
            if !name.eq_ignore_ascii_case("api-version") {
                secrets.add(value);
                secrets.add(&percent_decode_str(value).decode_utf8_lossy());
            }
        }
        secrets
    }

    /// Three characters are in any text; they are not looked for.
    pub(crate) fn add(&mut self, secret: &str) {
        let secrets = match secret.len() {
            _ if secret.starts_with(REDACTED_START) => return,
            0..4 => return,
            4..LONG => &mut self.short,
            _ => &mut self.long,
        };
        secrets.insert(secret.to_owned());
    }

    /// A header that is not shown is a secret as a whole, and so is each of its words: a token
    /// without its scheme, a cookie without its name.
    fn add_headers(&mut self, headers: &HeaderList<'_>) {
        for (_, value) in headers.0.iter().filter(|(name, _)| holds_secrets(name)) {
            self.add(value.split_once(' ').map_or(value, |(_, token)| token));
            let words = value.split([' ', ';', ',', '=', '"']);
            // Shorter ones are schemes and attributes.
            for word in words.filter(|it| it.len() >= LONG) {
                self.add(word);
            }
        }
    }

    /// A text without them.
    pub(crate) fn scrubbed(&self, text: &str) -> String {
        match self.short.iter().any(|it| has_word(text, it)) {
            true => REDACTED.to_owned(),
            false => self.without_long(text),
        }
    }

    /// A text without the long ones, the longest first.
    fn without_long(&self, text: &str) -> String {
        let mut found: Vec<&String> = self.long.iter().filter(|it| text.contains(*it)).collect();
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let scrub = |text: String, secret: &String| text.replace(secret, REDACTED);
        found.into_iter().fold(text.to_owned(), scrub)
    }

    /// A finding without them. What is expected is in our own words.
    pub(crate) fn scrubbed_finding(&self, finding: Finding) -> Finding {
        let at = match finding.at {
            Place::Pointer(pointer) => {
                let names = pointer.split('/').map(|name| self.scrubbed_name(name));
                Place::Pointer(names.collect::<Vec<String>>().join("/"))
            }
            at => at,
        };
        let seen = self.scrubbed(&finding.seen);
        Finding {
            at,
            seen,
            ..finding
        }
    }

    /// A name that is documented stays, or a key that happens to be `password` would be told by
    /// what is missing from `passwords`.
    fn scrubbed_name(&self, name: &str) -> String {
        match Contract::get().is_property(name) {
            true => name.to_owned(),
            false => self.without_long(name),
        }
    }

    fn scrubbed_headers(&self, headers: &HeaderList<'_>) -> Vec<(String, String)> {
        let headers = redacted_headers(headers).into_iter();
        headers
            .map(|(name, value)| (name, self.scrubbed(&value)))
            .collect()
    }

    fn scrubbed_json(&self, json: Value) -> Value {
        match json {
            Value::String(text) => self.scrubbed(&text).into(),
            Value::Array(elements) => {
                let elements = elements.into_iter();
                elements.map(|it| self.scrubbed_json(it)).collect()
            }
            Value::Object(members) => {
                let members = members.into_iter();
                let members =
                    members.map(|(name, it)| (self.scrubbed_name(&name), self.scrubbed_json(it)));
                Value::Object(members.collect())
            }
            other => other,
        }
    }
}

impl RedactedExchange {
    /// The exchange as it may be shown.
    pub fn of(exchange: &Exchange<'_>) -> Self {
        Self::without(&Secrets::of(exchange), exchange)
    }

    /// The same, and without these secrets wherever they stand.
    pub(crate) fn without(secrets: &Secrets, exchange: &Exchange<'_>) -> Self {
        let Exchange { request, response } = exchange;
        Self {
            request: RedactedRequest::without(secrets, request),
            response: Some(RedactedResponse {
                status: response.status,
                headers: secrets.scrubbed_headers(&response.headers),
                body: RedactedBody::without(secrets, exchange),
            }),
        }
    }

    /// A request that was not answered, as it may be shown.
    pub(crate) fn unanswered(request: &Request<'_>) -> Self {
        Self {
            request: RedactedRequest::without(&Secrets::of_request(request), request),
            response: None,
        }
    }
}

impl RedactedRequest {
    fn without(secrets: &Secrets, request: &Request<'_>) -> Self {
        Self {
            method: secrets.without_long(&request.method),
            url: secrets.without_long(&redacted_url(&request.url)),
            headers: secrets.scrubbed_headers(&request.headers),
        }
    }
}

impl RedactedBody {
    fn without(secrets: &Secrets, exchange: &Exchange<'_>) -> Self {
        let body = &*exchange.response.body;
        if body.is_empty() {
            return Self::Empty;
        }
        match serde_json::from_slice::<Json<'_>>(body) {
            Ok(json) => {
                let shown = redacted_json(&json, exchange, &mut Secrets::default());
                Self::Json(secrets.scrubbed_json(shown))
            }
            Err(_) => Self::Other { bytes: body.len() },
        }
    }
}

/// Of a URL, the user and all of the query but the api-version are gone.
fn redacted_url(url: &str) -> String {
    let (path, query) = path_and_query(url);
    let origin = url
        .split_once("://")
        .map_or(String::new(), |(scheme, rest)| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}")
        });
    let shown: Vec<String> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("api-version") => parameter.to_owned(),
            Some((name, _)) => format!("{name}={REDACTED}"),
            None => REDACTED.to_owned(),
        })
        .collect();
    match shown.is_empty() {
        true => format!("{origin}{path}"),
        false => format!("{origin}{path}?{}", shown.join("&")),
    }
}

/// From so many characters on, a secret does not stand in a text by chance.
const LONG: usize = 8;

/// Whether a text has these characters, and not only as a part of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

const REDACTED: &str = "[redacted]";
const REDACTED_START: &str = "[redacted";

fn redacted_headers(headers: &HeaderList<'_>) -> Vec<(String, String)> {
    let headers = headers.0.iter();
    headers
        .map(|(name, value)| {
            let shown = match is_public(name) {
                true => value.to_string(),
                false => REDACTED.to_owned(),
            };
            (name.to_string(), shown)
        })
        .collect()
}

fn is_public(header: &str) -> bool {
    const PUBLIC: [&str; 21] = [
        "accept",
        "accept-language",
        "allow",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expires",
        "host",
        "pragma",
        "retry-after",
        "retry-after-ms",
        "server",
        "strict-transport-security",
        "transfer-encoding",
        "user-agent",
        "www-authenticate",
        "x-content-type-options",
        "x-ms-return-client-request-id",
    ];
    let header = header.to_ascii_lowercase();
    PUBLIC.contains(&header.as_str())
        || header.starts_with("x-ms-ratelimit-")
        || header.starts_with("x-ms-failure-")
        || (header.starts_with("x-ms-") && header.ends_with("request-id"))
        || header == "x-ms-retry-after-ms"
}

/// Whether what a header holds may be looked for elsewhere: ids and addresses that a proxy adds are
/// not shown, but they are no secrets.
fn holds_secrets(header: &str) -> bool {
    const WORDS: [&str; 8] = [
        "auth",
        "cookie",
        "credential",
        "key",
        "password",
        "secret",
        "sig",
        "token",
    ];
    let header = header.to_ascii_lowercase();
    !is_public(&header) && WORDS.iter().any(|word| header.contains(word))
}

/// What the document calls public is shown; of all else, its type and length. Strings that are not
/// shown are added to the secrets.
fn redacted_json(json: &Json<'_>, exchange: &Exchange<'_>, secrets: &mut Secrets) -> Value {
    let target = Target::of(&exchange.request.url);
    let version = Contract::get().version(target.api_version.as_deref().unwrap_or_default());
    match (exchange.response.status, target.called) {
        (400.., _) => redacted(&version.error, json, version, secrets),
        (200, Some(called)) => {
            let answer = &version.operation(called.operation).answer;
            redacted(answer, json, version, secrets)
        }
        _ => hidden(json, secrets),
    }
}

fn redacted(shape: &Shape, json: &Json<'_>, version: &Version, secrets: &mut Secrets) -> Value {
    match (&shape.kind, json) {
        (Kind::Object(index), Json::Object(members)) => {
            let tag = version.shapes.object(*index).variants.as_ref();
            let tag = tag.and_then(|it| json.get(&it.tag)?.as_str());
            let object = version.shapes.variant(*index, tag);
            let members = members.iter().map(|(name, value)| {
                let value = match object.property(name) {
                    Some(shape) => redacted(shape, value, version, secrets),
                    None => hidden(value, secrets),
                };
                (shortened(name), value)
            });
            Value::Object(members.collect())
        }
        (Kind::Array(element), Json::Array(elements)) => {
            let elements = elements.iter();
            elements
                .map(|it| redacted(&element.0, it, version, secrets))
                .collect()
        }
        (_, Json::String(text)) if shape.is_public => text.to_string().into(),
        (_, json) => hidden(json, secrets),
    }
}

/// The structure alone.
fn hidden(json: &Json<'_>, secrets: &mut Secrets) -> Value {
    if let Json::String(text) = json {
        secrets.add(text);
    }
    match json {
        Json::Null => Value::Null,
        Json::Array(elements) => elements.iter().map(|it| hidden(it, secrets)).collect(),
        Json::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (shortened(name), hidden(value, secrets)));
            Value::Object(members.collect())
        }
        other => format!("[redacted: {}]", other.described()).into(),
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}
