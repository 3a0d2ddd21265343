//! One call of an operation: what the generated client sends through.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amlkeys_client::Transport;
use bytes::{Bytes, BytesMut};
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, WWW_AUTHENTICATE,
};
use progenitor_client::ResponseValue;
use reqwest::{Method, Request, Response, ResponseBuilderExt, StatusCode, Url};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use crate::Claims;
use crate::error::{Error, Facts, Result, shown};
use crate::pace::Said;
use crate::retry::{backoff, is_retryable, retry_after};
use crate::shared::Shared;

/// Longer than anyone waits, and not past what an [`Instant`] holds.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What differs between the operations, from their documents.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    /// The action of Azure's role-based access control.
    pub(crate) action: &'static str,
}

pub(crate) const COMPUTE_LIST_KEYS: Operation = Operation {
    id: "Compute_ListKeys",
    action: "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
};

pub(crate) const WORKSPACES_LIST_KEYS: Operation = Operation {
    id: "Workspaces_ListKeys",
    action: "Microsoft.MachineLearningServices/workspaces/listKeys/action",
};

// Made once, a name need not be looked at each time that it is used.
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const CORRELATION_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const RETURN_CLIENT_REQUEST_ID: HeaderName =
    HeaderName::from_static("x-ms-return-client-request-id");

/// The transport of one call: credentials, attempts, limits, and what is known
/// when it ends.
#[derive(Debug)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    operation: &'static Operation,
    client_request_id: HeaderValue,
    outcome: Mutex<Outcome>,
}

/// What is known of the last attempt. It stays as it came until an error needs
/// its facts.
#[derive(Debug, Default)]
struct Outcome {
    attempts: u32,
    status: Option<u16>,
    request_id: Option<HeaderValue>,
    correlation_request_id: Option<HeaderValue>,
    retry_after: Option<Duration>,
    /// A failure that is no answer. The generated client can only carry
    /// `reqwest::Error`, so it is given an answer with status 599 and the
    /// failure waits here.
    failure: Option<Error>,
}

/// One answer, its body read.
type Answer = http::Response<Bytes>;

/// What an attempt is made of: reqwest keeps the request that it is given.
struct Template {
    method: Method,
    url: Url,
    headers: HeaderMap,
}

