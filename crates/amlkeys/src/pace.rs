//! When to send: in step with the throttle that Azure Resource Manager (ARM)
//! announces.
//!
//! ARM keeps a bucket of requests for each subscription and refills it steadily;
//! each answer says how many are left. Not to use what is left loses nothing
//! until the bucket is full, so it is enough to stay a little above its bottom.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use http::HeaderMap;
use reqwest::Url;

use crate::clock::Clock;

/// The buckets of a client: one for each subscription that it asks about.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

#[derive(Debug)]
struct Lane {
    /// Held by the call that is next; the others wait for it in order.
    next: tokio::sync::Mutex<()>,
    bucket: Mutex<Bucket>,
}

/// The leave to send one request.
#[derive(Debug)]
pub(crate) struct Turn {
    lane: Arc<Lane>,
    number: u64,
    at: Duration,
    /// How long it took to get.
    pub(crate) waited: Duration,
}

/// What an answer says about the bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Said {
    Left(f64),
    Refused {
        retry_after: Option<Duration>,
    },
    /// It was an answer of ARM, without a word about the throttle.
    Nothing,
}

impl Pace {
    /// Waits until a request about the subscription in this URL may be sent.
    pub(crate) async fn turn(&self, url: &Url, clock: &dyn Clock) -> Turn {
        let asked = clock.elapsed();
        let lane = self.lane(url, asked);
        let next = lane.next.lock().await;
        let (number, at) = loop {
            let now = clock.elapsed();
            let taken = lane.bucket().take(now);
            match taken {
                Ok(number) => break (number, now),
                Err(wait) => clock.sleep(wait).await,
            }
        };
        drop(next);
        Turn {
            lane,
            number,
            at,
            waited: at.saturating_sub(asked),
        }
    }

    fn lane(&self, url: &Url, now: Duration) -> Arc<Lane> {
        const MANY: usize = 1024;

        let segment = url.path_segments().and_then(|mut it| it.nth(1));
        let subscription = segment.unwrap_or_default().to_ascii_lowercase();
        let mut lanes = self.lanes.lock().expect("no one panics while holding it");
        if lanes.len() >= MANY && !lanes.contains_key(&subscription) {
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        let new = || {
            Arc::new(Lane {
                next: tokio::sync::Mutex::default(),
                bucket: Mutex::new(Bucket::new(now)),
            })
        };
        lanes.entry(subscription).or_insert_with(new).clone()
    }
}

impl Lane {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().expect("no one panics while holding it")
    }
}

impl Turn {
    /// Takes over what the answer to the request says.
    pub(crate) fn answered(&self, said: Said, now: Duration) {
        let mut bucket = self.lane.bucket();
        match said {
            Said::Left(left) => bucket.announced(self.number, left, self.at),
            Said::Refused { retry_after } => bucket.refused(self.number, retry_after, now),
            Said::Nothing => bucket.is_bounded = bucket.heard > 0,
        }
    }
}

impl Said {
    /// `None` if the answer need not be one that ARM counted.
    pub(crate) fn by(
        status: u16,
        headers: &HeaderMap,
        retry_after: Option<Duration>,
    ) -> Option<Self> {
        let left = headers.get("x-ms-ratelimit-remaining-subscription-writes");
        let left = left.and_then(|left| left.to_str().ok()?.trim().parse::<u32>().ok());
        match (status, left) {
            (429, _) => Some(Self::Refused { retry_after }),
            (_, Some(left)) => Some(Self::Left(left.into())),
            (401 | 500.., None) => None,
            (_, None) => Some(Self::Nothing),
        }
    }
}

/// What is believed of one bucket.
#[derive(Debug)]
struct Bucket {
    /// The requests that were sent, numbered from 1.
    sent: u64,
    /// What there was at a time, counting in what has been sent since the
    /// beginning: an answer that leaves 50 to request 7 says 57. It grows by
    /// what is refilled, and shrinks by what others take.
    total: f64,
    at: Duration,
    /// How fast it grows.
    per_second: f64,
    /// The most that there ever was.
    most: f64,
    not_before: Duration,
    /// False once ARM answers without announcing anything.
    is_bounded: bool,
    /// The newest request whose answer has been taken over.
    heard: u64,
    since: Option<Since>,
}

/// From when on the growth is measured.
#[derive(Debug)]
struct Since {
    total: f64,
    at: Duration,
    answers: u32,
}

/// What is left in the bucket for other programs that share it.
const RESERVE: f64 = 5.0;

impl Bucket {
    /// Nothing is known: one request finds out.
    fn new(now: Duration) -> Self {
        Self {
            sent: 0,
            total: 1.0 + RESERVE,
            at: now,
            // What ARM documents.
            per_second: 10.0,
            most: 200.0,
            not_before: Duration::ZERO,
            is_bounded: true,
            heard: 0,
            since: None,
        }
    }

