//! A client of the stub, a clock that a test moves, and a credential that
//! counts.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use amlkeys::{Claims, Client, ClientBuilder, Clock, ComputeId, TokenCredential, WorkspaceId};
use amlkeys_stub::Stub;
use azure_core::credentials::{AccessToken, TokenRequestOptions};

pub(crate) const TOKEN: &str = "canary-token-1";

/// A client of the stub, with a [`TestClock`] and numbered [`Tokens`].
pub(crate) fn client_of(stub: &Stub) -> ClientBuilder {
    Client::builder()
        .with_endpoint(&stub.endpoint)
        .with_ca_pem(stub.ca_pem.as_str())
        .with_credential(Arc::new(Tokens::default()))
        .with_clock(Arc::new(TestClock::default()))
}

/// A clock that only moves when it is slept on, and remembers how long.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        // Sun, 06 Nov 1994 08:49:37 GMT
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.slept().iter().sum()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }
}

/// A credential whose tokens are numbered and live for an hour of the test's
/// clock.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) asked: Mutex<Vec<Option<Claims>>>,
    /// Gives the first token again and again.
    pub(crate) stuck: bool,
}

#[async_trait::async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://management.azure.com/.default"]);
        tokio::task::yield_now().await;
        let claims = options.and_then(|it| it.method_options.context.value::<Claims>().cloned());
        let mut asked = self.asked.lock().unwrap();
        asked.push(claims);
        let number = if self.stuck { 1 } else { asked.len() };
        let expires_on = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + 3600);
        Ok(AccessToken::new(
            format!("canary-token-{number}"),
            expires_on.into(),
        ))
    }
}

pub(crate) fn workspace_id() -> WorkspaceId {
    WorkspaceId::new("sub", "testrg123", "workspaces123").unwrap()
}

pub(crate) fn compute_id() -> ComputeId {
    ComputeId::new(workspace_id(), "compute123").unwrap()
}

/// Everything that an error shows of itself.
pub(crate) fn everything(error: &amlkeys::Error) -> String {
    let mut shown = format!("{error:?} {error:#?} {error}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        shown += &format!(" {error:?} {error}");
        source = error.source();
    }
    shown
}
