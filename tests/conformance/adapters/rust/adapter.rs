//! Lets the conformance suite drive `amlkeys`. It reads and writes the messages as plain JSON, as
//! an adapter in another language would.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use amlkeys::{
    ApiVersion, Claims, Client, Clock, ComputeId, ComputeSecrets, TokenCredential, WorkspaceId,
};
use anyhow::{Context, Result, bail};
use azure_core::credentials::{AccessToken, TokenRequestOptions};
use azure_core::error::ErrorKind;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tracing::instrument::WithSubscriber;

/// Answers every message until there are no more.
pub(crate) async fn serve(
    suite: impl AsyncRead + Unpin,
    mut to_suite: impl AsyncWrite + Unpin,
) -> Result<()> {
    let mut lines = BufReader::new(suite).lines();
    let mut setup = None;
    while let Some(line) = lines.next_line().await? {
        let message: Value = serde_json::from_str(&line)?;
        let answer = match message["message"].as_str() {
            Some("hello") => hello(),
            Some("begin") => {
                setup = Some(Setup::of(&message)?);
                json!({"message": "ready"})
            }
            Some("call") => {
                setup
                    .as_ref()
                    .context("no case began")?
                    .call(&message)
                    .await
            }
            other => bail!("unknown message {other:?}"),
        };
        to_suite.write_all(format!("{answer}\n").as_bytes()).await?;
        to_suite.flush().await?;
    }
    Ok(())
}

fn hello() -> Value {
    let api_versions: Vec<&str> = ApiVersion::ALL.iter().map(ApiVersion::as_str).collect();
    json!({
        "message": "hello",
        "protocol": 1,
        "virtual_clock": true,
        "resource_ids": true,
        "limits": ["timeout_seconds", "attempt_timeout_seconds", "attempts", "body_bytes"],
        "api_versions": api_versions,
    })
}

/// The client of one case.
struct Setup {
    client: Client,
    clock: Arc<VirtualClock>,
    tokens: Arc<Tokens>,
}

impl Setup {
    fn of(begin: &Value) -> Result<Self> {
        let clock = Arc::new(VirtualClock::starting_at(begin["starts_at"].as_str())?);
        let tokens = Arc::new(Tokens {
            script: begin["tokens"].as_array().context("no tokens")?.clone(),
            asked: Mutex::default(),
            clock: clock.clone(),
        });
        let text = |name: &str| begin[name].as_str().with_context(|| format!("no {name}"));
        let mut builder = Client::builder()
            .with_endpoint(text("endpoint")?)
            .with_ca_pem(std::fs::read(text("ca_file")?)?)
            .with_credential(tokens.clone())
            .with_clock(clock.clone());
        let limits = &begin["limits"];
        if let Some(seconds) = limits["timeout_seconds"].as_f64() {
            builder = builder.with_timeout(Duration::from_secs_f64(seconds));
        }
        if let Some(seconds) = limits["attempt_timeout_seconds"].as_f64() {
            builder = builder.with_attempt_timeout(Duration::from_secs_f64(seconds));
        }
        if let Some(attempts) = limits["attempts"].as_u64() {
            builder = builder.with_max_attempts(u32::try_from(attempts)?);
        }
        if let Some(bytes) = limits["body_bytes"].as_u64() {
            builder = builder.with_max_body(usize::try_from(bytes)?);
        }
        Ok(Self {
            client: builder.build()?,
            clock,
            tokens,
        })
    }

    /// Makes calls at the same time.
    async fn call(&self, message: &Value) -> Value {
        let after = message["after_seconds"].as_u64().unwrap_or_default();
        self.clock.move_on(Duration::from_secs(after));
        self.clock.waits().clear();
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(log.clone())
            .finish();
        let calls = message["calls"].as_array().into_iter().flatten();
        let made = futures_util::future::join_all(calls.map(|call| self.made(call)));
        let mut outcomes = made.with_subscriber(subscriber).await;
        let log = log.text();
        for outcome in &mut outcomes {
            outcome["waits"] = json!(*self.clock.waits());
            outcome["shown"]["log"] = json!(log);
            outcome["shown"]["client"] = json!(format!("{:?}", self.client));
        }
        let asked = self.tokens.asked.lock().expect("no one panics");
        json!({"message": "outcomes", "outcomes": outcomes, "token_requests": *asked})
    }

    async fn made(&self, call: &Value) -> Value {
        let outcome = match call["operation"].as_str() {
            Some("Compute_ListKeys") => self.compute(call).await,
            _ => self.workspace(call).await,
        };
        outcome.unwrap_or_else(|error| failure(&error))
    }

    async fn compute(&self, call: &Value) -> amlkeys::Result<Value> {
        let id = match call["resource_id"].as_str() {
            Some(id) => id.parse()?,
            None => ComputeId::new(workspace_id(call)?, text(call, "compute"))?,
        };
        let version = api_version(call)?;
        let secrets = self.client.compute_list_keys(&id);
        let secrets = secrets.with_api_version(version).await?;
        Ok(json!({
            "value": {
                "compute_type": secrets.compute_type(),
                "typed": !matches!(secrets, ComputeSecrets::Unknown(_)),
                "body": secrets,
            },
            "shown": {
                "debug": format!("{secrets:?} {secrets:#?}"),
                "masked": json!(secrets.masked()).to_string(),
            },
        }))
    }

