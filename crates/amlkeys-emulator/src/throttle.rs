use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use http::Method;

/// How many requests ARM takes before it answers 429: a token bucket for each subscription,
/// principal and kind of request (reads, writes, deletes). A POST is a write.
///
/// ```
/// use amlkeys_emulator::{Arm, Throttle};
///
/// let unthrottled = Arm::builder().with_throttle(Throttle::off()).build();
/// let slow = Arm::builder().with_throttle("1/s".parse()?).build();
/// # let _ = (unthrottled, slow);
/// # Ok::<(), amlkeys_emulator::ThrottleError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle(Refill);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refill {
    Off,
    Arm,
    PerSecond(NonZeroU32),
}

impl Throttle {
    /// As documented for Azure: reads 250 and 25 more each second, writes and deletes 200 and 10
    /// more each second (Microsoft Learn, "Understand how Azure Resource Manager throttles
    /// requests").
    pub fn arm() -> Self {
        Self(Refill::Arm)
    }

    /// No request is answered with 429.
    pub fn off() -> Self {
        Self(Refill::Off)
    }

    /// ARM's buckets, each refilled with this many a second.
    pub fn per_second(requests: NonZeroU32) -> Self {
        Self(Refill::PerSecond(requests))
    }

    /// The time in which a bucket gets one request back; absent if it never lacks one.
    fn interval(self, kind: Kind) -> Option<Duration> {
        let per_second = match self.0 {
            Refill::Off => return None,
            Refill::Arm => kind.per_second(),
            Refill::PerSecond(requests) => requests.get(),
        };
        let interval = Duration::from_secs(1) / per_second;
        Some(interval.max(Duration::from_nanos(1)))
    }
}

/// [`Throttle::arm`]
impl Default for Throttle {
    fn default() -> Self {
        Self::arm()
    }
}

/// `off`, `arm` or a refill such as `5/s`.
impl FromStr for Throttle {
    type Err = ThrottleError;

    fn from_str(text: &str) -> Result<Self, ThrottleError> {
        match text {
            "off" => Ok(Self::off()),
            "arm" => Ok(Self::arm()),
            _ => text
                .strip_suffix("/s")
                .and_then(|requests| requests.parse().ok())
                .map(Self::per_second)
                .ok_or(ThrottleError(())),
        }
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Refill::Off => f.write_str("off"),
            Refill::Arm => f.write_str("arm"),
            Refill::PerSecond(requests) => write!(f, "{requests}/s"),
        }
    }
}

/// Why a text is no [`Throttle`].
#[derive(Debug)]
pub struct ThrottleError(());

impl fmt::Display for ThrottleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a throttle is `off`, `arm` or requests a second from 1 on, such as `5/s`")
    }
}

impl Error for ThrottleError {}

/// What ARM counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
    Delete,
}

impl Kind {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Read,
            Method::DELETE => Self::Delete,
            _ => Self::Write,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }

    fn capacity(self) -> u32 {
        match self {
            Self::Read => 250,
            Self::Write | Self::Delete => 200,
        }
    }

    fn per_second(self) -> u32 {
        match self {
            Self::Read => 25,
            Self::Write | Self::Delete => 10,
        }
    }
}

/// What is left of a bucket after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quota {
    Left(u32),
    /// Nothing, and when there is something again.
    Exceeded {
        retry_after: Duration,
    },
}

/// The buckets of those subscriptions and principals that have sent something; all the others are
/// full.
#[derive(Debug)]
pub(crate) struct Buckets {
    throttle: Throttle,
    by_subscription: Mutex<HashMap<String, ByPrincipal>>,
}

type ByPrincipal = HashMap<String, [Bucket; 3]>;

impl Buckets {
    pub(crate) fn new(throttle: Throttle) -> Self {
        Self {
            throttle,
            by_subscription: Mutex::default(),
        }
    }

    /// Takes one request out. Both ids must be of something that exists, or memory has no bound.
    pub(crate) fn take(
        &self,
        kind: Kind,
        subscription_id: &str,
        object_id: &str,
        now: Duration,
    ) -> Quota {
        let Some(interval) = self.throttle.interval(kind) else {
            return Quota::Left(kind.capacity() - 1);
        };
        let subscription_id = subscription_id.to_ascii_lowercase();
        let mut by_subscription = self.by_subscription.lock().expect(UNPOISONED);
        let by_principal = by_subscription.entry(subscription_id).or_default();
        let buckets = match by_principal.get_mut(object_id) {
            Some(buckets) => buckets,
            None => by_principal.entry(object_id.to_owned()).or_default(),
        };
        buckets[kind as usize].take(kind.capacity(), interval, now)
    }
}

