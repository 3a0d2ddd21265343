use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

/// What time it is and how to wait: the system's clock, or one that a test moves by hand.
///
/// An [`Arm`](crate::Arm) asks it when tokens end, how much of a throttle has come back, how long
/// an answer is held back and when a resource provider is given up on.
pub trait Clock: Debug + Send + Sync {
    /// The date and time.
    fn now(&self) -> SystemTime;

    /// The time that has passed since some fixed moment; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
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

/// A clock that stands still until a test moves it. It starts at the system's time.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use amlkeys_emulator::{Arm, Clock, ManualClock};
///
/// let clock = Arc::new(ManualClock::default());
/// let arm = Arm::builder().with_clock(clock.clone()).build();
/// clock.advance(Duration::from_secs(24 * 60 * 60)); // its token has ended by now
/// assert_eq!(clock.elapsed().as_secs(), 24 * 60 * 60);
/// ```
#[derive(Debug)]
pub struct ManualClock {
    origin: SystemTime,
    elapsed: watch::Sender<Duration>,
}

impl ManualClock {
    /// Moves the clock on. Whoever slept until then wakes up.
    pub fn advance(&self, duration: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += duration);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self {
            origin: SystemTime::now(),
            elapsed: watch::Sender::default(),
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.origin + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.borrow()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let mut elapsed = self.elapsed.subscribe();
        let end = self.elapsed() + duration;
        Box::pin(async move {
            // The sender is borrowed from `self`, so the channel is open.
            let _ = elapsed.wait_for(|elapsed| *elapsed >= end).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_reaches_its_hour() {
        let clock = Arc::new(ManualClock::default());
        let sleeper = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
    }
}
