use std::fmt;
use std::time::Duration;

use amlkeys_secret::SecretObject;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in facts: predicates say what kind of failure it is, the
/// other methods what is known about it.
///
/// `Display` says what was tried and `source()` why it failed, so print the
/// chain of both (as `anyhow`'s `{:#}` does). No error holds a token or the
/// body of a response; of an error's body only the documented facts are kept.
///
/// ```no_run
/// # async fn run(client: amlkeys::Client, id: amlkeys::WorkspaceId) {
/// match client.workspaces_list_keys(&id).await {
///     Err(e) if e.is_not_found() => eprintln!("no such workspace: {id}"),
///     Err(e) => eprintln!("{e} (code {:?}, request {:?})", e.code(), e.request_id()),
///     Ok(keys) => println!("{keys:?}"),
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    /// What was tried.
    what: String,
    /// Why it failed.
    why: Option<Reason>,
    facts: Facts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    InvalidInput,
    Credential,
    Service,
    Timeout,
    Connection,
    /// The connection was refused by one side's TLS, which no retry changes.
    Tls,
    Body,
}

/// What a call knows about itself when it ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) operation_id: Option<&'static str>,
    pub(crate) attempts: u32,
    pub(crate) client_request_id: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    pub(crate) correlation_request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) required_action: Option<&'static str>,
    pub(crate) detail: ErrorDetail,
}

/// The error of a service, or one of its nested details: `ErrorDetail` of the
/// operations' documents.
#[derive(Clone, Debug, Default)]
pub struct ErrorDetail {
    code: Option<String>,
    message: Option<String>,
    target: Option<String>,
    details: Vec<ErrorDetail>,
    additional_info: Vec<AdditionalInfo>,
}

/// What a service adds to an error: `ErrorAdditionalInfo` of the operations'
/// documents.
#[derive(Clone)]
pub struct AdditionalInfo {
    kind: Option<String>,
    info: Value,
}

impl Error {
    /// Whether the caller's input was refused before anything was sent.
    pub fn is_invalid_input(&self) -> bool {
        self.0.kind == Kind::InvalidInput
    }

    /// Whether no token could be had: nobody is signed in, or the sign-in
    /// failed.
    pub fn is_credential(&self) -> bool {
        self.0.kind == Kind::Credential
    }

