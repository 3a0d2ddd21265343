//! One call of an operation: what the generated client sends through.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amlkeys_client::Transport;
use bytes::{Bytes, BytesMut};
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue,
    WWW_AUTHENTICATE,
};
use progenitor_client::ResponseValue;
use reqwest::{Request, Response};

use crate::Claims;
use crate::error::{Error, Facts, Result, shown};
use crate::pace::Said;
use crate::retry::{backoff, is_retryable, retry_after};
use crate::shared::Shared;

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

/// The transport of one call: credentials, attempts, limits, and what is known
/// when it ends.
#[derive(Debug)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    outcome: Mutex<Outcome>,
}

#[derive(Debug)]
struct Outcome {
    facts: Facts,
    /// A failure that is no answer. The generated client can only carry
    /// `reqwest::Error`, so it is given an answer with status 599 and the
    /// failure waits here.
    failure: Option<Error>,
}

/// One answer, its body read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, operation: &'static Operation) -> Arc<Self> {
        let facts = Facts {
            operation_id: Some(operation.id),
            required_action: Some(operation.action),
            client_request_id: Some(azure_core::Uuid::new_v4().to_string()),
            ..Facts::default()
        };
        let outcome = Mutex::new(Outcome {
            facts,
            failure: None,
        });
        Arc::new(Self { shared, outcome })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Turns what the generated client returned into a value or an error of
    /// ours. Nothing of the generated error is ever formatted: it may hold the
    /// body.
    pub(crate) async fn finish<T>(
        &self,
        returned: std::result::Result<ResponseValue<T>, progenitor_client::Error<()>>,
    ) -> Result<T> {
        use progenitor_client::Error as Generated;
        let error = match returned {
            Ok(value) => return Ok(value.into_inner()),
            Err(error) => error,
        };
        let (facts, failure) = {
            let mut outcome = self.outcome();
            (outcome.facts.clone(), outcome.failure.take())
        };
        if let Some(failure) = failure {
            return Err(failure.with_facts(facts));
        }
        Err(match error {
            Generated::UnexpectedResponse(response) => {
                let body = response.bytes().await.unwrap_or_default();
                Error::service(&body, facts)
            }
            Generated::InvalidResponsePayload(body, error) => {
                Error::undecodable(&body, &error).with_facts(facts)
            }
            Generated::CommunicationError(error) | Generated::ResponseBodyError(error) => {
                Error::transport(error, "the request could not be made").with_facts(facts)
            }
            _ => Error::body("the generated client refused it").with_facts(facts),
        })
    }

    /// An answer that is JSON, but not of the documented types.
    pub(crate) fn undecodable(&self, error: &amlkeys_secret::DecodeError) -> Error {
        Error::body(error.to_string()).with_facts(self.outcome().facts.clone())
    }

    async fn run(&self, mut request: Request) -> Result<Answer> {
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
        self.prepare(&mut request);
        let mut deadline = clock.elapsed().saturating_add(limits.timeout);
        let mut waits = backoff();
        let mut bearer = self.within(deadline, tokens.bearer()).await?;
        let mut may_replace_token = true;
        loop {
            let turn = match &self.shared.pace {
                Some(pace) => Some(pace.turn(request.url(), &**clock).await),
                None => None,
            };
            let waited = turn.as_ref().map_or(Duration::ZERO, |turn| turn.waited);
            deadline = deadline.saturating_add(waited);
            let attempt = self.attempt(&request, &bearer, deadline).await;
            if let (Some(turn), Ok(answer)) = (&turn, &attempt) {
                let retry_after = retry_after(&answer.headers, clock.now());
                if let Some(said) = Said::by(answer.status, &answer.headers, retry_after) {
                    turn.answered(said, clock.elapsed());
                }
            }
            if let Ok(answer) = &attempt
                && answer.status == 401
                && may_replace_token
            {
                may_replace_token = false;
                let claims = claims(&answer.headers);
                let replaced = tokens.replace(&bearer, claims);
                if let Ok(Some(replaced)) = self.within(deadline, replaced).await {
                    bearer = replaced;
                    continue;
                }
            }
            let asked = match &attempt {
                Ok(answer) if !is_retryable(answer.status) => return attempt,
                Ok(answer) => retry_after(&answer.headers, clock.now()),
                Err(error) if error.is_final() => return attempt,
                Err(_) => None,
            };
            let attempts = {
                let facts = &mut self.outcome().facts;
                facts.retry_after = asked;
                facts.attempts
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

    /// Sets what every attempt has in common.
    fn prepare(&self, request: &mut Request) {
        let outcome = self.outcome();
        let headers = request.headers_mut();
        // progenitor sends `info.version` as a header that Azure does not know.
        headers.remove("api-version");
        // Without it ARM answers 411, for a POST that has no body.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        if let Some(id) = &outcome.facts.client_request_id
            && let Ok(id) = HeaderValue::from_str(id)
        {
            headers.insert("x-ms-client-request-id", id);
            headers.insert(
                "x-ms-return-client-request-id",
                HeaderValue::from_static("true"),
            );
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        bearer: &HeaderValue,
        deadline: Duration,
    ) -> Result<Answer> {
        let remaining = deadline.saturating_sub(self.shared.clock.elapsed());
        let timeout = self.shared.limits.attempt_timeout.min(remaining);
        let mut request = request
            .try_clone()
            .expect("a request without a body can be cloned");
        request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        *request.timeout_mut() = Some(timeout);
        let attempts = {
            let facts = &mut self.outcome().facts;
            facts.attempts += 1;
            // What is known of an earlier attempt does not belong to this one.
            facts.status = None;
            facts.request_id = None;
            facts.correlation_request_id = None;
            facts.retry_after = None;
            facts.attempts
        };
        let answer = self.exchange(request).await;
        let facts = &self.outcome().facts;
        tracing::debug!(
            operation_id = facts.operation_id,
            attempt = attempts,
            status = facts.status,
            request_id = facts.request_id,
            error = answer.as_ref().err().map(tracing::field::display),
            "answered"
        );
        answer
    }

    async fn exchange(&self, request: Request) -> Result<Answer> {
        let sent = self.shared.http.execute(request).await;
        let mut response = sent.map_err(|error| Error::transport(error, "the request failed"))?;
        let status = response.status().as_u16();
        {
            let id = |name| {
                let value = response.headers().get(name)?.to_str().ok()?;
                Some(value.to_owned())
            };
            let facts = &mut self.outcome().facts;
            facts.status = Some(status);
            facts.request_id = id("x-ms-request-id");
            facts.correlation_request_id = id("x-ms-correlation-request-id");
        }
        let headers = std::mem::take(response.headers_mut());
        let max_body = self.shared.limits.max_body;
        let body = match status {
            200 => {
                check_is_json(&headers)?;
                read(&mut response, max_body).await?
            }
            // A failure stands by its status; its body only comments on it.
            _ => read(&mut response, max_body).await.unwrap_or_default(),
        };
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Waits for a token, but not past the call's deadline.
    async fn within<T>(
        &self,
        deadline: Duration,
        token: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let remaining = deadline.saturating_sub(self.shared.clock.elapsed());
        match tokio::time::timeout(remaining, token).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::timeout(
                "the call took too long",
                "the credential had no token in time",
            )),
        }
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
            let mut response = http::Response::new(reqwest::Body::default());
            match self.run(request).await {
                Ok(answer) => {
                    *response.status_mut() =
                        http::StatusCode::from_u16(answer.status).expect("it came from a response");
                    *response.headers_mut() = answer.headers;
                    *response.body_mut() = answer.body.into();
                }
                Err(failure) => {
                    *response.status_mut() =
                        http::StatusCode::from_u16(599).expect("599 is a status");
                    self.outcome().failure = Some(failure);
                }
            }
            Ok(response.into())
        })
    }
}

/// Refuses what its headers already say is not the documented JSON: a page of a
/// portal or proxy, or a compressed body, which nobody asked for.
fn check_is_json(headers: &HeaderMap) -> Result<()> {
    let text = |name| Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()));
    if let Some(encoding) = text(CONTENT_ENCODING)
        && !encoding.eq_ignore_ascii_case("identity")
    {
        let why = format!(
            "it is encoded as {}, which was not asked for",
            shown(&encoding)
        );
        return Err(Error::body(why));
    }
    if let Some(content_type) = text(CONTENT_TYPE) {
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_ascii_lowercase();
        let is_json = matches!(media_type.as_str(), "application/json" | "text/json")
            || media_type.ends_with("+json");
        if !is_json {
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
