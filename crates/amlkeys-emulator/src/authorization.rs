use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq;

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
    /// It carried the bearer token that is accepted.
    Accepted,
    /// It carried another token, or something that is no bearer token.
    Refused,
}

impl Authorization {
    pub(crate) fn of(headers: &HeaderMap, accepted: &str) -> Self {
        let Some(sent) = headers.get(header::AUTHORIZATION) else {
            return Self::Missing;
        };
        match bearer(sent.as_bytes()) {
            Some(token) if bool::from(token.ct_eq(accepted.as_bytes())) => Self::Accepted,
            _ => Self::Refused,
        }
    }
}

/// The token of `Bearer TOKEN`; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(sent: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = sent.split_at_checked(b"Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: &'static str) -> Authorization {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, sent.parse().unwrap())]);
        Authorization::of(&headers, "accepted-token")
    }

    #[test]
    fn only_the_accepted_bearer_token_is_accepted() {
        assert_eq!(of("Bearer accepted-token"), Authorization::Accepted);
        assert_eq!(of("bearer accepted-token"), Authorization::Accepted);
        for other in [
            "",
            "accepted-token",
            "Bearer",
            "Bearer ",
            "Bearer accepted-toke",
            "Bearer accepted-token2",
            "Basic accepted-token",
        ] {
            assert_eq!(of(other), Authorization::Refused, "{other:?}");
        }
    }
}
