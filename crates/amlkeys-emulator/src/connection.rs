//! What a request knows of the connection that it came over: the server puts both into its
//! extensions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The connection, for an answer that ends in a reset. Clones are of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reset: Notify,
    /// How much is sent before the reset, or [`NO_END`].
    left: AtomicUsize,
}

const NO_END: usize = usize::MAX;

impl Default for Inner {
    fn default() -> Self {
        Self {
            reset: Notify::new(),
            left: AtomicUsize::new(NO_END),
        }
    }
}

impl ConnectionHandle {
    /// Has the server reset the connection: nothing more is sent, not even a close of TLS.
    pub(crate) fn reset(&self) {
        self.0.reset.notify_one();
    }

    /// Has it reset when this many bytes more are sent.
    pub(crate) fn reset_after(&self, bytes: usize) {
        self.0.left.store(bytes, Ordering::Release);
    }

    /// How many bytes may still be sent, if that has an end.
    pub(crate) fn left(&self) -> Option<usize> {
        let left = self.0.left.load(Ordering::Acquire);
        (left != NO_END).then_some(left)
    }

    /// Returns when [`reset`](Self::reset) is called, or was.
    pub(crate) async fn wait_for_reset(&self) {
        self.0.reset.notified().await;
    }
}

/// How the client addressed the server, for answers that name their own address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    /// What ARM speaks, so it is what a request without a connection came over.
    #[default]
    Https,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
