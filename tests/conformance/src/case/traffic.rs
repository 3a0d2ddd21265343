use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Level;

/// Recorded exchanges, and what the judge must find in them: nothing more, nothing less.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TrafficScript {
    /// Each in the form of one line of a recording.
    pub exchanges: Vec<Value>,
    /// The findings, in any order. None means that the exchanges are in order.
    #[serde(default)]
    pub findings: Vec<ExpectedFinding>,
}

/// A finding that the judge must have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct ExpectedFinding {
    /// The rule that is broken.
    pub rule: String,
    /// How much it weighs there.
    pub level: Level,
    /// The place: a JSON pointer of the body, the name of a header, `status`, `url` or `body`.
    pub at: String,
}
