//! Exchanges as they may be shown: secrets are gone before they get here.

use serde::Serialize;
use serde_json::Value;

use crate::contract::{Contract, Kind, Shape, Version};
use crate::exchange::{Exchange, HeaderList, Request};
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

impl RedactedExchange {
    /// The exchange as it may be shown.
    pub fn of(exchange: &Exchange<'_>) -> Self {
        let Exchange { request, response } = exchange;
        Self {
            request: RedactedRequest::of(request),
            response: Some(RedactedResponse {
                status: response.status,
                headers: redacted_headers(&response.headers),
                body: RedactedBody::of(exchange),
            }),
        }
    }

    /// A request that was not answered, as it may be shown.
    pub(crate) fn unanswered(request: &Request<'_>) -> Self {
        Self {
            request: RedactedRequest::of(request),
            response: None,
        }
    }
}

impl RedactedRequest {
    fn of(request: &Request<'_>) -> Self {
        Self {
            method: request.method.to_string(),
            url: redacted_url(&request.url),
            headers: redacted_headers(&request.headers),
        }
    }
}

impl RedactedBody {
    fn of(exchange: &Exchange<'_>) -> Self {
        let body = &*exchange.response.body;
        if body.is_empty() {
            return Self::Empty;
        }
        match serde_json::from_slice::<Json<'_>>(body) {
            Ok(json) => Self::Json(redacted_json(&json, exchange)),
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

const REDACTED: &str = "[redacted]";

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

/// What the document calls public is shown; of all else, its type and length.
fn redacted_json(json: &Json<'_>, exchange: &Exchange<'_>) -> Value {
    let target = Target::of(&exchange.request.url);
    let version = Contract::get().version(target.api_version.as_deref().unwrap_or_default());
    match (exchange.response.status, target.called) {
        (400.., _) => redacted(&version.error, json, version),
        (200, Some(called)) => redacted(&version.operation(called.operation).answer, json, version),
        _ => hidden(json),
    }
}

fn redacted(shape: &Shape, json: &Json<'_>, version: &Version) -> Value {
    match (&shape.kind, json) {
        (Kind::Object(index), Json::Object(members)) => {
            let tag = version.shapes.object(*index).variants.as_ref();
            let tag = tag.and_then(|it| json.get(&it.tag)?.as_str());
            let object = version.shapes.variant(*index, tag);
            let members = members.iter().map(|(name, value)| {
                let value = match object.property(name) {
                    Some(shape) => redacted(shape, value, version),
                    None => hidden(value),
                };
                (shortened(name), value)
            });
            Value::Object(members.collect())
        }
        (Kind::Array(element), Json::Array(elements)) => {
            let elements = elements.iter();
            elements
                .map(|it| redacted(&element.0, it, version))
                .collect()
        }
        (_, Json::String(text)) if shape.is_public => text.to_string().into(),
        (_, json) => hidden(json),
    }
}

/// The structure alone.
fn hidden(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Array(elements) => elements.iter().map(hidden).collect(),
        Json::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, value)| (shortened(name), hidden(value)));
            Value::Object(members.collect())
        }
        other => format!("[redacted: {}]", other.described()).into(),
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}
