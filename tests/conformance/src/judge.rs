//! What the documents and ARM's front door say about one exchange.

mod body;
mod error;
mod headers;

use crate::case::Level;
use crate::contract::Contract;
use crate::exchange::{Exchange, Response};
use crate::finding::{Finding, Place};
use crate::json::Json;
use crate::rule::Rule;
use crate::target::{Target, is_api_version};

pub(crate) use body::{Strictness, check_answer};

/// Holds exchanges against the [rules](Rule).
///
/// ```
/// use amlkeys_conformance::{Exchange, HeaderList, Judge, Request, Response, Rule};
///
/// let exchange = Exchange {
///     request: Request {
///         method: "POST".into(),
///         url: "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices\
///             /workspaces/abc/listKeys?api-version=2025-09-01".into(),
///         headers: HeaderList::default(),
///     },
///     response: Response {
///         status: 429,
///         headers: HeaderList::default(),
///         body: Vec::new().into(),
///         is_truncated: false,
///     },
/// };
/// let findings = Judge::default().judge(&exchange).expect("it is a call of an operation");
/// assert!(findings.iter().any(|finding| finding.rule == Rule::RetryAfterMissing));
/// ```
pub struct Judge {
    contract: &'static Contract,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            contract: Contract::get(),
        }
    }
}

impl Judge {
    /// What is to be found in an exchange; `None` if it is no call of either operation.
    pub fn judge(&self, exchange: &Exchange<'_>) -> Option<Vec<Finding>> {
        let target = Target::of(&exchange.request.url);
        target.called.as_ref()?;
        Some(self.judge_as(&target, exchange))
    }

    /// The same, for any path: what is no operation's is held against ARM's front door alone.
    pub(crate) fn judge_any(&self, exchange: &Exchange<'_>) -> Vec<Finding> {
        self.judge_as(&Target::of(&exchange.request.url), exchange)
    }

    fn judge_as(&self, target: &Target<'_>, exchange: &Exchange<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        check_status(exchange.response.status, &mut findings);
        headers::check(exchange, &mut findings);
        if exchange.request.method.eq_ignore_ascii_case("HEAD") {
            return findings;
        }
        match exchange.response.status {
            200 => self.check_success(target, exchange, &mut findings),
            400.. => error::check(&exchange.response, &mut findings),
            _ => {}
        }
        findings
    }

    fn check_success(
        &self,
        target: &Target<'_>,
        exchange: &Exchange<'_>,
        findings: &mut Vec<Finding>,
    ) {
        check_method(&exchange.request.method, findings);
        let api_version = target.api_version.as_deref();
        check_api_version(api_version, findings);
        let Some(called) = &target.called else {
            return;
        };
        let version = self.contract.version(api_version.unwrap_or_default());
        let operation = version.operation(called.operation);
        for (parameter, name) in called.decoded() {
            let parameter = operation.parameter(parameter);
            if let Some(wanted) = parameter.and_then(|it| it.refuses(&name)) {
                let expected = format!("no keys: the name must be {wanted}");
                findings.push(Finding::new(
                    Rule::NameUnchecked,
                    Place::Url,
                    expected,
                    "keys",
                ));
            }
        }
        headers::check_content_type(&exchange.response, Level::Must, findings);
        if let Some(body) = read(&exchange.response, findings) {
            body::check(
                version,
                &operation.answer,
                &body,
                Strictness::Server,
                findings,
            );
        }
    }
}

fn check_status(status: u16, findings: &mut Vec<Finding>) {
    /// What ARM is known to answer, and what HTTP has for a request that is broken.
    const KNOWN: [u16; 16] = [
        400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 415, 429, 500, 502, 503, 504,
    ];
    let rule = match status {
        200 => return,
        status if KNOWN.contains(&status) => return,
        400..=599 => Rule::StatusUnusual,
        _ => Rule::StatusUndocumented,
    };
    let expected = "200, or an error's status";
    findings.push(Finding::new(
        rule,
        Place::Status,
        expected,
        status.to_string(),
    ));
}

fn check_method(method: &str, findings: &mut Vec<Finding>) {
    if !method.eq_ignore_ascii_case("POST") {
        let expected = format!("405 to {method}");
        findings.push(Finding::new(
            Rule::MethodAllowed,
            Place::Status,
            expected,
            "200",
        ));
    }
}

fn check_api_version(api_version: Option<&str>, findings: &mut Vec<Finding>) {
    let problem = match api_version {
        None => "400, since there is no api-version",
        Some(text) if !is_api_version(text) => "400, since the api-version is none",
        Some(_) => return,
    };
    findings.push(Finding::new(
        Rule::ApiVersionIgnored,
        Place::Status,
        problem,
        "200",
    ));
}

/// The body as JSON, or the finding that it is none.
fn read<'b>(response: &'b Response<'_>, findings: &mut Vec<Finding>) -> Option<Json<'b>> {
    if response.is_truncated {
        let seen = format!("the end after {} bytes", response.body.len());
        let expected = "a body as long as announced";
        findings.push(Finding::new(
            Rule::BodyTruncated,
            Place::Body,
            expected,
            seen,
        ));
        return None;
    }
    let error = match serde_json::from_slice(&response.body) {
        Ok(json) => return Some(json),
        Err(error) => error,
    };
    let is_cut = error.is_eof() && !response.body.trim_ascii().is_empty();
    let rule = match is_cut {
        true => Rule::BodyTruncated,
        false => Rule::BodyNotJson,
    };
    let seen = match response.body.len() {
        0 => "nothing".to_owned(),
        length => format!(
            "{length} bytes that are not JSON at line {} column {}",
            error.line(),
            error.column()
        ),
    };
    findings.push(Finding::new(rule, Place::Body, "one JSON document", seen));
    None
}
