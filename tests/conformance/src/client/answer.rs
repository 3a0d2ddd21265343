use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::case::{Body, Break, GivenResponse};
use crate::exchange::{HeaderList, Response};

use super::run::Run;

/// An answer as it goes over the wire.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    pub(super) delay: Duration,
    pub(super) breaks: Option<Break>,
    /// Whether the connection ends with it, because nothing else says where it ends.
    pub(super) is_last: bool,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// The answer that a case gives.
    pub(super) fn of(given: &GivenResponse, run: &Run) -> Self {
        let status = given.status.unwrap_or(200);
        let body = given
            .body
            .as_ref()
            .map_or(Vec::new(), |it| bytes_of(it, run));
        let mut headers = headers_of(given);
        let mut add = |name: &str, value: &str| {
            if !given.headers.contains_key(name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        };
        if !body.is_empty() {
            add("content-type", "application/json; charset=utf-8");
        }
        if status != 204 {
            add("content-length", &body.len().to_string());
        }
        for (name, value) in REQUEST_IDS {
            add(name, value);
        }
        let mut answer = Self::whole(status, headers, body);
        if let Some(raw) = &given.raw {
            answer.bytes = raw.as_bytes().to_vec();
            answer.is_last = true;
        }
        answer.delay = Duration::from_secs_f64(given.delay_seconds.unwrap_or_default());
        answer.breaks = given.breaks;
        answer
    }

    /// What a request is answered that the case does not know: nothing that is worth another one.
    pub(super) fn to_unexpected() -> Self {
        let body =
            br#"{"error":{"code":"UnexpectedRequest","message":"The case has no such request."}}"#;
        let headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("content-length".to_owned(), body.len().to_string()),
        ];
        Self::whole(400, headers, body.to_vec())
    }

    /// For a report; a body that was cut off is shown as far as it would have gone.
    pub(super) fn shown(&self) -> Response<'_> {
        let headers = self.headers.iter();
        Response {
            status: self.status,
            headers: HeaderList(
                headers
                    .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                    .collect(),
            ),
            body: self.body.as_slice().into(),
            is_truncated: self.breaks.is_some(),
        }
    }

    fn whole(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let reason = reqwest::StatusCode::from_u16(status).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default());
        for (name, value) in &headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let is_framed = headers.iter().any(|(name, _)| name == "content-length");
        let is_last = !is_framed && status != 204;
        if is_last {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        Self {
            bytes: [head.as_bytes(), &body].concat(),
            delay: Duration::ZERO,
            breaks: None,
            is_last,
            status,
            headers,
            body,
        }
    }
}

const REQUEST_IDS: [(&str, &str); 3] = [
    ("x-ms-request-id", "5b1ab6a5-5f0b-4a4e-9c3e-000000000001"),
    (
        "x-ms-correlation-request-id",
        "5b1ab6a5-5f0b-4a4e-9c3e-000000000002",
    ),
    (
        "x-ms-routing-request-id",
        "WESTEUROPE:20250901T000000Z:5b1ab6a5-5f0b-4a4e-9c3e-000000000003",
    ),
];

fn headers_of(given: &GivenResponse) -> Vec<(String, String)> {
    let headers = given.given_headers();
    let each = headers.iter().flat_map(|(name, values)| {
        let values: Vec<&str> = values.iter().collect();
        values
            .into_iter()
            .map(|value| (name.clone(), value.to_owned()))
            .collect::<Vec<_>>()
    });
    each.collect()
}

fn bytes_of(body: &Body, run: &Run) -> Vec<u8> {
    match body {
        Body::Json(value) => value.to_string().into_bytes(),
        Body::Text(text) => text.clone().into_bytes(),
        Body::Base64(text) => BASE64_STANDARD.decode(text).expect("the tests decode each"),
        Body::Example(operation) => {
            let body = run.example_body(*operation);
            body.map(ToString::to_string)
                .unwrap_or_default()
                .into_bytes()
        }
        Body::Filler(length) => {
            let mut body = vec![b'x'; *length];
            if let Some(first) = body.first_mut() {
                *first = b'"';
            }
            body
        }
    }
}