    async fn workspace(&self, call: &Value) -> amlkeys::Result<Value> {
        let id = match call["resource_id"].as_str() {
            Some(id) => id.parse()?,
            None => workspace_id(call)?,
        };
        let version = api_version(call)?;
        let keys = self.client.workspaces_list_keys(&id);
        let keys = keys.with_api_version(version).await?;
        let mut body = json!(keys);
        // One field to the caller, under whichever of its two names it came.
        body["userStorageResourceId"] = json!(keys.user_storage_resource_id());
        Ok(json!({
            "value": {"body": body},
            "shown": {
                "debug": format!("{keys:?} {keys:#?}"),
                "masked": json!(keys.masked()).to_string(),
            },
        }))
    }
}

fn text<'c>(call: &'c Value, name: &str) -> &'c str {
    call[name].as_str().unwrap_or_default()
}

fn workspace_id(call: &Value) -> amlkeys::Result<WorkspaceId> {
    WorkspaceId::new(
        text(call, "subscription_id"),
        text(call, "resource_group"),
        text(call, "workspace"),
    )
}

fn api_version(call: &Value) -> amlkeys::Result<ApiVersion> {
    let wanted = text(call, "api_version");
    let newest = ApiVersion::ALL.last().expect("there is one").clone();
    wanted
        .parse()
        .or_else(|_| ApiVersion::unlisted(wanted, newest))
}

fn failure(error: &amlkeys::Error) -> Value {
    let mut display = error.to_string();
    let mut debug = format!("{error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        display += &format!(": {cause}");
        debug += &format!(" {cause:?}");
        source = cause.source();
    }
    let details: Vec<_> = error.details().iter().map(|it| it.code()).collect();
    json!({
        "error": {
            "class": class(error, &display),
            "status": error.status(),
            "code": error.code(),
            "message": error.message(),
            "target": error.target(),
            "details": details,
            "request_id": error.request_id(),
            "retry_after_seconds": error.retry_after().map(|it| it.as_secs_f64()),
        },
        "shown": {"display": display, "debug": debug},
    })
}

fn class(error: &amlkeys::Error, display: &str) -> &'static str {
    match () {
        () if error.is_invalid_input() => "invalid_input",
        () if error.is_credential() => "credential",
        () if error.is_timeout() => "timeout",
        () if error.is_connection() => "connection",
        () if error.is_body() && display.contains("it is larger than") => "too_large",
        () if error.is_body() => "malformed",
        () if error.is_unauthorized() => "unauthorized",
        () if error.is_forbidden() => "forbidden",
        () if error.is_not_found() => "not_found",
        () if error.is_throttled() => "throttled",
        () if error.is_unavailable() => "unavailable",
        () => "service",
    }
}

/// A credential that hands out the tokens of a case.
struct Tokens {
    script: Vec<Value>,
    asked: Mutex<Vec<Value>>,
    clock: Arc<VirtualClock>,
}

/// What a client shows of its credential is the credential's to say.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

#[async_trait::async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        // Gives others the chance to ask at the same time.
        tokio::task::yield_now().await;
        let claims = options.and_then(|it| it.method_options.context.value::<Claims>().cloned());
        let mut asked = self.asked.lock().expect("no one panics");
        let next = asked.len().min(self.script.len().saturating_sub(1));
        asked.push(json!({"scopes": scopes, "claims": claims.as_ref().map(Claims::as_str)}));
        let Some(token) = self.script.get(next) else {
            let nobody = "nobody is signed in";
            return Err(azure_core::Error::with_message(
                ErrorKind::Credential,
                nobody,
            ));
        };
        let life = Duration::from_secs(token["expires_in_seconds"].as_u64().unwrap_or_default());
        let expires_on = self.clock.now() + life;
        Ok(AccessToken::new(
            text(token, "value").to_owned(),
            expires_on.into(),
        ))
    }
}

/// A clock that stands still but for waits, which pass at once.
#[derive(Debug)]
struct VirtualClock {
    start: SystemTime,
    passed: Mutex<Duration>,
    waits: Mutex<Vec<f64>>,
}

impl VirtualClock {
    fn starting_at(date: Option<&str>) -> Result<Self> {
        let start = match date {
            Some(date) => httpdate::parse_http_date(date)?,
            None => SystemTime::UNIX_EPOCH + Duration::from_secs(1_756_684_800),
        };
        Ok(Self {
            start,
            passed: Mutex::default(),
            waits: Mutex::default(),
        })
    }

    fn move_on(&self, duration: Duration) {
        *self.passed.lock().expect("no one panics") += duration;
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, Vec<f64>> {
        self.waits.lock().expect("no one panics")
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.passed.lock().expect("no one panics")
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.move_on(duration);
        self.waits().push(duration.as_secs_f64());
        Box::pin(ready(()))
    }
}

/// All that is logged while calls are made.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no one panics")).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .expect("no one panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> tracing_subscriber::fmt::MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}
