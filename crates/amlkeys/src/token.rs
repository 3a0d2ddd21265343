//! The token of a client: one for all its clones, renewed by one caller at a
//! time.

use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use azure_core::credentials::{TokenCredential, TokenRequestOptions};
use azure_core::http::{ClientMethodOptions, Context};
use http::HeaderValue;
use tokio::sync::Mutex;

use crate::Claims;
use crate::clock::Clock;
use crate::error::{Error, Reason, Result};

/// A token is renewed this long before it expires, or half its life if it is
/// shorter-lived than twice this.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct TokenCache {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    clock: Arc<dyn Clock>,
    current: RwLock<Option<Token>>,
    renewing: Mutex<()>,
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
        Self {
            credential,
            scope,
            clock,
            current: RwLock::default(),
            renewing: Mutex::default(),
        }
    }

    /// The value of `Authorization`: from the cache, or from the credential if
    /// the cached token is missing or about to expire.
    ///
    /// While a token that is about to expire is being renewed, other callers
    /// go on with it.
    pub(crate) async fn bearer(&self) -> Result<HeaderValue> {
        let now = self.clock.now();
        let _renewing = match self.current() {
            Some(token) if now < token.renew_at => return Ok(token.bearer),
            Some(token) if now < token.expires_on => match self.renewing.try_lock() {
                Ok(_renewing) => return Ok(self.fetch(None).await.unwrap_or(token.bearer)),
                Err(_) => return Ok(token.bearer),
            },
            _ => self.renewing.lock().await,
        };
        match self.current() {
            Some(token) if self.clock.now() < token.renew_at => Ok(token.bearer),
            _ => self.fetch(None).await,
        }
    }

    /// A token in place of one that the service refused, `None` if the
    /// credential has no other.
    pub(crate) async fn replace(
        &self,
        refused: &HeaderValue,
        claims: Option<Claims>,
    ) -> Result<Option<HeaderValue>> {
        let _renewing = self.renewing.lock().await;
        if let Some(token) = self.current()
            && token.bearer != *refused
        {
            return Ok(Some(token.bearer));
        }
        let bearer = self.fetch(claims).await?;
        Ok((bearer != *refused).then_some(bearer))
    }

    fn current(&self) -> Option<Token> {
        let current = self.current.read();
        current.expect("no one panics while holding it").clone()
    }

    async fn fetch(&self, claims: Option<Claims>) -> Result<HeaderValue> {
        let mut context = Context::new();
        if let Some(claims) = claims {
            context.insert(claims);
        }
        let options = TokenRequestOptions {
            method_options: ClientMethodOptions { context },
        };
        let answer = self
            .credential
            .get_token(&[&self.scope], Some(options))
            .await;
        let token = answer.map_err(|error| Error::credential(Reason::of(&error)))?;
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.token.secret()));
        let mut bearer = bearer.map_err(|_| {
            Error::credential(Reason::new("the token holds characters that no header can"))
        })?;
        bearer.set_sensitive(true);
        let now = self.clock.now();
        let expires_on = SystemTime::from(token.expires_on);
        let life = expires_on.duration_since(now).unwrap_or_default();
        let token = Token {
            bearer: bearer.clone(),
            renew_at: expires_on - RENEW_BEFORE.min(life / 2),
            expires_on,
        };
        *self
            .current
            .write()
            .expect("no one panics while holding it") = Some(token);
        Ok(bearer)
    }
}
