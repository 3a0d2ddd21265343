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
    /// Sun, 06 Nov 1994 08:49:37 GMT
    pub(crate) fn start() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        Self::start() + self.elapsed()
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
        let expires_on = TestClock::start() + Duration::from_secs(3600);
        Ok(AccessToken::new(
            format!("canary-token-{number}"),
            expires_on.into(),
        ))
    }
}

/// A credential that gives its first token at once, and then only what it is
/// let: a token, or a failure.
#[derive(Debug)]
pub(crate) struct Gate {
    asked: Mutex<u64>,
    outcomes: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<bool>>,
}

impl Gate {
    /// The credential, and where to say whether a token that it is asked for
    /// can be had.
    pub(crate) fn new() -> (Arc<Self>, tokio::sync::mpsc::UnboundedSender<bool>) {
        let (let_pass, outcomes) = tokio::sync::mpsc::unbounded_channel();
        let gate = Self {
            asked: Mutex::default(),
            outcomes: outcomes.into(),
        };
        (Arc::new(gate), let_pass)
    }

    pub(crate) fn asked(&self) -> u64 {
        *self.asked.lock().unwrap()
    }
}

#[async_trait::async_trait]
impl TokenCredential for Gate {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        let may_pass = number == 1 || self.outcomes.lock().await.recv().await.unwrap();
        if !may_pass {
            let kind = azure_core::error::ErrorKind::Credential;
            return Err(azure_core::Error::with_message(kind, "the gate is shut"));
        }
        let token = format!("canary-token-{number}");
        let expires_on = TestClock::start() + Duration::from_secs(number * 3600);
        Ok(AccessToken::new(token, expires_on.into()))
    }
}

/// Lets other tasks run until something holds.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    for _ in 0..10_000_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to hold");
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