    /// Whether the service refused the token (401).
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
    }

    /// Whether the caller lacks a permission (403);
    /// [`required_action`](Self::required_action) names it.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether something on the path does not exist (404);
    /// [`code`](Self::code) tells the subscription from the rest.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the service throttled the last attempt (429).
    pub fn is_throttled(&self) -> bool {
        self.status() == Some(429)
    }

    /// Whether the service could not answer for now (408, 500, 502, 503, 504).
    pub fn is_unavailable(&self) -> bool {
        matches!(self.status(), Some(408 | 500 | 502 | 503 | 504))
    }

    /// Whether an attempt, or the whole call, took too long.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Whether no connection could be made, or it broke before the answer was
    /// complete.
    pub fn is_connection(&self) -> bool {
        matches!(self.0.kind, Kind::Connection | Kind::Tls)
    }

    /// Whether the answer was complete and still cannot be used: too large, not
    /// JSON, or of another shape than documented.
    pub fn is_body(&self) -> bool {
        self.0.kind == Kind::Body
    }

    /// The operation that failed, as in `Compute_ListKeys`.
    pub fn operation_id(&self) -> Option<&str> {
        self.0.facts.operation_id
    }

    /// The HTTP status of the last answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.facts.status
    }

    /// The service's code, as in `ResourceNotFound`.
    pub fn code(&self) -> Option<&str> {
        self.0.facts.detail.code()
    }

    /// The service's message.
    pub fn message(&self) -> Option<&str> {
        self.0.facts.detail.message()
    }

    /// What the service says the error is about.
    pub fn target(&self) -> Option<&str> {
        self.0.facts.detail.target()
    }

    /// The service's nested details.
    pub fn details(&self) -> &[ErrorDetail] {
        self.0.facts.detail.details()
    }

    /// What the service adds in a form of its own.
    pub fn additional_info(&self) -> &[AdditionalInfo] {
        self.0.facts.detail.additional_info()
    }

    /// The service's id of the request, `x-ms-request-id`: what its support
    /// asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.facts.request_id.as_deref()
    }

    /// The service's id for requests that belong together,
    /// `x-ms-correlation-request-id`.
    pub fn correlation_request_id(&self) -> Option<&str> {
        self.0.facts.correlation_request_id.as_deref()
    }

    /// Our id of the call, the same in each of its attempts,
    /// `x-ms-client-request-id`.
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.facts.client_request_id.as_deref()
    }

    /// How often the request was sent; 0 if it never was.
    pub fn attempts(&self) -> u32 {
        self.0.facts.attempts
    }

    /// How long the service asked to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.facts.retry_after
    }

    /// The action that a role must grant for the operation, when it was
    /// forbidden.
    pub fn required_action(&self) -> Option<&str> {
        self.0.facts.required_action.filter(|_| self.is_forbidden())
    }

    pub(crate) fn invalid_input(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Kind::InvalidInput, what, Some(Reason::new(why)))
    }

    pub(crate) fn credential(why: Reason) -> Self {
        Self::new(Kind::Credential, "cannot get a token", Some(why))
    }

    pub(crate) fn transport(error: reqwest::Error, what: impl Into<String>) -> Self {
        let kind = match () {
            () if error.is_timeout() => Kind::Timeout,
            () if is_tls(&error) => Kind::Tls,
            () => Kind::Connection,
        };
        Self::new(kind, what, Some(Reason::of(&error.without_url())))
    }

    pub(crate) fn timeout(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Kind::Timeout, what, Some(Reason::new(why)))
    }

    pub(crate) fn body(why: impl Into<String>) -> Self {
        Self::new(
            Kind::Body,
            "the answer cannot be used",
            Some(Reason::new(why)),
        )
    }

    /// A body that could not be decoded as a `T`: why, but nothing of what is in it.
    pub(crate) fn undecodable<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let what = match error.classify() {
            _ if body.is_empty() => return Self::body("it is empty"),
            Category::Eof => "it ends before its JSON does",
            Category::Data => "it is not the documented JSON",
            Category::Syntax | Category::Io => "it is not JSON that can be read",
        };
        // serde's position is where reading stopped, which is later than the
        // property if its type was not yet known.
        let property = serde_json::from_slice::<SecretObject>(body)
            .ok()
            .and_then(|object| object.decode::<T>().err())
            .filter(|error| !error.path().is_empty());
        if let Some(property) = property {
            return Self::body(format!("{what}: {property}"));
        }
        let (line, column) = (error.line(), error.column());
        Self::body(format!("{what}, at line {line} column {column}"))
    }

    /// An answer that is not 200.
    pub(crate) fn service(body: &[u8], facts: Facts) -> Self {
        let mut error = Self::new(Kind::Service, String::new(), None);
        error.0.facts = facts;
        let detail = ErrorDetail::parse(body);
        let status = error.status().unwrap_or_default();
        error.0.what = format!(
            "{} failed with status {status}",
            error.operation_id().unwrap_or("the call")
        );
        error.0.why = match (detail.code(), detail.message()) {
            (None, None) if (300..400).contains(&status) => Some(Reason::new(
                "it was a redirect, and redirects are not followed",
            )),
            (None, None) => None,
            (code, message) => {
                let parts: Vec<String> = [code, message].into_iter().flatten().map(shown).collect();
                Some(Reason::new(parts.join(": ")))
            }
        };
        error.0.facts.detail = detail;
        error
    }

    /// Whether another attempt would end the same.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.0.kind, Kind::Body | Kind::Tls)
    }

    /// The same error with what the call knows.
    pub(crate) fn with_facts(mut self, facts: Facts) -> Self {
        self.0.facts = facts;
        self
    }

    fn new(kind: Kind, what: impl Into<String>, why: Option<Reason>) -> Self {
        Self(Box::new(Inner {
            kind,
            what: what.into(),
            why,
            facts: Facts::default(),
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("what", &self.0.what)
            .field("why", &self.0.why)
            .field("facts", &self.0.facts)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.why.as_ref().map(|why| why as _)
    }
}

/// Why something failed: the words of another error and of its sources.
///
/// Errors of other crates are not kept themselves, because their `Debug` may
/// hold what must not be printed, such as the body of a response.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    text: String,
    source: Option<Box<Reason>>,
}

impl Reason {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            source: None,
        }
    }

    pub(crate) fn of(error: &dyn std::error::Error) -> Self {
        let source = error.source().map(|source| Box::new(Self::of(source)));
        Self {
            text: error.to_string(),
            source,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Reason {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

impl ErrorDetail {
    /// The service's code, as in `ResourceNotFound`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The service's message.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// What the service says the error is about.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Details nested in this one.
    pub fn details(&self) -> &[ErrorDetail] {
        &self.details
    }

    /// What the service adds in a form of its own.
    pub fn additional_info(&self) -> &[AdditionalInfo] {
        &self.additional_info
    }

    /// Reads what can be read. Error bodies are not to be relied on: a gateway
    /// answers HTML or nothing, and some resource providers leave out the
    /// `error` or begin its names with a capital.
    fn parse(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let inner = property(&body, "error").filter(|error| error.is_object());
        Self::read(inner.unwrap_or(&body))
    }

    fn read(error: &Value) -> Self {
        let text = |name| match property(error, name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let list = |name| property(error, name).and_then(Value::as_array);
        Self {
            code: text("code"),
            message: text("message"),
            target: text("target"),
            details: list("details")
                .into_iter()
                .flatten()
                .map(Self::read)
                .collect(),
            additional_info: list("additionalInfo")
                .into_iter()
                .flatten()
                .map(AdditionalInfo::read)
                .collect(),
        }
    }
}

impl AdditionalInfo {
    /// What kind of information it is.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The information as JSON, of any shape. Nobody promises that it holds no
    /// secret, so it is in no other output of this crate.
    pub fn expose_info(&self) -> String {
        self.info.to_string()
    }

    fn read(entry: &Value) -> Self {
        Self {
            kind: property(entry, "type")
                .and_then(Value::as_str)
                .map(str::to_owned),
            info: property(entry, "info").cloned().unwrap_or_default(),
        }
    }
}

impl fmt::Debug for AdditionalInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdditionalInfo")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Whether TLS is what failed: a certificate that nobody vouches for, say.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(|error| error.get_ref());
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|error| is_tls(error))
        || error.source().is_some_and(is_tls)
}

/// A property by its name, or by the same name with a capital.
fn property<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    object.get(name).or_else(|| {
        let (first, rest) = name.split_at(1);
        object.get(first.to_ascii_uppercase() + rest)
    })
}

/// A caller's text, fit for one line of a message.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut rest = text.escape_debug();
    let mut short: String = rest.by_ref().take(LONGEST).collect();
    if rest.next().is_some() {
        short.push('…');
    }
    short
}

