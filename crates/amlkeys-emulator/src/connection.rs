//! What a request knows of the connection that it came over: the server puts both into its
//! extensions.

use std::sync::Arc;

use tokio::sync::Notify;

/// The connection, for an answer that ends in a reset. Clones are of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionHandle(Arc<Notify>);

impl ConnectionHandle {
    /// Has the server reset the connection: nothing more is sent, not even a close of TLS.
    pub(crate) fn reset(&self) {
        self.0.notify_one();
    }

    /// Returns when [`reset`](Self::reset) is called, or was.
    pub(crate) async fn wait_for_reset(&self) {
        self.0.notified().await;
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
