//! What goes wrong on purpose, and for which requests.

mod answer;
pub(crate) mod reader;
mod rule;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

pub(crate) use answer::{LONGEST_DELAY, before, gateway_timeout, on_the_way};
pub use rule::FaultRule;

/// Something that goes wrong with an answer.
///
/// A [`FaultRule`] says with which.
///
/// ```
/// use std::time::Duration;
///
/// use amlkeys_emulator::{Arm, Fault, FaultRule};
///
/// let arm = Arm::documented();
/// let unavailable = Fault::status(503).with_retry_after(Duration::from_secs(2));
/// arm.add_fault(FaultRule::new(unavailable).with_hits(1..=2));
/// ```
#[derive(Clone)]
pub struct Fault {
    kind: Kind,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Where a connection is [reset](Fault::reset).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reset {
    /// Nothing of the answer arrives.
    BeforeHead,
    /// The first bytes of the head arrive.
    InHead,
    /// The head and one half of the body arrive.
    InBody,
}

#[derive(Clone)]
enum Kind {
    Status {
        status: StatusCode,
        code: Option<String>,
        message: Option<String>,
        body: Option<Bytes>,
    },
    Delay(Duration),
    Hang,
    Reset(Reset),
    Truncated(usize),
    Huge(u64),
    Html(StatusCode),
    Redirect(StatusCode),
    ContentType(HeaderValue),
}

impl Fault {
    /// An error of ARM's with this status. Its code is made from the status unless
    /// [`with_code`](Self::with_code) gives one: `ServiceUnavailable` for 503.
    ///
    /// # Panics
    ///
    /// If the status is not within 200 and 599.
    pub fn status(status: u16) -> Self {
        Self::of(Kind::Status {
            status: checked(status_code(status)),
            code: None,
            message: None,
            body: None,
        })
    }

    /// The answer comes later. The rules that follow are tried all the same.
    ///
    /// It is the resource provider that is slow: after 60 s ARM gives up on it and answers 504.
    pub fn delay(delay: Duration) -> Self {
        Self::of(Kind::Delay(delay))
    }

    /// No answer ever comes, and the connection stays open.
    pub fn hang() -> Self {
        Self::of(Kind::Hang)
    }

    /// The connection is reset.
    pub fn reset(reset: Reset) -> Self {
        Self::of(Kind::Reset(reset))
    }

    /// The connection ends in order after this many bytes of a body that was announced to be
    /// longer.
    pub fn truncated(after_bytes: usize) -> Self {
        Self::of(Kind::Truncated(after_bytes))
    }

    /// A 200 with a JSON body of this many bytes. It costs the emulator no memory.
    pub fn huge_body(bytes: u64) -> Self {
        Self::of(Kind::Huge(bytes))
    }

    /// The HTML of a gateway, where JSON is expected.
    ///
    /// # Panics
    ///
    /// If the status is not within 200 and 599.
    pub fn html(status: u16) -> Self {
        Self::of(Kind::Html(checked(status_code(status))))
    }

    /// A redirect to another place.
    ///
    /// # Panics
    ///
    /// If the status is not within 300 and 399, or the location cannot be in a header.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::of(Kind::Redirect(checked(redirect_code(status)))).with_header("location", location)
    }

    /// The answer as it is, under another content type.
    ///
    /// # Panics
    ///
    /// If it cannot be in a header.
    pub fn content_type(content_type: &str) -> Self {
        Self::of(Kind::ContentType(checked(header_value(content_type))))
    }

    /// Another error code, of a [status](Self::status).
    pub fn with_code(mut self, new: &str) -> Self {
        if let Kind::Status { code, .. } = &mut self.kind {
            *code = Some(new.to_owned());
        }
        self
    }

    /// Another error message, of a [status](Self::status).
    pub fn with_message(mut self, new: &str) -> Self {
        if let Kind::Status { message, .. } = &mut self.kind {
            *message = Some(new.to_owned());
        }
        self
    }

    /// A body in place of ARM's error envelope, of a [status](Self::status).
    pub fn with_body(mut self, new: impl Into<Vec<u8>>) -> Self {
        if let Kind::Status { body, .. } = &mut self.kind {
            *body = Some(new.into().into());
        }
        self
    }

    /// When to try again, in whole seconds.
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        let seconds = HeaderValue::from(after.as_secs());
        self.headers.push((header::RETRY_AFTER, seconds));
        self
    }

    /// A header of the answer, in place of the one of this name.
    ///
    /// # Panics
    ///
    /// If it is no header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let header = (checked(header_name(name)), checked(header_value(value)));
        self.headers.push(header);
        self
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            headers: Vec::new(),
        }
    }

    /// Its name in a state file.
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Status { .. } => "status",
            Kind::Delay(_) => "delay",
            Kind::Hang => "hang",
            Kind::Reset(_) => "reset",
            Kind::Truncated(_) => "truncate",
            Kind::Huge(_) => "hugeBody",
            Kind::Html(_) => "html",
            Kind::Redirect(_) => "redirect",
            Kind::ContentType(_) => "contentType",
        }
    }
}

/// Leaves body and headers out.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fault").field(&self.name()).finish()
    }
}

fn status_code(status: u16) -> Result<StatusCode, &'static str> {
    // hyper takes a 1xx for an answer that another one follows.
    if !(200..=599).contains(&status) {
        return Err("expected a status of HTTP from 200 to 599");
    }
    StatusCode::from_u16(status).map_err(|_| "expected a status of HTTP from 200 to 599")
}

fn redirect_code(status: u16) -> Result<StatusCode, &'static str> {
    match status {
        300..=399 => status_code(status),
        _ => Err("expected a status from 300 to 399"),
    }
}

fn header_name(name: &str) -> Result<HeaderName, &'static str> {
    name.parse()
        .map_err(|_| "this cannot be the name of a header")
}

fn header_value(value: &str) -> Result<HeaderValue, &'static str> {
    const REASON: &str = "this cannot be the value of a header";
    match value.is_ascii() {
        true => value.parse().map_err(|_| REASON),
        false => Err(REASON),
    }
}

#[track_caller]
fn checked<T>(result: Result<T, &'static str>) -> T {
    match result {
        Ok(checked) => checked,
        Err(reason) => panic!("{reason}"),
    }
}

/// The rules in force, with how often each was hit.
#[derive(Default)]
pub(crate) struct Faults(Vec<Arc<rule::Counted>>);

/// What the rules make of one request.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) delay: Duration,
    pub(crate) fault: Option<Fault>,
}

impl Faults {
    pub(crate) fn new(rules: &[FaultRule]) -> Self {
        let counted = rules.iter().cloned().map(rule::Counted::new);
        Self(counted.map(Arc::new).collect())
    }

    /// The same with one more; what was counted stays.
    pub(crate) fn and(&self, rule: FaultRule) -> Self {
        let mut rules = self.0.clone();
        rules.push(Arc::new(rule::Counted::new(rule)));
        Self(rules)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tries the rules in order, up to the first that answers.
    pub(crate) fn judge(&self, path: &str) -> Verdict {
        let target = rule::Target::of(path);
        let mut verdict = Verdict::default();
        for rule in &self.0 {
            let Some(fault) = rule.hit(&target) else {
                continue;
            };
            tracing::debug!(fault = fault.name(), path, "fault");
            match fault.kind {
                Kind::Delay(delay) => verdict.delay += delay,
                _ => {
                    verdict.fault = Some(fault.clone());
                    break;
                }
            }
        }
        verdict
    }
}
