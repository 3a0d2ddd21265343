//! Exchanges as they may be shown: secrets are gone before they get here.

use serde::Serialize;
use serde_json::Value;

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
