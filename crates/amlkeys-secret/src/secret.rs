use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

/// What a masked secret shows: the same eight characters whatever it hides.
pub const MASK: &str = "********";

/// A string that is not printed: redacted in `Debug`, real in `Serialize`,
/// wiped when dropped.
///
/// ```
/// use amlkeys_secret::Secret;
///
/// let password: Secret = serde_json::from_str("\"invented\"")?;
/// assert_eq!(format!("{password:?}"), "Secret([redacted])");
/// assert_eq!(serde_json::to_string(&password)?, "\"invented\"");
/// assert_eq!(password.expose(), "invented");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a string that is to be kept secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// Gives the value away: from here on, keeping it safe is the caller's job.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A secret that holds [`MASK`] in place of the value, for showing a
    /// document without what it hides.
    pub fn masked(&self) -> Self {
        Self::new(MASK)
    }

    pub(crate) fn take(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(SecretVisitor)
    }
}

struct SecretVisitor;

impl de::Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Secret, E> {
        Ok(Secret::new(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Secret, E> {
        Ok(Secret::new(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_redacted_in_every_form() {
        let secret = Secret::new("canary-7f3c");
        for shown in [
            format!("{secret:?}"),
            format!("{secret:#?}"),
            format!("{:?}", Some(&secret)),
        ] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }

    #[test]
    fn the_mask_tells_neither_value_nor_length() {
        let masked = [Secret::new(""), Secret::new("a long canary")].map(|s| s.masked());
        assert!(masked.iter().all(|m| m.expose() == MASK));
    }

    #[test]
    fn a_string_moves_in_and_out_without_a_copy() {
        let text = String::from("canary");
        let place = text.as_ptr();
        let secret = Secret::new(text);
        assert_eq!(secret.expose().as_ptr(), place);
        let text = secret.take();
        assert_eq!(text.as_ptr(), place);
    }
}
