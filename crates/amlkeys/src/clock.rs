use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

/// What time it is and how to wait: the system's clock, or a test's.
///
/// A [`Client`](crate::Client) asks it for the deadline of a call, the waits
/// between attempts, the date in a `Retry-After` and the expiry of a token. The
/// timeout of a single attempt runs on the real clock.
pub trait Clock: Debug + Send + Sync {
    /// The date and time, as in a `Retry-After` that names a date.
    fn now(&self) -> SystemTime;

    /// The time that has passed since some fixed moment; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits between two attempts.
    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// The system's clock, with tokio's timer.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
