use std::fmt;

use serde::{Serialize, Serializer};

use crate::case::Level;
use crate::rule::Rule;

/// One place where something is not as it must be, or should be.
///
/// It holds no value of a body but what the overlay calls public: of other values only type and
/// length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is broken.
    pub rule: Rule,
    /// How much it weighs here.
    pub level: Level,
    /// Where.
    pub at: Place,
    /// What was expected.
    pub expected: String,
    /// What was there.
    pub seen: String,
    /// Where the expectation comes from.
    pub source: String,
    /// Which exchange of the case it is in, from 0.
    pub exchange: usize,
}

/// A place in an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The status line.
    Status,
    /// The request's URL.
    Url,
    /// The body as a whole.
    Body,
    /// A value in the body, by JSON pointer; the empty one is the whole document.
    Pointer(String),
    /// A header, by its name in lower case.
    Header(String),
    /// A parameter of an example.
    Parameter(String),
    /// What a client made of an answer.
    Outcome(&'static str),
}

impl Finding {
    /// A finding that weighs what its rule does.
    pub(crate) fn new(
        rule: Rule,
        at: Place,
        expected: impl Into<String>,
        seen: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            level: rule.level(),
            at,
            expected: expected.into(),
            seen: seen.into(),
            source: rule.source().to_owned(),
            exchange: 0,
        }
    }

    /// The same, of another weight.
    pub(crate) fn with_level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The same, from another source than the rule's.
    pub(crate) fn with_source(self, source: impl Into<String>) -> Self {
        let source = source.into();
        Self { source, ..self }
    }
}

impl Place {
    pub(crate) fn header(name: &str) -> Self {
        Self::Header(name.to_ascii_lowercase())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::Url => f.write_str("url"),
            Self::Body => f.write_str("body"),
            Self::Pointer(pointer) if pointer.is_empty() => f.write_str("body"),
            Self::Pointer(pointer) => f.write_str(pointer),
            Self::Header(name) => f.write_str(name),
            Self::Parameter(name) => write!(f, "parameters/{name}"),
            Self::Outcome(fact) => f.write_str(fact),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One line for a person.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} at {}: expected {}, seen {}",
            self.level,
            self.rule.id(),
            self.at,
            self.expected,
            self.seen
        )
    }
}
