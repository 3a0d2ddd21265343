//! JSON pointers (RFC 6901), the way every finding names its place.

use std::fmt;

/// A place in a JSON document, shown as `#/components/schemas/Password`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self(String::new())
    }

    /// A pointer as RFC 6901 writes it, without a `#`.
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

    /// The place around this one; `None` for the whole document.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (parent, _) = self.0.rsplit_once('/')?;
        Some(Self(parent.to_owned()))
    }

    /// The last step, unescaped; empty for the whole document.
    pub(crate) fn last(&self) -> String {
        let step = self.0.rsplit('/').next().unwrap_or_default();
        step.replace("~1", "/").replace("~0", "~")
    }

    /// The name of the component schema that this is the place of.
    pub(crate) fn schema_name(&self) -> Option<String> {
        let name = self.0.strip_prefix("/components/schemas/")?;
        (!name.contains('/')).then(|| self.last())
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
        path.iter().fold(Self::root(), |at, step| match step {
            Segment::Seq { index } => at.child(index),
            Segment::Map { key } => at.child(key),
            Segment::Enum { variant } => at.child(variant),
            Segment::Unknown => at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_escaped_and_unescaped() {
        let at = Pointer::new("/paths").child("/a~b");
        assert_eq!(at.to_string(), "#/paths/~1a~0b");
        assert_eq!(at.last(), "/a~b");
        assert_eq!(at.parent(), Some(Pointer::new("/paths")));
    }

    #[test]
    fn only_a_component_schema_has_a_schema_name() {
        let schema = Pointer::schema("a/b");
        assert_eq!(schema.schema_name().as_deref(), Some("a/b"));
        assert_eq!(schema.child("properties").schema_name(), None);
        assert_eq!(Pointer::root().schema_name(), None);
    }
}
