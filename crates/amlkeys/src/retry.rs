//! When to try again: decided on status and headers, before anything is
//! decoded.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use http::HeaderMap;

/// The limits of one call.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// For the whole call, all attempts and waits included.
    pub(crate) timeout: Duration,
    /// For one attempt.
    pub(crate) attempt_timeout: Duration,
    pub(crate) max_attempts: u32,
    /// The longest wait that a service may ask for.
    pub(crate) max_retry_after: Duration,
    /// Of a response, in bytes.
    pub(crate) max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A resource provider must answer Azure Resource Manager within
            // 60 seconds, so this lets one such answer and a retry pass.
            timeout: Duration::from_secs(120),
            attempt_timeout: Duration::from_secs(60),
            max_attempts: 4,
            max_retry_after: Duration::from_secs(60),
            max_body: 1024 * 1024,
        }
    }
}

/// Whether an answer with this status is worth another attempt. Listing keys
/// changes nothing, so repeating it is safe.
pub(crate) fn is_retryable(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The waits between attempts when the service names none: 0.8 s, doubled each
/// time, with jitter, at most 10 s.
pub(crate) fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(800))
        .with_factor(2.0)
        .with_max_delay(Duration::from_secs(10))
        .with_jitter()
        .without_max_times()
        .build()
}

/// How long the service asks to wait, in the first of these headers that can
/// be read: `retry-after-ms`, `x-ms-retry-after-ms`, `Retry-After` in seconds or
/// as a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = |name| number(text(name)?).map(Duration::from_millis);
    milliseconds("retry-after-ms")
        .or_else(|| milliseconds("x-ms-retry-after-ms"))
        .or_else(|| {
            let value = text("retry-after")?;
            let seconds = number(value).map(Duration::from_secs);
            seconds.or_else(|| {
                let date = httpdate::parse_http_date(value).ok()?;
                Some(date.duration_since(now).unwrap_or_default())
            })
        })
}

/// A number of digits only; one that is too large is the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        // Sun, 06 Nov 1994 08:49:37 GMT
        retry_after(
            &headers,
            SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
        )
    }

    #[test]
    fn retry_after_is_read_in_each_form() {
        let seconds = Duration::from_secs;
        let millis = Duration::from_millis;
        for (headers, wait) in [
            (&[("retry-after", "7")][..], Some(seconds(7))),
            (&[("retry-after", " 0 ")], Some(seconds(0))),
            (
                &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")],
                Some(seconds(10)),
            ),
            (
                &[("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT")],
                Some(seconds(0)),
            ),
            (
                &[("retry-after-ms", "1500"), ("retry-after", "9")],
                Some(millis(1500)),
            ),
            (&[("x-ms-retry-after-ms", "20")], Some(millis(20))),
            (
                &[("retry-after-ms", "soon"), ("retry-after", "9")],
                Some(seconds(9)),
            ),
            (
                &[("retry-after", "18446744073709551616")],
                Some(seconds(u64::MAX)),
            ),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "+1")], None),
            (&[("retry-after", "1.5")], None),
            (&[("retry-after", "")], None),
            (&[], None),
        ] {
            assert_eq!(waits(headers), wait, "{headers:?}");
        }
    }

    #[test]
    fn six_statuses_and_no_others_are_worth_another_attempt() {
        let statuses: Vec<u16> = (0..=u16::MAX).filter(|it| is_retryable(*it)).collect();
        assert_eq!(statuses, [408, 429, 500, 502, 503, 504]);
    }

    #[test]
    fn the_backoff_grows_and_stays_bounded() {
        let waits: Vec<Duration> = backoff().take(8).collect();
        assert!(waits[0] >= Duration::from_millis(800));
        assert!(
            waits.iter().all(|wait| *wait <= Duration::from_secs(20)),
            "{waits:?}"
        );
    }
}
