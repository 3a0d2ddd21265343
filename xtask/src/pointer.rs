//! JSON pointers (RFC 6901), the way every finding names its place.

use std::fmt;

/// A place in a JSON document, shown as `#/components/schemas/Password`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pointer(String);

impl Pointer {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The place of a component schema.
    pub(crate) fn schema(name: &str) -> Self {
        Self("/components/schemas".into()).child(name)
    }

    pub(crate) fn child(&self, step: impl fmt::Display) -> Self {
        let step = step.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{step}", self.0))
    }

    /// The pointer without its `#`, as `serde_json::Value::pointer` wants it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl From<&serde_path_to_error::Path> for Pointer {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        path.iter()
            .fold(Self(String::new()), |at, step| match step {
                Segment::Seq { index } => at.child(index),
                Segment::Map { key } => at.child(key),
                Segment::Enum { variant } => at.child(variant),
                Segment::Unknown => at.child("?"),
            })
    }
}
