use std::borrow::Cow;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::body::{self, Response};
use crate::front_door::random_uuid;

/// What a sign-in is answered, and what the access log says of it.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// `issued`, or the error's code.
    pub(crate) outcome: Cow<'static, str>,
    pub(crate) client_id: Option<String>,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            outcome: Cow::Borrowed("answered"),
            client_id: None,
        }
    }

    pub(crate) fn issued(client_id: &str, body: Value) -> Self {
        Self {
            outcome: Cow::Borrowed("issued"),
            client_id: Some(client_id.to_owned()),
            ..Self::ok(body)
        }
    }

    /// Not Entra's words: what it says to a body without end is not sourced.
    pub(crate) fn unreadable() -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            outcome: Cow::Borrowed("unreadable"),
            ..Self::ok(json!({
                "error": "invalid_request",
                "error_description": "The request body is too large or ends too early.",
            }))
        }
    }

    pub(crate) fn into_response(self, trace: &Trace) -> Response {
        let mut response = Response::new(body::whole(self.body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, value);
        }
        trace.write(headers);
        response
    }
}

/// Those of Entra that clients can depend on.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    ),
    (
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache"),
    ),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
    (header::EXPIRES, HeaderValue::from_static("-1")),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
];

/// The ids and the time by which Entra finds a sign-in again.
pub(crate) struct Trace {
    pub(crate) trace_id: Uuid,
    pub(crate) correlation_id: Uuid,
    received: OffsetDateTime,
    echoes_correlation_id: bool,
}

impl Trace {
    pub(crate) fn new(request: &HeaderMap, received: SystemTime) -> Self {
        let sent = |name| request.get(name)?.to_str().ok();
        let correlation_id = sent(CLIENT_REQUEST_ID).and_then(|id| Uuid::try_parse(id).ok());
        let echo = sent("return-client-request-id").map(str::to_ascii_lowercase);
        Self {
            trace_id: random_uuid(),
            correlation_id: correlation_id.unwrap_or_else(random_uuid),
            received: received.into(),
            echoes_correlation_id: echo.as_deref() == Some("true"),
        }
    }

    /// `2023-05-06 06:03:00Z`
    pub(crate) fn timestamp(&self) -> String {
        let (date, time) = (self.received.date(), self.received.time());
        format!(
            "{date} {:02}:{:02}:{:02}Z",
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    fn write(&self, headers: &mut HeaderMap) {
        let value = |id: Uuid| HeaderValue::try_from(id.to_string()).expect("a GUID is ASCII");
        headers.insert("x-ms-request-id", value(self.trace_id));
        if self.echoes_correlation_id {
            headers.insert(CLIENT_REQUEST_ID, value(self.correlation_id));
        }
    }
}

const CLIENT_REQUEST_ID: &str = "client-request-id";