/// A service's text, fit for a message: in one line and not endless.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 1000;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = line
        .chars()
        .filter(|it| !it.is_control())
        .take(LONGEST)
        .collect();
    if line.chars().count() > LONGEST {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    fn service(status: u16, body: &str) -> Error {
        let facts = Facts {
            operation_id: Some("Compute_ListKeys"),
            status: Some(status),
            ..Facts::default()
        };
        Error::service(body.as_bytes(), facts)
    }

    #[test]
    fn every_broken_error_body_still_gives_its_status() {
        let bodies = [
            "",
            "<html>Bad Gateway</html>",
            "null",
            "[]",
            "\"text\"",
            "{",
            r#"{"error":null}"#,
            r#"{"error":{"code":null,"message":[],"details":null,"additionalInfo":{}}}"#,
            r#"{"error":{"details":[null,1,"x"]}}"#,
        ];
        for body in bodies {
            let error = service(502, body);
            assert!(error.is_unavailable(), "{body}");
            assert_eq!((error.code(), error.message()), (None, None), "{body}");
            assert!(error.source().is_none(), "{body}");
        }
    }

    #[test]
    fn the_facts_of_a_documented_error_body_are_kept() {
        let error = service(
            403,
            r#"{"error":{"code":"AuthorizationFailed","message":"no","target":"t",
                "details":[{"code":"Inner","details":[{"message":"deep"}]}],
                "additionalInfo":[{"type":"Policy","info":{"id":7}},{"type":"T","info":"text"},{"info":null}]}}"#,
        );
        assert_eq!(error.code(), Some("AuthorizationFailed"));
        assert_eq!(error.target(), Some("t"));
        assert_eq!(error.details()[0].details()[0].message(), Some("deep"));
        assert_eq!(error.additional_info()[0].kind(), Some("Policy"));
        assert_eq!(error.additional_info()[0].expose_info(), r#"{"id":7}"#);
        assert_eq!(error.additional_info().len(), 3);
        assert_eq!(
            error.source().unwrap().to_string(),
            "AuthorizationFailed: no"
        );
    }

    #[test]
    fn flat_and_capitalised_error_bodies_are_read_too() {
        assert_eq!(
            service(400, r#"{"code":"Flat","message":"m"}"#).code(),
            Some("Flat")
        );
        assert_eq!(
            service(405, r#"{"Message":"not GET"}"#).message(),
            Some("not GET")
        );
        assert_eq!(
            service(400, r#"{"Error":{"Code":"UserError"}}"#).code(),
            Some("UserError")
        );
        assert_eq!(service(400, r#"{"error":{"code":42}}"#).code(), Some("42"));
    }

    #[test]
    fn a_message_is_shown_in_one_short_line() {
        let long = "x".repeat(5000);
        let body = format!("{{\"error\":{{\"message\":\"a\\n\\u001b[31mb {long}\"}}}}");
        let shown = service(400, &body).source().unwrap().to_string();
        assert!(shown.starts_with("a [31mb"), "{shown}");
        assert!(shown.chars().count() <= 1001);
    }

    #[test]
    fn what_a_caller_gave_is_shown_in_one_short_line() {
        assert_eq!(shortened("a\nb"), r"a\nb");
        assert_eq!(shortened(&"\n".repeat(60)), r"\n".repeat(60));
        assert_eq!(shortened(&"x".repeat(5000)), "x".repeat(120) + "…");
    }

    #[test]
    fn additional_info_is_in_no_debug_output() {
        let error = service(
            400,
            r#"{"error":{"additionalInfo":[{"type":"T","info":"canary"}]}}"#,
        );
        assert!(!format!("{error:?} {error:#?} {error}").contains("canary"));
    }
}
