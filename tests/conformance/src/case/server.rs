use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Match, Names, Operation};

/// Requests to send to a server, and what its answers must be.
///
/// Every answer is also held against the [rules](crate::Rule), whatever the case expects.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ServerScript {
    /// What the case is repeated for.
    #[serde(default)]
    pub each: Each,
    /// What the fixture must promise; without it the case is skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
    /// In order.
    pub exchanges: Vec<ServerExchange>,
}

/// What a case is repeated for, besides every api-version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Each {
    /// Nothing: the first resource of the fixture that fits.
    #[default]
    Once,
    /// Every resource of the fixture that the operation is for.
    Resource,
    /// Every documented example of the operation, under its own names and api-version.
    Example,
}

/// Something that a fixture may promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// The documented examples are answered as documented.
    DocumentedExamples,
    /// So many requests in a row are throttled.
    Throttle,
}

/// One request and what is expected of its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ServerExchange {
    /// What to send.
    pub request: ServerRequest,
    /// What the answer must be, at the level of the case.
    #[serde(rename = "response", default)]
    pub expected: Expected,
    /// What it should be besides; this only warns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should: Option<Expected>,
}

/// A request to send: the documented one of an operation, but for what is said here.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ServerRequest {
    /// The operation.
    pub operation: Operation,
    /// Another method than POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Names in place of those of the resource. They are percent-encoded as segments.
    #[serde(default)]
    pub names: Names,
    /// Another path, with placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether the path is written in other letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_case: Option<PathCase>,
    /// Another query, with placeholders; an empty one sends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The token.
    #[serde(default)]
    pub authorization: Authorization,
    /// More headers, with placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A body; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The bytes of the request, with placeholders, in place of all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Send it until the answer is throttled, as often as the fixture says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_throttled: bool,
}

/// How a path is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathCase {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
}

/// Whose token a request carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authorization {
    /// That of the caller.
    #[default]
    Valid,
    /// None.
    Missing,
    /// This value of the header.
    Value(String),
}

/// What an answer is expected to be. What is not said is not checked here.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Expected {
    /// The status, or those that are right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Statuses>,
    /// `error.code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `error.message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Match>,
    /// Headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Match>,
    /// What must be in the body, by JSON pointer.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// The body is what the example documents, or what the fixture promises for the resource.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promised: bool,
}

/// The statuses that are right.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Statuses {
    /// Only this.
    One(u16),
    /// Any of these.
    Any(Vec<u16>),
}

impl Statuses {
    /// Whether a status is right.
    pub fn contains(&self, status: u16) -> bool {
        match self {
            Self::One(one) => *one == status,
            Self::Any(any) => any.contains(&status),
        }
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(status) => write!(f, "{status}"),
            Self::Any(statuses) => {
                let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
                f.write_str(&statuses.join(" or "))
            }
        }
    }
}