const UNPOISONED: &str = "nothing panics while it holds the buckets";

/// One bucket, kept as the time at which it is full: what is missing then comes back by itself.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    full_at: Duration,
}

impl Bucket {
    fn take(&mut self, capacity: u32, interval: Duration, now: Duration) -> Quota {
        let full_at = self.full_at.max(now) + interval;
        let missing = full_at - now;
        if let Some(too_much) = missing.checked_sub(interval * capacity)
            && !too_much.is_zero()
        {
            return Quota::Exceeded {
                retry_after: too_much,
            };
        }
        self.full_at = full_at;
        let taken = missing.as_nanos().div_ceil(interval.as_nanos());
        Quota::Left(capacity - u32::try_from(taken).expect("at most the capacity"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn write(buckets: &Buckets, now: Duration) -> Quota {
        buckets.take(Kind::Write, "s", "p", now)
    }

    fn emptied(throttle: &str) -> Buckets {
        let buckets = Buckets::new(throttle.parse().unwrap());
        for left in (0..200).rev() {
            assert_eq!(write(&buckets, NOW), Quota::Left(left));
        }
        buckets
    }

    #[test]
    fn bucket_of_200_gets_10_back_each_second() {
        let buckets = emptied("arm");
        let retry_after = Duration::from_millis(100);
        assert_eq!(write(&buckets, NOW), Quota::Exceeded { retry_after });
        for left in (0..10).rev() {
            assert_eq!(write(&buckets, Duration::from_secs(1)), Quota::Left(left));
        }
        let retry_after = Duration::from_millis(100);
        assert_eq!(
            write(&buckets, Duration::from_secs(1)),
            Quota::Exceeded { retry_after }
        );
        let much_later = Duration::from_secs(3600);
        assert_eq!(write(&buckets, much_later), Quota::Left(199));
    }

    #[test]
    fn refused_requests_cost_nothing() {
        let buckets = emptied("1/s");
        for _ in 0..1000 {
            assert!(matches!(write(&buckets, NOW), Quota::Exceeded { .. }));
        }
        assert_eq!(write(&buckets, Duration::from_secs(1)), Quota::Left(0));
    }

    #[test]
    fn refill_can_be_chosen() {
        let buckets = emptied("3/s");
        assert_eq!(write(&buckets, Duration::from_secs(1)), Quota::Left(2));
        let buckets = Buckets::new(Throttle::off());
        for _ in 0..1000 {
            assert_eq!(write(&buckets, NOW), Quota::Left(199));
        }
    }

    #[test]
    fn kinds_subscriptions_and_principals_have_buckets_of_their_own() {
        let buckets = emptied("arm");
        for (kind, subscription_id, object_id, left) in [
            (Kind::Read, "s", "p", 249),
            (Kind::Delete, "s", "p", 199),
            (Kind::Write, "s2", "p", 199),
            (Kind::Write, "s", "p2", 199),
        ] {
            let quota = buckets.take(kind, subscription_id, object_id, NOW);
            assert_eq!(
                quota,
                Quota::Left(left),
                "{kind:?} {subscription_id} {object_id}"
            );
        }
        let quota = buckets.take(Kind::Write, "S", "p", NOW);
        assert!(matches!(quota, Quota::Exceeded { .. }));
    }

    #[test]
    fn a_post_is_a_write() {
        for (method, kind) in [
            (Method::GET, Kind::Read),
            (Method::POST, Kind::Write),
            (Method::PUT, Kind::Write),
            (Method::DELETE, Kind::Delete),
        ] {
            assert_eq!(Kind::of(&method), kind);
        }
    }

    #[test]
    fn throttle_is_written_as_it_is_read() {
        for text in ["off", "arm", "1/s", "4294967295/s"] {
            let throttle: Throttle = text.parse().unwrap();
            assert_eq!(throttle.to_string(), text);
            Buckets::new(throttle).take(Kind::Write, "s", "p", NOW);
        }
        for other in [
            "",
            "ARM",
            "0/s",
            "-1/s",
            "1",
            "1/min",
            "1.5/s",
            "4294967296/s",
        ] {
            assert!(other.parse::<Throttle>().is_err(), "{other:?}");
        }
    }
}
