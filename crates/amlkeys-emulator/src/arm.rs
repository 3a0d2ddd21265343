use std::fmt;
#[cfg(feature = "router")]
use std::io;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;

#[cfg(feature = "router")]
use axum::Router;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::authorization::{Authorization, Bearer};
use crate::body::{Body, Request, Response};
use crate::clock::{Clock, SystemClock};
use crate::cloud_discovery;
use crate::connection::ConnectionHandle;
use crate::fault::{self, FaultRule, Faults};
use crate::front_door::{self, Reply, RequestIds};
use crate::journal::{Journal, RecordedRequest};
use crate::sign_in::{Answer, Endpoint, SignIn, TokenRequest, Tokens, Trace};
use crate::state::{self, Principal, State};
use crate::throttle::{Buckets, Throttle};

/// Azure Resource Manager without a server: what exists in it, the tokens it issues and accepts,
/// and the requests it has seen.
///
/// Clones share all three. [`Emulator`](crate::Emulator) serves one over TLS; take an `Arm` by
/// itself to embed its [`router`](Self::router) in a server of your own, or to test without sockets.
///
/// ```
/// let arm = amlkeys_emulator::Arm::documented();
/// let router: axum::Router = arm.router();
/// assert!(arm.requests().is_empty());
/// ```
#[derive(Clone)]
pub struct Arm(Arc<Inner>);

struct Inner {
    /// Replaced as a whole, so that every request sees one state from its start to its end.
    state: RwLock<Arc<State>>,
    faults: RwLock<Arc<Faults>>,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
    buckets: Buckets,
    journal: Journal,
}

impl Arm {
    /// An ARM in which the documented resources exist, and the invented ones that the crate's
    /// front page lists.
    pub fn documented() -> Self {
        Self::builder().build()
    }

    /// An ARM with a state or a clock of your own.
    ///
    /// ```
    /// use amlkeys_emulator::{Arm, State};
    ///
    /// let arm = Arm::builder().with_state(State::documented()).build();
    /// # let _ = arm;
    /// ```
    pub fn builder() -> ArmBuilder {
        ArmBuilder::default()
    }

    /// The front door, as a service that answers every method and path. Needs the feature
    /// `router`, which is on by default.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let app: axum::Router = axum::Router::new().fallback_service(arm.router());
    /// ```
    #[cfg(feature = "router")]
    pub fn router(&self) -> Router {
        let arm = self.clone();
        Router::new().fallback(async move |request: axum::extract::Request| {
            let request = request.map(|body| body.map_err(io::Error::other).boxed_unsync());
            arm.answer(request).await.map(axum::body::Body::new)
        })
    }

    /// A bearer token that it accepts for 24 hours, of the state's first principal.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let authorization = format!("Bearer {}", arm.token());
    /// ```
    pub fn token(&self) -> String {
        let state = self.state();
        self.issue(&state.principals()[0], &TokenRequest::default())
    }

    /// A token as the request wants it, or `None` if no principal has its client id.
    ///
    /// ```
    /// use amlkeys_emulator::{Arm, TokenRequest};
    ///
    /// let arm = Arm::documented();
    /// let unknown = TokenRequest::default().with_client_id("unknown");
    /// assert!(arm.token_for(unknown).is_none());
    /// ```
    pub fn token_for(&self, request: TokenRequest) -> Option<String> {
        let state = self.state();
        let is_meant = |principal: &&Principal| match &request.client_id {
            Some(client_id) => principal.client_id.eq_ignore_ascii_case(client_id),
            None => true,
        };
        let principal = state.principals().iter().find(is_meant)?;
        Some(self.issue(principal, &request))
    }

    /// Has every token that was issued until now answered with a claims challenge, as after a
    /// change of password; those of later sign-ins are accepted.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let token = arm.token();
    /// arm.revoke_tokens(); // `token` is of no use any more
    /// assert_ne!(arm.token(), token);
    /// ```
    pub fn revoke_tokens(&self) {
        self.0.tokens.revoke(self.0.clock.now());
    }

    fn issue(&self, principal: &Principal, request: &TokenRequest) -> String {
        let TokenRequest {
            audience, lifetime, ..
        } = request;
        let now = self.0.clock.now();
        let issued = self.0.tokens.issue(principal, audience, *lifetime, now);
        issued.token
    }

    /// A subscription that it knows.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// assert_eq!(arm.subscription_id(), "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345");
    /// ```
    pub fn subscription_id(&self) -> String {
        self.state().subscription_id().to_owned()
    }

    /// The ARM resource IDs of all whose keys it can list, in the subscription
    /// [`subscription_id`](Self::subscription_id).
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let ids = arm.resource_ids();
    /// assert!(ids.iter().any(|id| id.ends_with("/workspaces/workspaces123/computes/compute123")));
    /// ```
    pub fn resource_ids(&self) -> Vec<String> {
        self.state().resource_ids()
    }