impl Template {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            url: request.url().clone(),
            headers: request.headers().clone(),
        }
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        request
    }
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, operation: &'static Operation) -> Arc<Self> {
        let mut text = Uuid::encode_buffer();
        let id = Uuid::new_v4().hyphenated();
        let id = HeaderValue::from_str(id.encode_lower(&mut text));
        Arc::new(Self {
            shared,
            operation,
            client_request_id: id.expect("a UUID can be sent"),
            outcome: Mutex::default(),
        })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Turns what the generated client returned into a value or an error of
    /// ours. Nothing of the generated error is ever formatted: it may hold the
    /// body.
    pub(crate) async fn finish<T: DeserializeOwned>(
        &self,
        returned: std::result::Result<ResponseValue<T>, progenitor_client::Error<()>>,
    ) -> Result<T> {
        use progenitor_client::Error as Generated;
        let error = match returned {
            Ok(value) => return Ok(value.into_inner()),
            Err(error) => error,
        };
        let failure = self.outcome().failure.take();
        let facts = self.facts();
        if let Some(failure) = failure {
            return Err(failure.with_facts(facts));
        }
        Err(match error {
            Generated::UnexpectedResponse(response) => {
                let body = response.bytes().await.unwrap_or_default();
                Error::service(&body, facts)
            }
            Generated::InvalidResponsePayload(body, error) => {
                Error::undecodable::<T>(&body, &error).with_facts(facts)
            }
            Generated::CommunicationError(error) | Generated::ResponseBodyError(error) => {
                Error::transport(error, "the request could not be made").with_facts(facts)
            }
            _ => Error::body("the generated client refused it").with_facts(facts),
        })
    }

    fn facts(&self) -> Facts {
        let text = |value: &HeaderValue| Some(value.to_str().ok()?.to_owned());
        let outcome = self.outcome();
        Facts {
            operation_id: Some(self.operation.id),
            required_action: Some(self.operation.action),
            client_request_id: text(&self.client_request_id),
            attempts: outcome.attempts,
            status: outcome.status,
            request_id: outcome.request_id.as_ref().and_then(text),
            correlation_request_id: outcome.correlation_request_id.as_ref().and_then(text),
            retry_after: outcome.retry_after,
            ..Facts::default()
        }
    }

    async fn run(&self, request: Request) -> Result<Answer> {
        let Shared {
            clock,
            limits,
            tokens,
            ..
        } = &*self.shared;
        if !self.shared.endpoint.may_reach(request.url()) {
            return Err(Error::invalid_input(
                "will not send a token over an unencrypted connection",
                "the endpoint must be https",
            ));
        }
        let template = Template::of(&request);
        let mut next = Some(request);
        let mut deadline = clock.elapsed().saturating_add(limits.timeout);
        let mut waits = backoff();
        let mut bearer = match tokens.held() {
            Some(bearer) => bearer,
            None => self.within(deadline, tokens.fetched()).await?,
        };
        let mut may_replace_token = true;
        loop {
            let turn = match &self.shared.pace {
                Some(pace) => Some(Box::pin(pace.turn(&template.url, &**clock)).await),
                None => None,
            };
            let waited = turn.as_ref().map_or(Duration::ZERO, |turn| turn.waited);
            deadline = deadline.saturating_add(waited);
            let request = next.take().unwrap_or_else(|| template.request());
            let attempt = self.attempt(request, &bearer, deadline).await;
            if let (Some(turn), Ok(answer)) = (&turn, &attempt) {
                let retry_after = retry_after(answer.headers(), clock.now());
                let status = answer.status().as_u16();
                if let Some(said) = Said::by(status, answer.headers(), retry_after) {
                    turn.answered(said, clock.elapsed());
                }
            }
            if let Ok(answer) = &attempt
                && answer.status() == 401
                && may_replace_token
            {
                may_replace_token = false;
                let claims = claims(answer.headers());
                let replaced = tokens.replace(&bearer, claims);
                if let Ok(Some(replaced)) = self.within(deadline, replaced).await {
                    bearer = replaced;
                    continue;
                }
            }
            let asked = match &attempt {
                Ok(answer) if !is_retryable(answer.status().as_u16()) => return attempt,
                Ok(answer) => retry_after(answer.headers(), clock.now()),
                Err(error) if error.is_final() => return attempt,
                Err(_) => None,
            };
            let attempts = {
                let mut outcome = self.outcome();
                outcome.retry_after = asked;
                outcome.attempts
            };
            let asks_too_much = asked.is_some_and(|asked| asked > limits.max_retry_after);
            let wait = asked.or_else(|| waits.next()).unwrap_or_default();
            let resumes = clock.elapsed().saturating_add(wait);
            if attempts >= limits.max_attempts || asks_too_much || resumes >= deadline {
                return attempt;
            }
            clock.sleep(wait).await;
        }
    }

    /// Sets what the generated client does not know of.
    fn prepare(&self, request: &mut Request, bearer: &HeaderValue) {
        let headers = request.headers_mut();
        headers.reserve(4);
        headers.insert(AUTHORIZATION, bearer.clone());
        // Without it ARM answers 411, for a POST that has no body.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.insert(CLIENT_REQUEST_ID, self.client_request_id.clone());
        headers.insert(RETURN_CLIENT_REQUEST_ID, HeaderValue::from_static("true"));
    }

    fn attempt(
        &self,
        mut request: Request,
        bearer: &HeaderValue,
        deadline: Duration,
    ) -> impl Future<Output = Result<Answer>> + use<'_> {
        self.prepare(&mut request, bearer);
        let remaining = deadline.saturating_sub(self.shared.clock.elapsed());
        let limit = self.shared.limits.attempt_timeout.min(remaining);
        {
            let mut outcome = self.outcome();
            // What is known of an earlier attempt does not belong to this one.
            *outcome = Outcome {
                attempts: outcome.attempts + 1,
                ..Outcome::default()
            };
        }
        // Taken apart by now, a request is no part of what waits for its answer.
        let sent = self.shared.http.execute(request);
        async move {
            let answer = self.exchange(sent, limit).await;
            let outcome = self.outcome();
            tracing::debug!(
                operation_id = self.operation.id,
                attempt = outcome.attempts,
                status = outcome.status,
                request_id = outcome.request_id.as_ref().and_then(|it| it.to_str().ok()),
                error = answer.as_ref().err().map(tracing::field::display),
                "answered"
            );
            answer
        }
    }

    /// The limit is not handed to reqwest, which would keep it in a map made
    /// for each request.
    async fn exchange(
        &self,
        sent: impl Future<Output = reqwest::Result<Response>>,
        limit: Duration,
    ) -> Result<Answer> {
        let ends = Instant::now() + limit.min(FOR_EVER);
        let sent = timeout_at(ends, sent).await;
        let sent = sent.map_err(|_| Error::timeout("the request failed", "no answer in time"))?;
        let mut response = sent.map_err(|error| Error::transport(error, "the request failed"))?;
        let status = response.status();
        {
            let id = |name| response.headers().get(name).cloned();
            let mut outcome = self.outcome();
            outcome.status = Some(status.as_u16());
            outcome.request_id = id(REQUEST_ID);
            outcome.correlation_request_id = id(CORRELATION_REQUEST_ID);
        }
        let headers = std::mem::take(response.headers_mut());
        if status == StatusCode::OK {
            check_is_json(&headers)?;
        }
        let body = timeout_at(ends, read(&mut response, self.shared.limits.max_body)).await;
        let late = || Error::timeout("the answer broke off", "not all of it came in time");
        let body = body.unwrap_or_else(|_| Err(late()));
        let body = match status {
            StatusCode::OK => body?,
            // A failure stands by its status; its body only comments on it.
            _ => body.unwrap_or_default(),
        };
        let mut answer = http::Response::builder().status(status);
        if let Some(extensions) = answer.extensions_mut() {
            // There is room in them for the URL.
            *extensions = std::mem::take(response.extensions_mut());
        }
        // Without a URL, reqwest would parse one of its own invention.
        let answer = answer.url(response.url().clone()).body(body);
        let mut answer = answer.expect("its parts are valid");
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    /// Waits for a token, but not past the call's deadline. Few calls have to,
    /// so it is no part of what the others keep.
    fn within<'a, T: 'a>(
        &self,
        deadline: Duration,
        token: impl Future<Output = Result<T>> + Send + 'a,
    ) -> Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>> {
        let remaining = deadline.saturating_sub(self.shared.clock.elapsed());
        Box::pin(async move {
            timeout(remaining, token).await.unwrap_or_else(|_| {
                Err(Error::timeout(
                    "the call took too long",
                    "the credential had no token in time",
                ))
            })
        })
    }

    fn outcome(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.outcome.lock().expect("no one panics while holding it")
    }
}

