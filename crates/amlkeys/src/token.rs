//! The token of a client: one for all its clones, renewed before it ends while
//! calls go on with the one that still holds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::{Duration, SystemTime};

use azure_core::credentials::{TokenCredential, TokenRequestOptions};
use azure_core::http::{ClientMethodOptions, Context};
use http::HeaderValue;
use tokio::task::JoinHandle;

use crate::Claims;
use crate::clock::Clock;
use crate::error::{Error, Reason, Result};

/// A token is renewed this long before it expires, or half its life if it is
/// shorter-lived than twice this.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// A renewal that failed is tried again after this, if a call asks for it.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// A renewal in the background takes no longer than this.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(60);

/// The tokens of a client. Dropping it ends a renewal that is under way.
#[derive(Debug)]
pub(crate) struct TokenCache {
    source: Arc<Source>,
    renewal: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Source {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    clock: Arc<dyn Clock>,
    current: RwLock<Option<Token>>,
    /// Held by the caller that asks the credential for all who wait; why the
    /// last one to do so failed.
    turn: tokio::sync::Mutex<Option<Reason>>,
    turns_ended: AtomicU64,
}

#[derive(Clone, Debug)]
struct Token {
    /// `Bearer …`, marked as sensitive.
    bearer: HeaderValue,
    renew_at: SystemTime,
    expires_on: SystemTime,
}

impl TokenCache {
    pub(crate) fn new(
        credential: Arc<dyn TokenCredential>,
        scope: String,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let source = Source {
            credential,
            scope,
            clock,
            current: RwLock::default(),
            turn: tokio::sync::Mutex::default(),
            turns_ended: AtomicU64::default(),
        };
        Self {
            source: Arc::new(source),
            renewal: Mutex::default(),
        }
    }

    /// The value of `Authorization`, unless there is none or it has expired.
    /// One that is about to expire is still given out, and renewed in the
    /// background.
    pub(crate) fn held(&self) -> Option<HeaderValue> {
        let now = self.source.clock.now();
        let token = self.source.current().filter(|it| now < it.expires_on)?;
        if now >= token.renew_at {
            self.renew(&token);
        }
        Some(token.bearer)
    }

    /// The value of `Authorization` from the credential, which one caller asks
    /// for all who wait.
    pub(crate) async fn fetched(&self) -> Result<HeaderValue> {
        let now = self.source.clock.now();
        let holds = |token: &Token| now < token.expires_on;
        self.source.in_turn(None, holds).await
    }

    /// A token in place of one that the service refused, `None` if the
    /// credential has no other.
    pub(crate) async fn replace(
        &self,
        refused: &HeaderValue,
        claims: Option<Claims>,
    ) -> Result<Option<HeaderValue>> {
        let is_another = |token: &Token| token.bearer != *refused;
        let bearer = self.source.in_turn(claims, is_another).await?;
        Ok((bearer != *refused).then_some(bearer))
    }

    /// Starts a renewal unless one is under way.
    ///
    /// It is a task of its own, so that no call waits for it. It never holds
    /// the turn: should its runtime stand still, callers of another one still
    /// get a token once this one has expired.
    fn renew(&self, old: &Token) {
        let mut renewal = self.renewal();
        if renewal.as_ref().is_some_and(|task| !task.is_finished()) || !self.source.holds(old) {
            return;
        }
        let (source, old) = (self.source.clone(), old.clone());
        *renewal = Some(tokio::spawn(async move { source.renew(old).await }));
    }

    fn renewal(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.renewal.lock().expect("no one panics while holding it")
    }
}

impl Drop for TokenCache {
    fn drop(&mut self) {
        if let Some(task) = self.renewal().take() {
            task.abort();
        }
    }
}

impl Source {
    fn current(&self) -> Option<Token> {
        let current = self.current.read();
        current.expect("no one panics while holding it").clone()
    }

    /// Whether nobody has put another token in the place of this one.
    fn holds(&self, token: &Token) -> bool {
        let current = self.current();
        current.is_some_and(|it| it.bearer == token.bearer && it.renew_at == token.renew_at)
    }

    /// Asks the credential, one caller at a time. Those who waited meanwhile
    /// take what it gave, if it `will_do`, or share its failure.
    async fn in_turn(
        &self,
        claims: Option<Claims>,
        will_do: impl Fn(&Token) -> bool,
    ) -> Result<HeaderValue> {
        let seen = self.turns_ended.load(Ordering::Acquire);
        let mut failure = self.turn.lock().await;
        if let Some(token) = self.current()
            && will_do(&token)
        {
            return Ok(token.bearer);
        }
        if let Some(reason) = &*failure
            && self.turns_ended.load(Ordering::Acquire) != seen
        {
            return Err(Error::credential(reason.clone()));
        }
        let fetched = self.fetch(claims).await;
        *failure = fetched.as_ref().err().cloned();
        self.turns_ended.fetch_add(1, Ordering::Release);
        let token = fetched.map_err(Error::credential)?;
        self.store(token.clone());
        Ok(token.bearer)
    }

    async fn renew(&self, old: Token) {
        let renewed = tokio::time::timeout(RENEWAL_TIMEOUT, self.fetch(None)).await;
        let next = match renewed {
            Ok(Ok(token)) => token,
            failed => {
                let why = match failed {
                    Ok(Err(reason)) => reason.to_string(),
                    _ => "the credential had no token in time".into(),
                };
                tracing::warn!(why, "cannot renew the token, which still holds");
                Token {
                    renew_at: self.clock.now() + RENEW_AGAIN_AFTER,
                    ..old.clone()
                }
            }
        };
        if self.holds(&old) {
            self.store(next);
        }
    }

    fn store(&self, token: Token) {
        let mut current = self
            .current
            .write()
            .expect("no one panics while holding it");
        *current = Some(token);
    }

    async fn fetch(&self, claims: Option<Claims>) -> std::result::Result<Token, Reason> {
        let mut context = Context::new();
        if let Some(claims) = claims {
            context.insert(claims);
        }
        let options = TokenRequestOptions {
            method_options: ClientMethodOptions { context },
        };
        let scopes = [self.scope.as_str()];
        let answer = self.credential.get_token(&scopes, Some(options)).await;
        let token = answer.map_err(|error| Reason::of(&error))?;
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.token.secret()));
        let mut bearer =
            bearer.map_err(|_| Reason::new("the token holds characters that no header can"))?;
        bearer.set_sensitive(true);
        let expires_on = SystemTime::from(token.expires_on);
        let life = expires_on.duration_since(self.clock.now());
        let life = life.unwrap_or_default();
        Ok(Token {
            bearer,
            renew_at: expires_on - RENEW_BEFORE.min(life / 2),
            expires_on,
        })
    }
}