    /// The requests it has seen, oldest first: the last 1000, each recorded before it is answered.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let listed = arm.requests().iter().filter(|request| request.method() == "POST").count();
    /// assert_eq!(listed, 0);
    /// ```
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.journal.requests()
    }

    /// Replaces what exists, for every request that comes after this call. The faults are those of
    /// the new state, not hit yet.
    ///
    /// ```
    /// use amlkeys_emulator::{Arm, State};
    ///
    /// let arm = Arm::documented();
    /// arm.set_state(State::documented());
    /// ```
    pub fn set_state(&self, state: State) {
        let faults = Arc::new(Faults::new(state.faults()));
        *self.0.state.write().expect(UNPOISONED) = Arc::new(state);
        *self.0.faults.write().expect(UNPOISONED) = faults;
    }

    /// Replaces what exists whenever the file changes, until the future is dropped.
    ///
    /// A file that is no state is refused with a warning in `tracing`, and what exists stays as it
    /// is; so does it while the file is missing or still being written.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), amlkeys_emulator::StateError> {
    /// use amlkeys_emulator::{Arm, State};
    ///
    /// let arm = Arm::builder().with_state(State::read("state.yaml")?).build();
    /// tokio::spawn({
    ///     let arm = arm.clone();
    ///     async move { arm.watch_state("state.yaml").await }
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub async fn watch_state(&self, path: impl AsRef<Path>) {
        state::watch(self, path.as_ref(), &*self.0.clock).await;
    }

    /// Adds a fault after those that there are. It stays until the state is replaced.
    ///
    /// ```
    /// use amlkeys_emulator::{Arm, Fault, FaultRule};
    ///
    /// let arm = Arm::documented();
    /// arm.add_fault(FaultRule::new(Fault::status(503)).with_hits(1..=2));
    /// ```
    pub fn add_fault(&self, rule: FaultRule) {
        let mut faults = self.0.faults.write().expect(UNPOISONED);
        *faults = Arc::new(faults.and(rule));
    }

    /// Takes all faults away, those of the state included.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// arm.clear_faults();
    /// ```
    pub fn clear_faults(&self) {
        *self.0.faults.write().expect(UNPOISONED) = Arc::default();
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.state.read().expect(UNPOISONED))
    }

    fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.0.faults.read().expect(UNPOISONED))
    }

    pub(crate) async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        match Endpoint::of(head.uri.path()) {
            Some(endpoint) => self.sign_in(&endpoint, &head, body).await,
            None => self.manage(&head, body).await,
        }
    }

    async fn manage(&self, head: &Parts, body: Body) -> Response {
        let Inner { clock, tokens, .. } = &*self.0;
        let (now, started) = (clock.now(), clock.elapsed());
        let state = self.state();
        let bearer = Bearer::of(head, tokens, &state, now);
        let principal = bearer.principal();
        let ids = RequestIds::new(&head.headers, now);

        let (body_length, received) = receive(head, body).await;
        self.0
            .journal
            .record(|| RecordedRequest::new(head, bearer.authorization(), body_length));

        let mut remaining = None;
        let response = match received {
            Err(refusal) => refusal.into_response(&ids),
            Ok(()) if cloud_discovery::is_at(head.uri.path()) => {
                cloud_discovery::answer(head).into_response(&ids)
            }
            Ok(()) => {
                let answer = || {
                    let now = clock.elapsed();
                    let reply = front_door::answer(head, bearer, &state, &self.0.buckets, now);
                    remaining = reply.remaining();
                    reply
                };
                self.answer_or_fail(head, &ids, answer).await
            }
        };
        tracing::info!(
            method = %head.method,
            path = head.uri.path(),
            api_version = &*front_door::api_version(head).unwrap_or_default(),
            status = response.status().as_u16(),
            remaining,
            request_id = %ids.request_id(),
            principal = principal.map(|principal| &*principal.object_id),
            duration = ?clock.elapsed().saturating_sub(started),
            "answered"
        );
        response
    }

    /// The answer, unless a fault has another.
    async fn answer_or_fail(
        &self,
        head: &Parts,
        ids: &RequestIds,
        answer: impl FnOnce() -> Reply,
    ) -> Response {
        let faults = self.faults();
        if faults.is_empty() {
            return answer().into_response(ids);
        }
        let verdict = faults.judge(head.uri.path());
        if !verdict.delay.is_zero() {
            let delay = verdict.delay.min(fault::LONGEST_DELAY);
            self.0.clock.sleep(delay).await;
        }
        if verdict.delay >= fault::LONGEST_DELAY {
            return fault::gateway_timeout().into_response(ids);
        }
        let Some(fault) = &verdict.fault else {
            return answer().into_response(ids);
        };
        let connection = head.extensions.get::<ConnectionHandle>();
        match fault::before(fault, connection, ids).await {
            Some(response) => response,
            None => fault::on_the_way(fault, answer().into_response(ids), connection),
        }
    }

    async fn sign_in(&self, endpoint: &Endpoint<'_>, head: &Parts, body: Body) -> Response {
        let Inner { clock, tokens, .. } = &*self.0;
        let (now, started) = (clock.now(), clock.elapsed());
        let trace = Trace::new(&head.headers, now);

        let form = Limited::new(body, LARGEST_FORM).collect().await;
        let form = form.map(http_body_util::Collected::to_bytes);
        let length = form.as_ref().map_or(0, Bytes::len);
        self.0
            .journal
            .record(|| RecordedRequest::new(head, Authorization::Missing, length));

        let answer = match &form {
            Err(_) => Answer::unreadable(),
            Ok(form) => SignIn {
                request: head,
                form,
                state: &self.state(),
                tokens,
                now,
                trace: &trace,
            }
            .answer(endpoint),
        };
        tracing::info!(
            method = %head.method,
            path = head.uri.path(),
            status = answer.status.as_u16(),
            outcome = &*answer.outcome,
            request_id = %trace.trace_id,
            client_id = answer.client_id.as_deref(),
            duration = ?clock.elapsed().saturating_sub(started),
            "signed in"
        );
        answer.into_response(&trace)
    }
}

