use std::time::Duration;

/// What one connection may take, and how many there may be: clients that send slowly, never end or
/// never begin neither stop the emulator nor make it grow.
///
/// ```
/// use std::time::Duration;
///
/// use amlkeys_emulator::Limits;
///
/// let limits = Limits::default()
///     .with_connections(8)
///     .with_head_time(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    pub(super) connections: usize,
    pub(super) handshake_time: Duration,
    pub(super) head_size: usize,
    pub(super) head_time: Duration,
    pub(super) body_time: Duration,
    pub(super) answer_time: Duration,
    pub(super) stop_time: Duration,
}

impl Limits {
    /// How many connections are open at once, 192 unless set. One more closes the one that has
    /// been idle longest; if all are waiting for answers, it waits until one is not.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// For the TLS handshake, 10 s unless set.
    pub fn with_handshake_time(mut self, time: Duration) -> Self {
        self.handshake_time = time;
        self
    }

    /// The size of a request's line and headers in bytes, 64 KiB unless set and at least 8 KiB.
    pub fn with_head_size(mut self, size: usize) -> Self {
        self.head_size = size.max(Self::SMALLEST_HEAD);
        self
    }

    /// From the end of one answer, or the start of the connection, to the end of the next
    /// request's headers: 60 s unless set. So it also ends connections that are kept for nothing.
    pub fn with_head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// For all of a request's body, 30 s unless set.
    pub fn with_body_time(mut self, time: Duration) -> Self {
        self.body_time = time;
        self
    }

    /// For the client to read on while it has an answer to read, 30 s unless set.
    pub fn with_answer_time(mut self, time: Duration) -> Self {
        self.answer_time = time;
        self
    }

    /// For requests in flight when the emulator stops, 5 s unless set.
    pub fn with_stop_time(mut self, time: Duration) -> Self {
        self.stop_time = time;
        self
    }

    /// What hyper reads at once.
    const SMALLEST_HEAD: usize = 8 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 192,
            handshake_time: Duration::from_secs(10),
            head_size: 64 * 1024,
            head_time: Duration::from_secs(60),
            body_time: Duration::from_secs(30),
            answer_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(5),
        }
    }
}
