//! The messages between the suite and an adapter, one JSON object a line.
//! `adapters/README.md` teaches them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::{Limits, Operation, Token};

/// The version of the protocol.
pub(super) const PROTOCOL: u32 = 1;

/// What the suite says.
#[derive(Serialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub(super) enum Say<'a> {
    Hello {
        protocol: u32,
        /// The authority to trust, in PEM.
        ca_file: &'a str,
    },
    Begin {
        case: &'a str,
        endpoint: &'a str,
        ca_file: &'a str,
        tokens: &'a [Token],
        limits: &'a Limits,
        #[serde(skip_serializing_if = "Option::is_none")]
        starts_at: Option<&'a str>,
    },
    Call {
        after_seconds: u64,
        calls: Vec<CallToMake<'a>>,
    },
}

/// A call to make.
#[derive(Serialize)]
pub(super) struct CallToMake<'a> {
    pub(super) operation: Operation,
    pub(super) api_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<&'a str>,
    pub(super) subscription_id: &'a str,
    pub(super) resource_group: &'a str,
    pub(super) workspace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compute: Option<&'a str>,
}

/// What an adapter answers.
#[derive(Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub(super) enum Answer {
    Hello(Hello),
    Ready,
    Skip { reason: String },
    Outcomes(Outcomes),
}

/// What an adapter says of itself and of its client.
#[derive(Clone, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    /// Whether waits pass at once and are told, and the clock can be moved on.
    #[serde(default)]
    pub(super) virtual_clock: bool,
    /// The limits that the client can be set up with, by their names in a case.
    #[serde(default)]
    pub(super) limits: Vec<String>,
    /// Whether the client takes a whole resource ID.
    #[serde(default)]
    pub(super) resource_ids: bool,
    /// The api-versions that the client can be asked for; any, if absent.
    #[serde(default)]
    api_versions: Option<Vec<String>>,
}

impl Hello {
    pub(super) fn knows(&self, api_version: &str) -> bool {
        let known = self.api_versions.as_ref();
        known.is_none_or(|known| known.iter().any(|it| it == api_version))
    }
}

/// What came of the calls.
#[derive(Deserialize)]
pub(super) struct Outcomes {
    /// One for each call, in the order of the calls.
    pub(super) outcomes: Vec<Came>,
    /// How often a token has been asked for since the beginning of the case.
    #[serde(default)]
    pub(super) token_requests: Vec<TokenRequest>,
}

/// A request for a token.
#[derive(Deserialize)]
pub(super) struct TokenRequest {
    /// The claims that the token must meet, as JSON text.
    #[serde(default)]
    pub(super) claims: Option<String>,
}

/// What came of a call.
#[derive(Deserialize)]
pub(super) struct Came {
    #[serde(default)]
    pub(super) value: Option<Keys>,
    #[serde(default)]
    pub(super) error: Option<Failure>,
    /// The waits between the attempts, in seconds, if the adapter can tell.
    #[serde(default)]
    pub(super) waits: Option<Vec<f64>>,
    /// All that the client shows of the outcome, by the way that it shows it.
    #[serde(default)]
    pub(super) shown: BTreeMap<String, String>,
}

/// The keys that a client gives its caller.
#[derive(Deserialize)]
pub(super) struct Keys {
    #[serde(default)]
    pub(super) compute_type: Option<String>,
    #[serde(default)]
    pub(super) typed: Option<bool>,
    /// In the form of the documented answer.
    #[serde(default)]
    pub(super) body: Value,
}

/// The failure that a client gives its caller: what can be told from it without reading prose.
#[derive(Deserialize)]
pub(super) struct Failure {
    /// One of the classes of a case; anything else is none of them.
    pub(super) class: String,
    #[serde(default)]
    pub(super) status: Option<u16>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
    #[serde(default)]
    pub(super) target: Option<String>,
    #[serde(default)]
    pub(super) details: Vec<Option<String>>,
    #[serde(default)]
    pub(super) request_id: Option<String>,
    #[serde(default)]
    pub(super) retry_after_seconds: Option<f64>,
}
