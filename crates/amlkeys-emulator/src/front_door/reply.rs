use std::borrow::Cow;
use std::fmt::Write;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::body::{self, Response};
use crate::throttle::Kind;

/// Where everything that exists is said to be.
pub(crate) const LOCATION: &str = "eastus";
const REGION: &str = "EASTUS";

/// One answer, before the headers that every answer of ARM carries.
#[derive(Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
    remaining: Option<(Kind, u32)>,
    body: Bytes,
}

impl Reply {
    pub(crate) fn keys(body: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: JSON,
            headers: Vec::new(),
            remaining: None,
            body,
        }
    }

    /// ARM's error envelope (ARM RPC, common-api-details.md: code and message are required).
    pub(crate) fn error<'a>(
        status: StatusCode,
        code: &str,
        message: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self::json(
            status,
            &json!({"error": {"code": code, "message": message.into()}}),
        )
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            body: body.to_string().into(),
            ..Self::keys(Bytes::new())
        }
    }

    pub(crate) fn html(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "text/html; charset=us-ascii",
            ..Self::keys(Bytes::from_static(body.as_bytes()))
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// How many more requests of this kind ARM takes.
    pub(crate) fn with_remaining(mut self, kind: Kind, remaining: u32) -> Self {
        self.remaining = Some((kind, remaining));
        self
    }

    pub(crate) fn remaining(&self) -> Option<u32> {
        self.remaining.map(|(_, remaining)| remaining)
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn into_response(self, ids: &RequestIds) -> Response {
        let mut response = Response::new(body::whole(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(USUAL_HEADERS);
        headers.extend(self.headers);
        if let Some((kind, remaining)) = self.remaining {
            headers.insert(remaining_header(kind), remaining.into());
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
        ids.write(headers);
        response
    }
}

/// At least as many as most answers carry, with those that hyper adds.
const USUAL_HEADERS: usize = 12;

fn remaining_header(kind: Kind) -> HeaderName {
    HeaderName::from_static(match kind {
        Kind::Read => "x-ms-ratelimit-remaining-subscription-reads",
        Kind::Write => "x-ms-ratelimit-remaining-subscription-writes",
        Kind::Delete => "x-ms-ratelimit-remaining-subscription-deletes",
    })
}

const JSON: &str = "application/json; charset=utf-8";

/// The ids by which one request is found again.
pub(crate) struct RequestIds {
    request_id: Uuid,
    received: OffsetDateTime,
    correlation_request_id: Option<HeaderValue>,
    client_request_id: Option<HeaderValue>,
}

impl RequestIds {
    pub(crate) fn new(request: &HeaderMap, received: SystemTime) -> Self {
        Self {
            request_id: random_uuid(),
            received: received.into(),
            correlation_request_id: request.get(CORRELATION_REQUEST_ID).cloned(),
            client_request_id: request
                .get(CLIENT_REQUEST_ID)
                .filter(|_| wants_client_request_id(request))
                .cloned(),
        }
    }

    pub(crate) fn request_id(&self) -> Uuid {
        self.request_id
    }

    fn write(&self, headers: &mut HeaderMap) {
        let routing_request_id = self.routing_request_id();
        // Its end, so that one piece of memory holds all three.
        let request_id = routing_request_id.len() - Hyphenated::LENGTH;
        let request_id = visible_ascii(routing_request_id.slice(request_id..));
        let correlation_request_id = self.correlation_request_id.as_ref().unwrap_or(&request_id);
        headers.insert(CORRELATION_REQUEST_ID, correlation_request_id.clone());
        headers.insert(ROUTING_REQUEST_ID, visible_ascii(routing_request_id));
        headers.insert(REQUEST_ID, request_id);
        if let Some(client_request_id) = &self.client_request_id {
            headers.insert(CLIENT_REQUEST_ID, client_request_id.clone());
        }
    }

    /// `REGION:yyyyMMddTHHmmssZ:GUID`
    fn routing_request_id(&self) -> Bytes {
        const LENGTH: usize = REGION.len() + ":yyyyMMddTHHmmssZ:".len() + Hyphenated::LENGTH;

        let (year, month, day) = self.received.to_calendar_date();
        let (hour, minute, second) = self.received.to_hms();
        let date = year * 10_000 + i32::from(u8::from(month)) * 100 + i32::from(day);
        let time = u32::from(hour) * 10_000 + u32::from(minute) * 100 + u32::from(second);
        let mut id = String::with_capacity(LENGTH);
        write!(id, "{REGION}:{date:08}T{time:06}Z:{}", self.request_id)
            .expect("a String takes what it is given");
        id.into()
    }
}

/// Of version 4. No secret hangs on it, so it needs no system call for its randomness.
pub(crate) fn random_uuid() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const CORRELATION_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const ROUTING_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-routing-request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// ARM RPC, common-api-details.md: the id is echoed only on request.
fn wants_client_request_id(request: &HeaderMap) -> bool {
    request
        .get("x-ms-return-client-request-id")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

fn visible_ascii(value: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(value).expect("a GUID, a region and a time are visible ASCII")
}
