//! The 401s: who does not say who he is, or says it wrongly.

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use http::{HeaderValue, StatusCode, header};
use time::OffsetDateTime;

use super::reply::Reply;
use crate::authorization::{AUDIENCES, Bearer};
use crate::state::Principal;

/// The principal that the request is of.
pub(crate) fn authenticated<'a>(bearer: Bearer<'a>) -> Result<&'a Principal, Reply> {
    match bearer {
        Bearer::Accepted(principal) => Ok(principal),
        Bearer::Missing => Err(missing()),
        Bearer::Refused => Err(refused()),
        Bearer::WrongAudience { audience } => Err(wrong_audience(&audience)),
        Bearer::Expired { expiry, now } => Err(expired(expiry, now)),
        Bearer::Revoked { valid_from } => Err(revoked(valid_from)),
    }
}

fn missing() -> Reply {
    unauthorized(
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    )
    .with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The authentication failed because of missing 'Authorization' \
             header.\"",
        ),
    )
}

fn refused() -> Reply {
    unauthorized("InvalidAuthenticationToken", "The access token is invalid.").with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The access token is invalid.\"",
        ),
    )
}

/// The description is shorter than the message: the audience can hold what a header cannot.
fn wrong_audience(audience: &str) -> Reply {
    let allowed = AUDIENCES.map(|allowed| format!("'{allowed}'")).join(",");
    unauthorized(
        "InvalidAuthenticationTokenAudience",
        &format!(
            "The access token has been obtained for wrong audience or resource '{audience}'. It \
             should exactly match with one of the allowed audiences {allowed}."
        ),
    )
    .with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The access token has been obtained for wrong audience or \
             resource.\"",
        ),
    )
}

fn expired(expiry: u64, now: u64) -> Reply {
    let message = format!(
        "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
        date_and_time(expiry),
        date_and_time(now),
    );
    unauthorized("ExpiredAuthenticationToken", &message).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The access token has expired.\"",
        ),
    )
}

/// `6/15/2026 8:22:51 AM`, as .NET writes it for the United States.
fn date_and_time(unix_seconds: u64) -> String {
    let time = i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, half) = match time.hour() {
        0 => (12, "AM"),
        hour @ 1..12 => (hour, "AM"),
        12 => (12, "PM"),
        hour => (hour - 12, "PM"),
    };
    format!(
        "{}/{}/{} {hour}:{:02}:{:02} {half}",
        u8::from(time.month()),
        time.day(),
        time.year(),
        time.minute(),
        time.second(),
    )
}

/// Continuous access evaluation. The header is recorded, the body is not: it is the one of another
/// refused token.
fn revoked(valid_from: u64) -> Reply {
    let claims =
        format!(r#"{{"access_token":{{"nbf":{{"essential":true,"value":"{valid_from}"}}}}}}"#);
    let challenge = format!(
        "Bearer authorization_uri=\"https://login.windows.net/common/oauth2/authorize\",\
         error=\"insufficient_claims\",claims=\"{}\"",
        BASE64.encode(claims),
    );
    unauthorized("InvalidAuthenticationToken", "The access token is invalid.").with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::try_from(challenge).expect("base64 is visible ASCII"),
    )
}

fn unauthorized(code: &str, message: &str) -> Reply {
    Reply::error(StatusCode::UNAUTHORIZED, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_a_clock_with_hands() {
        for (unix_seconds, written) in [
            (1_781_511_771, "6/15/2026 8:22:51 AM"),
            (1_781_481_600, "6/15/2026 12:00:00 AM"),
            (1_781_524_800, "6/15/2026 12:00:00 PM"),
            (1_781_528_405, "6/15/2026 1:00:05 PM"),
            (1_798_761_599, "12/31/2026 11:59:59 PM"),
        ] {
            assert_eq!(date_and_time(unix_seconds), written);
        }
    }
}
