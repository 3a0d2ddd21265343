use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// What sends the requests of the generated clients.
///
/// A generated client never sends on its own: it hands the finished request to
/// its transport, which adds credentials, retries and limits.
pub trait Transport: Debug + Send + Sync {
    /// Sends one request and waits for its answer.
    fn send<'a>(
        &'a self,
        request: reqwest::Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>>;
}

/// Makes a generated client send through its [`Transport`].
macro_rules! send_through_transport {
    ($version:ident) => {
        impl progenitor_client::ClientHooks<std::sync::Arc<dyn crate::Transport>>
            for $version::Client
        {
            async fn exec(
                &self,
                request: reqwest::Request,
                _: &progenitor_client::OperationInfo,
            ) -> reqwest::Result<reqwest::Response> {
                use progenitor_client::ClientInfo;
                self.inner().send(request).await
            }
        }
    };
}