    /// The number of the next request, or how long to wait before asking again.
    fn take(&mut self, now: Duration) -> Result<u64, Duration> {
        const LOOK_AGAIN: Duration = Duration::from_millis(250);
        const LITTLE: Duration = Duration::from_millis(1);

        if now < self.not_before {
            return Err(self.not_before - now);
        }
        let left = self.left(now).min(self.most);
        // Those on the way may reach ARM in another order.
        let on_the_way = (self.sent - self.heard).min(100) as f64;
        let lacking = 1.0 + RESERVE + on_the_way / 4.0 - left;
        if self.is_bounded && lacking > 1e-6 {
            let wait = Duration::from_secs_f64(lacking / self.per_second);
            return Err(wait.clamp(LITTLE, LOOK_AGAIN));
        }
        self.total = left + self.sent as f64;
        self.at = now;
        self.sent += 1;
        Ok(self.sent)
    }

    fn left(&self, now: Duration) -> f64 {
        let refilled = self.per_second * now.saturating_sub(self.at).as_secs_f64();
        self.total + refilled - self.sent as f64
    }

    /// An answer to a request that was sent `at`. One that was overtaken says
    /// nothing new.
    fn announced(&mut self, number: u64, left: f64, at: Duration) {
        if number <= self.heard {
            return;
        }
        self.heard = number;
        self.is_bounded = true;
        self.total = left + number as f64;
        self.at = at;
        self.most = self.most.max(left + 1.0);
        self.learn(left, at);
    }

    /// Measures the growth. A bucket that is nearly full may not grow.
    fn learn(&mut self, left: f64, at: Duration) {
        const ENOUGH_ANSWERS: u32 = 10;
        const LONG_ENOUGH: Duration = Duration::from_secs(1);

        if left > self.most / 2.0 {
            self.since = None;
            return;
        }
        let answers = match &mut self.since {
            None => 0,
            Some(since) => {
                since.answers += 1;
                let time = at.saturating_sub(since.at);
                if since.answers < ENOUGH_ANSWERS || time < LONG_ENOUGH {
                    return;
                }
                let measured = (self.total - since.total) / time.as_secs_f64();
                self.adapt((self.per_second + measured) / 2.0);
                0
            }
        };
        self.since = Some(Since {
            total: self.total,
            at,
            answers,
        });
    }

    /// Nothing is left, and nothing is sent until there is again; then one
    /// request finds out how much.
    fn refused(&mut self, number: u64, retry_after: Option<Duration>, now: Duration) {
        let again = now.saturating_add(retry_after.unwrap_or(Duration::from_secs(1)));
        self.not_before = self.not_before.max(again);
        if number <= self.heard {
            return;
        }
        self.heard = self.sent;
        self.is_bounded = true;
        self.total = self.sent as f64 + 1.0 + RESERVE;
        self.at = self.not_before;
        self.since = None;
        self.adapt(self.per_second / 2.0);
    }

