use std::time::SystemTime;

use http::request::Parts;
use http::{HeaderMap, header};

use crate::base_url::BaseUrl;
use crate::sign_in::{Tokens, unix_seconds};
use crate::state::{Principal, State};

/// What a request's `Authorization` header was worth.
///
/// ```
/// use amlkeys_emulator::{Arm, Authorization};
///
/// let arm = Arm::documented();
/// let refused = arm
///     .requests()
///     .into_iter()
///     .filter(|request| request.authorization() == Authorization::Refused);
/// assert_eq!(refused.count(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// There was no such header.
    Missing,
    /// It carried a bearer token that is accepted.
    Accepted,
    /// It carried a token that was not issued here, or something that is no bearer token.
    Refused,
    /// It carried a token for another service.
    WrongAudience,
    /// It carried a token that has ended.
    Expired,
    /// It carried a token that was revoked, which is answered with a claims challenge.
    Revoked,
}

/// The same with the facts that the answer needs.
pub(crate) enum Bearer<'a> {
    Missing,
    Accepted(&'a Principal),
    Refused,
    WrongAudience { audience: String },
    Expired { expiry: u64, now: u64 },
    Revoked { valid_from: u64 },
}

impl<'a> Bearer<'a> {
    pub(crate) fn of(request: &Parts, tokens: &Tokens, state: &'a State, now: SystemTime) -> Self {
        if !request.headers.contains_key(header::AUTHORIZATION) {
            return Self::Missing;
        }
        let claims = bearer(&request.headers).and_then(|token| tokens.read(token));
        let Some(claims) = claims else {
            return Self::Refused;
        };
        let Some(principal) = state.principal(&claims.object_id) else {
            return Self::Refused;
        };
        let now = unix_seconds(now);
        if !is_arm(&claims.audience, BaseUrl::of(request)) {
            Self::WrongAudience {
                audience: claims.audience.clone(),
            }
        } else if claims.expires <= now {
            Self::Expired {
                expiry: claims.expires,
                now,
            }
        } else if let Some(valid_from) = tokens.revoked(&claims, principal) {
            Self::Revoked { valid_from }
        } else {
            Self::Accepted(principal)
        }
    }

    pub(crate) fn authorization(&self) -> Authorization {
        match self {
            Self::Missing => Authorization::Missing,
            Self::Accepted(_) => Authorization::Accepted,
            Self::Refused => Authorization::Refused,
            Self::WrongAudience { .. } => Authorization::WrongAudience,
            Self::Expired { .. } => Authorization::Expired,
            Self::Revoked { .. } => Authorization::Revoked,
        }
    }

    pub(crate) fn principal(&self) -> Option<&'a Principal> {
        match self {
            Self::Accepted(principal) => Some(principal),
            _ => None,
        }
    }
}

/// Azure-Samples/active-directory-dotnetcore-daemon-v2#145, in its order.
pub(crate) const AUDIENCES: [&str; 4] = [
    "https://management.core.windows.net/",
    "https://management.core.windows.net",
    "https://management.azure.com/",
    "https://management.azure.com",
];

/// ARM of a private cloud accepts its own address too, and a client that is sent to a custom
/// endpoint asks for a token for it.
pub(crate) fn is_arm(audience: &str, base_url: BaseUrl<'_>) -> bool {
    AUDIENCES.contains(&audience) || base_url.is(audience)
}

/// The token of `Bearer TOKEN`; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let sent = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = sent.split_at_checked(b"Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token_of(sent: &'static str) -> Option<Vec<u8>> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, sent.parse().unwrap())]);
        bearer(&headers).map(<[u8]>::to_vec)
    }

    #[test]
    fn only_the_bearer_scheme_carries_a_token() {
        assert_eq!(token_of("Bearer token").unwrap(), b"token");
        assert_eq!(token_of("bearer  token ").unwrap(), b"token");
        for other in ["", "token", "Bearer", "Basic token", "Bearer2 token"] {
            assert_eq!(token_of(other), None, "{other:?}");
        }
    }
}
