use serde::{Deserialize, Serialize};

/// What a header or a message must be. Placeholders such as `{workspace}` stand for the names that
/// the request was sent with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Exactly this.
    Equals(String),
    /// This, whatever the case of its letters.
    EqualsIgnoringCase(String),
    /// It begins so.
    StartsWith(String),
    /// This is somewhere in it.
    Contains(String),
    /// `true`: it is there, with any value; `false`: it is not there.
    Present(bool),
    /// `true`: the value that it had in the first exchange of the case.
    SameAsFirst(bool),
}

impl Match {
    /// Whether a value matches, placeholders already filled in; `first` is what stood in the same
    /// place of the first exchange.
    pub fn accepts(&self, value: Option<&str>, first: Option<&str>) -> bool {
        match (self, value) {
            (Self::Present(present), value) => value.is_some() == *present,
            (_, None) => false,
            (Self::Equals(text), Some(value)) => value == text,
            (Self::EqualsIgnoringCase(text), Some(value)) => value.eq_ignore_ascii_case(text),
            (Self::StartsWith(text), Some(value)) => value.starts_with(text.as_str()),
            (Self::Contains(text), Some(value)) => value.contains(text.as_str()),
            (Self::SameAsFirst(same), value) => (value == first) == *same,
        }
    }

    /// The same with the texts that `fill` makes of its own.
    pub fn filled(&self, fill: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Equals(text) => Self::Equals(fill(text)),
            Self::EqualsIgnoringCase(text) => Self::EqualsIgnoringCase(fill(text)),
            Self::StartsWith(text) => Self::StartsWith(fill(text)),
            Self::Contains(text) => Self::Contains(fill(text)),
            Self::Present(_) | Self::SameAsFirst(_) => self.clone(),
        }
    }
}

/// For a finding: what was expected.
impl std::fmt::Display for Match {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Equals(text) => write!(f, "`{text}`"),
            Self::EqualsIgnoringCase(text) => write!(f, "`{text}` in any case"),
            Self::StartsWith(text) => write!(f, "something that begins with `{text}`"),
            Self::Contains(text) => write!(f, "something with `{text}` in it"),
            Self::Present(true) => f.write_str("a value"),
            Self::Present(false) => f.write_str("nothing"),
            Self::SameAsFirst(true) => f.write_str("the value of the first exchange"),
            Self::SameAsFirst(false) => f.write_str("another value than in the first exchange"),
        }
    }
}
