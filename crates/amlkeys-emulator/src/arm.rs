use std::fmt;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use uuid::Uuid;

use crate::authorization::Authorization;
use crate::clock::{Clock, SystemClock};
use crate::front_door::{self, Reply, RequestIds};
use crate::journal::{Journal, RecordedRequest};
use crate::state::State;

/// Azure Resource Manager without a server: what exists in it, the token it accepts, and the
/// requests it has seen.
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
    clock: Arc<dyn Clock>,
    token: String,
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

    /// The front door, as a service that answers every method and path.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let app: axum::Router = axum::Router::new().fallback_service(arm.router());
    /// ```
    pub fn router(&self) -> Router {
        let arm = self.clone();
        Router::new().fallback(async move |request: Request| arm.answer(request).await)
    }

    /// The bearer token that it accepts: only this one.
    ///
    /// ```
    /// let arm = amlkeys_emulator::Arm::documented();
    /// let authorization = format!("Bearer {}", arm.token());
    /// ```
    pub fn token(&self) -> &str {
        &self.0.token
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

    /// Replaces what exists, for every request that comes after this call.
    ///
    /// ```
    /// use amlkeys_emulator::{Arm, State};
    ///
    /// let arm = Arm::documented();
    /// arm.set_state(State::documented());
    /// ```
    pub fn set_state(&self, state: State) {
        *self.0.state.write().expect(UNPOISONED) = Arc::new(state);
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.0.state.read().expect(UNPOISONED))
    }

    async fn answer(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let authorization = Authorization::of(&head.headers, &self.0.token);
        let ids = RequestIds::new(&head.headers);

        let (body_length, received) = receive(&head, body).await;
        let request = RecordedRequest::new(&head, authorization, body_length);
        self.0.journal.record(request);

        let reply = received
            .and_then(|()| front_door::keys(&self.state(), &head, authorization))
            .map_or_else(|refusal| refusal, Reply::keys);
        log(&head, &reply, &ids);
        reply.into_response(&ids)
    }
}

const UNPOISONED: &str = "nothing panics while it holds the state";

/// Sets up an [`Arm`].
#[derive(Debug)]
pub struct ArmBuilder {
    state: State,
    clock: Arc<dyn Clock>,
}

impl Default for ArmBuilder {
    fn default() -> Self {
        Self {
            state: State::documented(),
            clock: Arc::new(SystemClock::default()),
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

    /// The ARM. It accepts one token, made at random.
    pub fn build(self) -> Arm {
        // Two version 4 GUIDs: 244 random bits, in characters that need no quoting anywhere.
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Arm(Arc::new(Inner {
            state: RwLock::new(Arc::new(self.state)),
            clock: self.clock,
            token,
            journal: Journal::default(),
        }))
    }
}

/// Leaves the token out.
impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arm")
            .field("subscription_id", &self.subscription_id())
            .finish_non_exhaustive()
    }
}

/// The two operations take no body; this is room for a client that sends one all the same.
const LARGEST_BODY: usize = 1024 * 1024;

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

fn log(head: &Parts, reply: &Reply, ids: &RequestIds) {
    tracing::debug!(
        method = %head.method,
        path = head.uri.path(),
        api_version = front_door::api_version(head).unwrap_or_default(),
        status = reply.status().as_u16(),
        request_id = %ids.request_id(),
        "answered"
    );
}
