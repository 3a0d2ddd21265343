use std::fmt;
use std::time::SystemTime;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};

use crate::Secret;

/// A bearer token that you already have, as a credential.
///
/// It never renews itself: once it has expired, calls fail with
/// [`is_unauthorized`](crate::Error::is_unauthorized).
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
/// use amlkeys::{Client, Secret, StaticCredential};
///
/// let token = Secret::new("invented-token");
/// let expires_on = SystemTime::now() + Duration::from_secs(3600);
/// let client = Client::new(Arc::new(StaticCredential::new(token, expires_on)))?;
/// # Ok::<(), amlkeys::Error>(())
/// ```
#[derive(Debug)]
pub struct StaticCredential {
    token: Secret,
    expires_on: SystemTime,
}

impl StaticCredential {
    /// Wraps a token without its `Bearer` in front.
    pub fn new(token: Secret, expires_on: SystemTime) -> Self {
        Self { token, expires_on }
    }
}

#[async_trait::async_trait]
impl TokenCredential for StaticCredential {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let token = self.token.expose().to_owned();
        Ok(AccessToken::new(token, self.expires_on.into()))
    }
}

/// The claims of a challenge: what a token must also prove before the service
/// takes it, as JSON.
///
/// When the service answers 401 with a claims challenge, the credential is
/// asked once more with the claims in the request's context. A credential that
/// can meet them looks there; those of azure_identity 1.0 cannot.
///
/// ```
/// use amlkeys::Claims;
/// use azure_core::credentials::TokenRequestOptions;
///
/// fn claims<'a>(options: &'a Option<TokenRequestOptions<'_>>) -> Option<&'a str> {
///     let context = &options.as_ref()?.method_options.context;
///     context.value::<Claims>().map(Claims::as_str)
/// }
/// # assert!(claims(&None).is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Claims(String);

impl Claims {
    /// The claims as JSON, as a token request takes them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the claims of a `WWW-Authenticate` header, which are base64.
    pub(crate) fn of_challenge(header: &str) -> Option<Self> {
        let (_, rest) = header.split_once("claims=\"")?;
        let (value, _) = rest.split_once('"')?;
        let bytes = azure_core::base64::decode(value)
            .or_else(|_| azure_core::base64::decode_url_safe(value));
        let text = String::from_utf8(bytes.ok()?).ok()?;
        Some(Self(text))
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_of_a_challenge_are_decoded() {
        let header = r#"Bearer authorization_uri="https://login.windows.net/common/oauth2/authorize",error="insufficient_claims",claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjoxfX0=""#;
        let claims = Claims::of_challenge(header).unwrap();
        assert_eq!(claims.as_str(), r#"{"access_token":{"nbf":1}}"#);
    }

    #[test]
    fn a_challenge_without_readable_claims_has_none() {
        for header in [
            "",
            "Bearer",
            r#"Bearer claims="#,
            r#"Bearer claims="%%%""#,
            r#"Bearer claims="/w==""#,
        ] {
            assert!(Claims::of_challenge(header).is_none(), "{header}");
        }
    }
}
