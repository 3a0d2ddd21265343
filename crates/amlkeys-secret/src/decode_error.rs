use std::fmt;

use serde::de;

/// Why [`SecretObject::decode`](crate::SecretObject::decode) failed: the place,
/// never the value.
///
/// ```
/// use amlkeys_secret::{Secret, SecretObject};
///
/// #[derive(serde::Deserialize)]
/// struct Token { token: Secret }
///
/// let body: SecretObject = serde_json::from_str(r#"{"token": 4711}"#)?;
/// let error = body.decode::<Token>().map(|it| it.token).unwrap_err();
/// assert_eq!(error.to_string(), "property `token` is not of the expected type");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct DecodeError {
    path: String,
}

impl DecodeError {
    /// The property that could not be read, as in `administratorAccount.password`;
    /// empty if it is the object itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn inside(mut self, step: &str) -> Self {
        if !self.path.is_empty() {
            self.path.insert(0, '.');
        }
        self.path.insert_str(0, step);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str("the object is not of the expected type"),
            path => write!(f, "property `{path}` is not of the expected type"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    /// Drops the message, because serde's messages quote values.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self {
            path: String::new(),
        }
    }
}