impl Transport for Call {
    fn send<'a>(
        &'a self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send + 'a>> {
        Box::pin(async move {
            let answer = self.run(request).await.unwrap_or_else(|failure| {
                self.outcome().failure = Some(failure);
                let none = http::Response::builder().status(599).body(Bytes::new());
                none.expect("its parts are valid")
            });
            Ok(answer.into())
        })
    }
}

/// Refuses what its headers already say is not the documented JSON: a page of a
/// portal or proxy, or a compressed body, which nobody asked for.
fn check_is_json(headers: &HeaderMap) -> Result<()> {
    if let Some(encoding) = headers.get(CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let encoding = String::from_utf8_lossy(encoding.as_bytes());
        let why = format!(
            "it is encoded as {}, which was not asked for",
            shown(&encoding)
        );
        return Err(Error::body(why));
    }
    if let Some(content_type) = headers.get(CONTENT_TYPE) {
        let mut parts = content_type.as_bytes().split(|byte| *byte == b';');
        let media_type = parts.next().unwrap_or_default().trim_ascii();
        let is = |json: &[u8]| media_type.eq_ignore_ascii_case(json);
        let ends = |json: &[u8]| {
            let start = media_type.len().checked_sub(json.len());
            start.is_some_and(|start| media_type[start..].eq_ignore_ascii_case(json))
        };
        if !(is(b"application/json") || is(b"text/json") || ends(b"+json")) {
            let media_type = String::from_utf8_lossy(media_type).to_ascii_lowercase();
            return Err(Error::body(format!(
                "it is {}, not JSON",
                shown(&media_type)
            )));
        }
    }
    Ok(())
}

/// What an answer of unannounced length is given at once; pages that stay untouched cost nothing.
const LARGEST_RESERVE: usize = 1024 * 1024;

/// Reads a body, but no more than `limit` bytes of it.
async fn read(response: &mut Response, limit: usize) -> Result<Bytes> {
    let too_large = || Error::body(format!("it is larger than {limit} bytes"));
    let announced = response.content_length().unwrap_or_default();
    if announced > limit as u64 {
        return Err(too_large());
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| Error::transport(error, "the answer broke off"))?
        else {
            break;
        };
        if first.len().max(rest.len()) + chunk.len() > limit {
            return Err(too_large());
        }
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            if rest.is_empty() {
                // Growing by doubling would hold the body twice.
                rest.reserve(match announced {
                    0 => limit.min(LARGEST_RESERVE),
                    length => length as usize,
                });
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(match rest.is_empty() {
        true => first,
        false => rest.freeze(),
    })
}

fn claims(headers: &HeaderMap) -> Option<Claims> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    challenges
        .filter_map(|challenge| Claims::of_challenge(challenge.to_str().ok()?))
        .next()
}
