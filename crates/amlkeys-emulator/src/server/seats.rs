use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

/// The open connections, of which there is a highest number.
#[derive(Clone)]
pub(super) struct Seats(Arc<Inner>);

struct Inner {
    capacity: usize,
    taken: Mutex<HashMap<u64, Arc<Seat>>>,
    /// Counts up whenever a connection falls idle: a time that costs no call to the system.
    moments: AtomicU64,
    /// One may have been left, or fallen idle.
    changed: Notify,
}

impl Seats {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Arc::new(Inner {
            capacity,
            taken: Mutex::default(),
            moments: AtomicU64::new(BUSY + 1),
            changed: Notify::new(),
        }))
    }

    /// Takes a seat as soon as there is one: at once, unless all are busy.
    pub(super) async fn take(&self) -> TakenSeat {
        while self.is_full() && !self.ask_idlest_to_leave() {
            self.0.changed.notified().await;
        }
        let number = self.0.moment();
        let seat = Arc::new(Seat {
            seats: self.clone(),
            idle_since: AtomicU64::new(number),
            stalled: AtomicBool::new(false),
            asked_to_leave: Notify::new(),
        });
        let mut taken = self.0.taken.lock().expect(UNPOISONED);
        taken.insert(number, Arc::clone(&seat));
        TakenSeat { number, seat }
    }

    fn is_full(&self) -> bool {
        self.0.taken.lock().expect(UNPOISONED).len() >= self.0.capacity
    }

    /// Asks the connection to close that has been idle longest; false if all are busy. Its seat
    /// is free from now on.
    pub(super) fn ask_idlest_to_leave(&self) -> bool {
        let mut taken = self.0.taken.lock().expect(UNPOISONED);
        let idle = taken
            .iter()
            .filter_map(|(number, seat)| Some((seat.idle_since()?, *number)));
        let Some((_, number)) = idle.min() else {
            return false;
        };
        let seat = taken.remove(&number).expect("it was found there");
        seat.asked_to_leave.notify_one();
        true
    }

    pub(super) fn ask_all_to_leave(&self) {
        for seat in self.0.taken.lock().expect(UNPOISONED).values() {
            seat.asked_to_leave.notify_one();
        }
    }
}

impl Inner {
    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::Relaxed)
    }
}

const UNPOISONED: &str = "nothing panics while it holds the seats";

/// One connection's, until it is dropped.
pub(super) struct TakenSeat {
    number: u64,
    pub(super) seat: Arc<Seat>,
}

impl Drop for TakenSeat {
    fn drop(&mut self) {
        let inner = &self.seat.seats.0;
        inner.taken.lock().expect(UNPOISONED).remove(&self.number);
        inner.changed.notify_one();
    }
}

/// What is known of a connection while it is open.
pub(super) struct Seat {
    seats: Seats,
    /// The moment, or [`BUSY`].
    idle_since: AtomicU64,
    /// Part of an answer waits for the client to read on.
    stalled: AtomicBool,
    asked_to_leave: Notify,
}

const BUSY: u64 = 0;

impl Seat {
    /// Busy until the guard is dropped.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.idle_since.store(BUSY, Ordering::Release);
        Busy(Arc::clone(self))
    }

    pub(super) fn set_stalled(&self, stalled: bool) {
        if self.stalled.swap(stalled, Ordering::AcqRel) && !stalled {
            self.seats.0.changed.notify_one();
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.idle_since().is_some()
    }

    pub(super) async fn asked_to_leave(&self) {
        self.asked_to_leave.notified().await;
    }

    fn idle_since(&self) -> Option<u64> {
        let idle_since = self.idle_since.load(Ordering::Acquire);
        (idle_since != BUSY && !self.stalled.load(Ordering::Acquire)).then_some(idle_since)
    }
}

/// A connection has a request to answer as long as this lives.
pub(super) struct Busy(Arc<Seat>);

impl Drop for Busy {
    fn drop(&mut self) {
        let seats = &self.0.seats.0;
        self.0.idle_since.store(seats.moment(), Ordering::Release);
        seats.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => Some(ready),
            Poll::Pending => None,
        }
    }

    fn is_asked_to_leave(taken: &TakenSeat) -> bool {
        now(taken.seat.asked_to_leave()).is_some()
    }

    #[test]
    fn the_one_that_is_idle_longest_makes_room_and_the_busy_stay() {
        let seats = Seats::new(3);
        let [first, second, third] = [(); 3].map(|()| now(seats.take()).unwrap());
        let _busy = first.seat.busy();
        drop(second.seat.busy());

        let _fourth = now(seats.take()).unwrap();

        assert!(is_asked_to_leave(&third));
        assert!(!is_asked_to_leave(&first) && !is_asked_to_leave(&second));
    }

    #[test]
    fn when_all_are_busy_the_next_waits_for_one_that_is_not() {
        let seats = Seats::new(1);
        let taken = now(seats.take()).unwrap();
        let busy = taken.seat.busy();
        assert!(now(seats.take()).is_none());
        taken.seat.set_stalled(true);
        drop(busy);
        assert!(now(seats.take()).is_none(), "its answer is not read yet");
        taken.seat.set_stalled(false);
        assert!(now(seats.take()).is_some());
        assert!(is_asked_to_leave(&taken));
    }

    #[test]
    fn a_seat_that_was_left_is_free() {
        let seats = Seats::new(1);
        drop(now(seats.take()).unwrap());
        let taken = now(seats.take()).unwrap();
        assert!(!is_asked_to_leave(&taken));
    }
}
