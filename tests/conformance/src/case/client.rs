use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Headers, Match, Names, Operation};

/// Calls to make with a client, the answers to give it, and what it must make of them.
///
/// Time is the client's virtual clock where it has one: it starts at `starts_at`, stands still while
/// nothing waits, and a wait moves it on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ClientScript {
    /// Where the virtual clock starts, as an HTTP date; some moment if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// What the client's credential hands out.
    #[serde(default)]
    pub credential: Credential,
    /// The limits that the client is set up with; its own where absent.
    #[serde(default)]
    pub limits: Limits,
    /// Every documented example of this operation: the case is repeated for each, which
    /// `{"example": …}` then stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each_example: Option<Operation>,
    /// The calls, one after the other unless they are `together`.
    pub calls: Vec<Call>,
    /// Whether the calls are made at the same time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// What the client must send, in order, and what it is answered. A further request, or one less,
    /// is a failure.
    #[serde(default)]
    pub exchanges: Vec<ClientExchange>,
    /// Texts that must be in nothing that the client shows: debug and display forms, errors and
    /// their causes, logs. They stand besides the tokens and the strings of answers that the overlay
    /// calls secret, which are looked for anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// What a client's credential hands out: with each request for a token the next one, and the last
/// again and again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Credential {
    /// The tokens, in order. Without one the credential fails.
    pub tokens: Vec<Token>,
    /// How often a token must have been asked for at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u32>,
}

impl Default for Credential {
    fn default() -> Self {
        Self {
            tokens: vec![Token {
                value: "token-1".into(),
                expires_in_seconds: 3600,
                claims: None,
            }],
            asked: None,
        }
    }
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Token {
    /// What follows `Bearer`.
    pub value: String,
    /// How long it is good for, from the moment that it is handed out.
    pub expires_in_seconds: u64,
    /// The claims that the client must ask for it with: the decoded JSON of the challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
}

/// The limits that a client is set up with.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Limits {
    /// Of the whole call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<f64>,
    /// Of one attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_timeout_seconds: Option<f64>,
    /// Requests, the first included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Of an answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<usize>,
}

/// One call of an operation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Call {
    /// The operation.
    pub operation: Operation,
    /// Names in place of the documented ones.
    #[serde(default)]
    pub names: Names,
    /// The whole resource ID, as a caller would type it, in place of the names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The api-version to ask for; the one that the case is run for if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// How far the virtual clock is moved on before the call.
    #[serde(default)]
    pub after_seconds: u64,
    /// What comes of it.
    pub outcome: Outcome,
    /// How many requests the call takes; as many as there are exchanges if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The waits between the attempts, in order; not checked if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Vec<Wait>>,
}

/// What comes of a call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Keys.
    Value(ExpectedValue),
    /// A failure.
    Error(ExpectedError),
    /// What the example documents: its variant, and each of its fields.
    Example(Operation),
}

/// The keys that a client gives its caller.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ExpectedValue {
    /// The `computeType`; `null` if the answer has none that can be read.
    #[serde(default)]
    pub compute_type: Option<String>,
    /// Whether it is one of the typed variants, not the open one. Not checked if absent, or for a
    /// client whose language has no such thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<bool>,
    /// What the fields are, by JSON pointer into the answer; `null` is none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

/// The failure that a client gives its caller.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ExpectedError {
    /// What kind of failure.
    pub class: ErrorClass,
    /// The HTTP status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The service's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The service's target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The codes of the nested details.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// `x-ms-request-id` of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long the service asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<f64>,
}

/// The kinds of failure that a caller can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Refused before anything was sent.
    InvalidInput,
    /// No token could be had.
    Credential,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 429, to the end.
    Throttled,
    /// 408, 500, 502, 503 or 504, to the end.
    Unavailable,
    /// An attempt or the call took too long.
    Timeout,
    /// No connection, or it broke before the answer was complete.
    Connection,
    /// The answer is larger than the client takes.
    TooLarge,
    /// The answer is complete, and not what is documented.
    Malformed,
    /// Another answer that is not 200, redirects among them.
    Service,
}

/// How long a wait may be.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Wait {
    /// In seconds.
    pub at_least: f64,
    /// In seconds.
    pub at_most: f64,
}

/// One request that the client must send, and its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ClientExchange {
    /// What it must be; the documented request of the call, if absent.
    #[serde(default)]
    pub request: ExpectedRequest,
    /// What it is answered.
    pub response: GivenResponse,
}

/// What a request must be, besides the documented one of its call: method, path, api-version,
/// bearer token, `Content-Length: 0` and no body.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct ExpectedRequest {
    /// The path as it stands in the request line; percent-encoding counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Match>,
}

/// An answer to give.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct GivenResponse {
    /// The status; 200 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers. `Content-Type`, `Content-Length` and ARM's request ids are added unless they are
    /// here; a header with the value `null` is not sent at all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<super::OneOrMany>>,
    /// The body; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// The bytes of the whole answer, in place of all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// How long it is held back, on the client's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<f64>,
    /// How the connection ends before the answer is complete.
    #[serde(default, rename = "break", skip_serializing_if = "Option::is_none")]
    pub breaks: Option<Break>,
}

impl GivenResponse {
    /// The headers that are given a value.
    pub fn given_headers(&self) -> Headers {
        let headers = self.headers.iter();
        headers
            .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
            .collect()
    }
}

/// A body to give.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// This value, members in the order of the file.
    Json(Value),
    /// This text, as it is.
    Text(String),
    /// These bytes, in base64.
    Base64(String),
    /// The body of the documented 200 of this operation.
    Example(Operation),
    /// So many bytes of a JSON string that never ends.
    Filler(usize),
}

/// A connection that ends too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Break {
    /// How.
    pub how: BreakHow,
    /// After so many bytes of the answer; 0 is before its first.
    pub after_bytes: usize,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakHow {
    /// In order, as if the answer were complete.
    Close,
    /// With a reset.
    Reset,
    /// Not at all: nothing more comes.
    Hang,
}