const UNPOISONED: &str = "nothing panics while it holds the state";

/// Sets up an [`Arm`].
#[derive(Debug)]
pub struct ArmBuilder {
    state: State,
    clock: Arc<dyn Clock>,
    throttle: Throttle,
    token_lifetime: Duration,
    journal: Journal,
}

impl Default for ArmBuilder {
    fn default() -> Self {
        Self {
            state: State::documented(),
            clock: Arc::new(SystemClock::default()),
            throttle: Throttle::default(),
            token_lifetime: Duration::from_secs(3599),
            journal: Journal::default(),
        }
    }
}

impl ArmBuilder {
    /// What exists, in place of the documented resources.
    pub fn with_state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// The clock to go by, in place of the system's.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How many requests it takes, in place of [`Throttle::arm`].
    pub fn with_throttle(mut self, throttle: Throttle) -> Self {
        self.throttle = throttle;
        self
    }

    /// How long the tokens of a sign-in last, in place of Entra's 3599 seconds, in whole seconds.
    pub fn with_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// No [`requests`](Arm::requests) are kept: what nobody reads needs no work.
    pub fn without_journal(mut self) -> Self {
        self.journal = Journal::off();
        self
    }

    /// The ARM, with a key of its own for the tokens.
    pub fn build(self) -> Arm {
        Arm(Arc::new(Inner {
            faults: RwLock::new(Arc::new(Faults::new(self.state.faults()))),
            state: RwLock::new(Arc::new(self.state)),
            clock: self.clock,
            tokens: Tokens::new(self.token_lifetime),
            buckets: Buckets::new(self.throttle),
            journal: self.journal,
        }))
    }
}

/// Leaves the tokens' key out.
impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arm")
            .field("subscription_id", &self.subscription_id())
            .finish_non_exhaustive()
    }
}

/// The two operations take no body; this is room for a client that sends one all the same.
const LARGEST_BODY: usize = 1024 * 1024;

/// Entra's forms hold a secret and a few names.
const LARGEST_FORM: usize = 64 * 1024;

/// Reads the body to its end and keeps only how long it was, with the http layer's refusal if
/// it has one.
async fn receive(head: &Parts, body: Body) -> (usize, Result<(), Reply>) {
    if head.method == Method::POST && !says_where_it_ends(&head.headers) {
        return (0, Err(length_required()));
    }
    let mut body = Limited::new(body, LARGEST_BODY);
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => length += frame.data_ref().map_or(0, Bytes::len),
            Err(error) if error.is::<LengthLimitError>() => return (length, Err(too_large())),
            Err(_) => return (length, Err(unreadable())),
        }
    }
    (length, Ok(()))
}

fn says_where_it_ends(headers: &HeaderMap) -> bool {
    headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING)
}

/// Azure/azure-sdk-for-rust#166: the http layer in front of ARM answers, so it is not JSON.
fn length_required() -> Reply {
    Reply::html(
        StatusCode::LENGTH_REQUIRED,
        "<BODY><h2>Length Required</h2>\r\n<hr><p>HTTP Error 411. The request must be chunked \
         or have a content length.</p>\r\n</BODY>",
    )
}

fn too_large() -> Reply {
    Reply::error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        format!("The request body is larger than {LARGEST_BODY} bytes."),
    )
}

fn unreadable() -> Reply {
    Reply::error(
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "The request body could not be read.",
    )
}