    fn adapt(&mut self, per_second: f64) {
        self.per_second = per_second.clamp(1.0, 1e6);
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use super::*;

    /// ARM's side of a simulation.
    struct Arm {
        per_second: f64,
        left: f64,
        at: Duration,
    }

    impl Arm {
        fn answer(&mut self, now: Duration) -> Said {
            let time = (now - self.at).as_secs_f64();
            self.left = (self.left + time * self.per_second).min(200.0);
            self.at = now;
            if self.left < 1.0 {
                let wait = (1.0 - self.left) / self.per_second;
                return Said::Refused {
                    retry_after: Some(Duration::from_secs(wait.ceil() as u64)),
                };
            }
            self.left -= 1.0;
            Said::Left(self.left.floor())
        }
    }

    /// What a simulated caller does next.
    #[derive(Clone, Copy, PartialEq)]
    enum Step {
        Ask,
        Arrive(u64, Duration),
        Hear(u64, Duration, Said),
    }

    struct Run {
        time: f64,
        refused: usize,
    }

    /// Programs of so many callers each, that list as many keys together, on a
    /// virtual clock.
    fn run(per_second: f64, programs: usize, callers: usize, requests: usize, way: u64) -> Run {
        let mut arm = Arm {
            per_second,
            left: 200.0,
            at: Duration::ZERO,
        };
        let mut buckets: Vec<Bucket> = (0..programs).map(|_| Bucket::new(Duration::ZERO)).collect();
        let mut waiting = requests;
        let (mut done, mut refused) = (0, 0);
        let mut steps = Vec::new();
        let mut queue = BinaryHeap::new();
        for caller in 0..programs * callers {
            queue.push(Reverse((Duration::ZERO, steps.len())));
            steps.push((caller, Step::Ask));
        }
        // The way to ARM takes up to twice as long for some as for others.
        let mut random = 1_u64;
        let mut way = || {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1);
            Duration::from_millis(way + (random >> 33) % way)
        };
        let mut has_request = vec![false; programs * callers];
        while let Some(Reverse((now, index))) = queue.pop() {
            let (caller, step) = steps[index];
            let bucket = &mut buckets[caller / callers];
            let (then, step) = match step {
                Step::Ask => {
                    if !has_request[caller] {
                        if waiting == 0 {
                            continue;
                        }
                        waiting -= 1;
                        has_request[caller] = true;
                    }
                    match bucket.take(now) {
                        Ok(number) => (now + way(), Step::Arrive(number, now)),
                        Err(wait) => (now + wait, Step::Ask),
                    }
                }
                Step::Arrive(number, at) => (now + way(), Step::Hear(number, at, arm.answer(now))),
                Step::Hear(number, at, Said::Left(left)) => {
                    bucket.announced(number, left, at);
                    has_request[caller] = false;
                    done += 1;
                    if done == requests {
                        return Run {
                            time: now.as_secs_f64(),
                            refused,
                        };
                    }
                    (now, Step::Ask)
                }
                Step::Hear(number, _, Said::Refused { retry_after }) => {
                    bucket.refused(number, retry_after, now);
                    refused += 1;
                    (now + retry_after.unwrap(), Step::Ask)
                }
                Step::Hear(_, _, Said::Nothing) => unreachable!("this ARM always says something"),
            };
            queue.push(Reverse((then, steps.len())));
            steps.push((caller, step));
        }
        unreachable!("all of them are done before nobody has anything to do")
    }

    #[test]
    fn a_thousand_take_hardly_longer_than_the_bucket_allows_and_few_are_refused() {
        for (per_second, programs, callers, way, few) in [
            (10.0, 1, 16, 50, 0),
            (10.0, 1, 1, 20, 0),
            (10.0, 1, 64, 50, 10),
            (10.0, 1, 64, 500, 10),
            (100.0, 1, 16, 5, 0),
            (3.0, 1, 16, 50, 0),
            (25.0, 1, 16, 50, 0),
            (10.0, 2, 16, 50, 10),
            (10.0, 2, 16, 5, 10),
            // Programs that know nothing of each other.
            (10.0, 4, 16, 50, 50),
        ] {
            let it = run(per_second, programs, callers, 1000, way);
            let allowed = 800.0 / per_second;
            let what = format!(
                "{per_second}/s, {programs} × {callers} callers, {way} ms: {:.1} s, {} refused",
                it.time, it.refused
            );
            assert!(it.time <= 1.05 * allowed, "{what}");
            assert!(it.refused <= few, "{what}");
        }
    }

    #[test]
    fn what_announces_nothing_is_not_held_back() {
        let mut bucket = Bucket::new(Duration::ZERO);
        assert_eq!(bucket.take(Duration::ZERO), Ok(1));
        assert!(bucket.take(Duration::ZERO).is_err());
        bucket.is_bounded = false;
        for number in 2..1000 {
            assert_eq!(bucket.take(Duration::ZERO), Ok(number));
        }
    }

    #[test]
    fn what_never_answers_does_not_stop_the_others() {
        let mut bucket = Bucket::new(Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut sent = 0;
        while sent < 1000 {
            match bucket.take(now) {
                Ok(number) => sent = number,
                Err(wait) => now += wait,
            }
        }
        assert!(now < Duration::from_secs(110), "{now:?}");
    }

    #[test]
    fn after_a_refusal_one_request_finds_out() {
        let seconds = Duration::from_secs;
        let mut bucket = Bucket::new(Duration::ZERO);
        assert_eq!(bucket.take(Duration::ZERO), Ok(1));
        bucket.announced(1, 199.0, Duration::ZERO);
        for _ in 0..3 {
            bucket.take(Duration::ZERO).unwrap();
        }
        bucket.refused(2, Some(seconds(7)), Duration::ZERO);
        // It was sent before the refusal and says nothing new.
        bucket.announced(3, 100.0, Duration::ZERO);
        assert_eq!(bucket.take(seconds(5)), Err(seconds(2)));
        assert_eq!(bucket.take(seconds(7)), Ok(5));
        assert!(bucket.take(seconds(7)).is_err());
        bucket.announced(5, 60.0, seconds(7));
        assert_eq!(bucket.take(seconds(7)), Ok(6));
    }
}
