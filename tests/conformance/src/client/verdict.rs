//! What a client did, against what its case expects. No value of a body, no token and no text of
//! the client's gets into a finding but statuses, codes and names.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::case::{
    Call, ClientExchange, ErrorClass, ExpectedError, ExpectedValue, Level, Operation, Outcome, Wait,
};
use crate::finding::{Finding, Place};
use crate::redaction::RedactedBody;
use crate::rule::Rule;
use crate::target::path_and_query;

use super::front_door::Arrived;
use super::protocol::{Came, Failure, Keys, TokenRequest};
use super::run::Run;

/// What a client did in a case, besides what arrived.
#[derive(Default)]
pub(super) struct Conduct {
    /// One for each call.
    pub(super) outcomes: Vec<Came>,
    pub(super) token_requests: Vec<TokenRequest>,
    /// Requests, for each call or for those that were made at the same time.
    pub(super) attempts: Vec<usize>,
    /// What the adapter's process wrote besides its messages.
    pub(super) log: String,
}

impl Conduct {
    /// All that is not as the case expects. A secret that shows and a name that leaves its segment
    /// always weigh in full, everything else as much as the case.
    pub(super) fn findings(&self, run: &Run, arrived: &[Arrived]) -> Vec<Finding> {
        let mut findings = Vec::new();
        check_requests(run, arrived, self, &mut findings);
        for (call, came) in run.script().calls.iter().zip(&self.outcomes) {
            check_outcome(run, call, came, &mut findings);
            check_waits(call, came, &mut findings);
        }
        self.check_attempts(run, &mut findings);
        self.check_tokens(run, &mut findings);
        let level = run.case().level;
        let source = run.case().sources.first().map(ToString::to_string);
        let mut findings: Vec<Finding> = findings
            .into_iter()
            .map(|finding| {
                finding
                    .with_level(level)
                    .with_source(source.clone().unwrap_or_default())
            })
            .collect();
        self.check_secrets(run, arrived, &mut findings);
        self.check_escapes(run, arrived, &mut findings);
        findings
    }

    fn check_attempts(&self, run: &Run, findings: &mut Vec<Finding>) {
        let script = run.script();
        if script.together {
            return;
        }
        for (call, attempts) in script.calls.iter().zip(&self.attempts) {
            if let Some(expected) = call.attempts
                && expected as usize != *attempts
            {
                findings.push(Finding::new(
                    Rule::ClientAttempts,
                    Place::Outcome("attempts"),
                    requests(expected as usize),
                    requests(*attempts),
                ));
            }
        }
    }

    fn check_tokens(&self, run: &Run, findings: &mut Vec<Finding>) {
        let credential = &run.script().credential;
        let asked = self.token_requests.len();
        if let Some(expected) = credential.asked
            && expected as usize != asked
        {
            findings.push(Finding::new(
                Rule::ClientTokens,
                Place::Outcome("token requests"),
                expected.to_string(),
                asked.to_string(),
            ));
        }
        for (token, request) in credential.tokens.iter().zip(&self.token_requests) {
            let claims = request.claims.as_ref().filter(|claims| !claims.is_empty());
            let claims = claims.map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
            if claims != token.claims {
                let described = |claims: &Option<Value>| match claims {
                    Some(_) => "the claims of a challenge",
                    None => "no claims",
                };
                let seen = match (&claims, &token.claims) {
                    (Some(_), Some(_)) => "other claims",
                    _ => described(&claims),
                };
                findings.push(Finding::new(
                    Rule::ClientClaims,
                    Place::Outcome("token requests"),
                    described(&token.claims),
                    seen,
                ));
            }
        }
    }

    /// Requests that the case does not have, to a path that is not the call's.
    fn check_escapes(&self, run: &Run, arrived: &[Arrived], findings: &mut Vec<Finding>) {
        let expected = run.script().exchanges.len();
        for (index, request) in arrived.iter().enumerate().skip(expected) {
            let (path, _) = path_and_query(&request.target);
            let due = run.path(self.call_of(run, index));
            if !same_segments(&decoded(path), &due) {
                let mut finding = Finding::new(Rule::ClientPath, Place::Url, due.join("/"), path);
                finding.exchange = index;
                findings.push(finding);
            }
        }
    }

    fn check_secrets(&self, run: &Run, arrived: &[Arrived], findings: &mut Vec<Finding>) {
        let secrets = secrets(run, arrived);
        let shown = self.outcomes.iter().flat_map(|came| &came.shown);
        let shown = shown.map(|(way, text)| (way.as_str(), text.as_str()));
        let mut ways: Vec<&str> = shown
            .chain([("standard error", self.log.as_str())])
            .filter(|(_, text)| secrets.iter().any(|secret| text.contains(secret.as_str())))
            .map(|(way, _)| way)
            .collect();
        ways.sort_unstable();
        ways.dedup();
        for way in ways {
            findings.push(
                Finding::new(
                    Rule::ClientSecretShown,
                    Place::Outcome("shown"),
                    "no secret in anything that the client shows",
                    // The name comes from the adapter; nothing else of it may.
                    format!("one in its {}", shortened(way)),
                )
                .with_level(Level::Must),
            );
        }
    }
}

fn shortened(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|it| it.is_ascii_alphanumeric() || *it == ' ');
    kept.take(30).collect()
}

fn requests(count: usize) -> String {
    match count {
        1 => "1 request".into(),
        count => format!("{count} requests"),
    }
}

/// Texts that may not show: tokens, what the case names, and the strings of answers with keys that
/// the overlay does not call public.
fn secrets(run: &Run, arrived: &[Arrived]) -> Vec<String> {
    let script = run.script();
    let tokens = script.credential.tokens.iter().map(|it| it.value.clone());
    let mut secrets: Vec<String> = tokens.chain(script.secrets.iter().cloned()).collect();
    for arrived in arrived {
        let exchange = arrived.exchange();
        let body = serde_json::from_slice::<Value>(&exchange.response.body);
        if let (200, Ok(body), Some(response)) =
            (exchange.response.status, body, arrived.redacted().response)
            && let RedactedBody::Json(redacted) = response.body
        {
            hidden(&body, &redacted, &mut secrets);
        }
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

/// The strings that a redacted body does not show.
fn hidden(body: &Value, redacted: &Value, into: &mut Vec<String>) {
    match body {
        Value::String(text) if body != redacted => into.push(text.clone()),
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| hidden(value, &redacted[name], into)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| hidden(value, &redacted[index], into)),
        _ => {}
    }
}

fn check_requests(run: &Run, arrived: &[Arrived], conduct: &Conduct, findings: &mut Vec<Finding>) {
    let script = run.script();
    let expected = script.exchanges.len();
    if arrived.len() > expected {
        let seen = requests(arrived.len());
        let mut finding = Finding::new(
            Rule::ClientRequestCount,
            Place::Url,
            format!("{} in all", requests(expected)),
            seen,
        );
        finding.exchange = expected;
        findings.push(finding);
    }
    if arrived.len() < expected {
        findings.push(Finding::new(
            Rule::ClientRequestCount,
            Place::Url,
            format!("{} in all", requests(expected)),
            requests(arrived.len()),
        ));
    }
    let pairs = script.exchanges.iter().zip(arrived);
    for (index, (exchange, request)) in pairs.enumerate() {
        let call = conduct.call_of(run, index);
        let mut found = Vec::new();
        check_request(run, call, exchange, request, &arrived[0], &mut found);
        for mut finding in found {
            finding.exchange = index;
            findings.push(finding);
        }
    }
}

impl Conduct {
    /// The call that a request belongs to.
    fn call_of<'r>(&self, run: &'r Run, request: usize) -> &'r Call {
        let calls = &run.script().calls;
        let mut before = 0;
        for (call, attempts) in calls.iter().zip(&self.attempts) {
            before += attempts;
            if request < before {
                return call;
            }
        }
        &calls[calls.len() - 1]
    }
}

fn check_request(
    run: &Run,
    call: &Call,
    exchange: &ClientExchange,
    request: &Arrived,
    first: &Arrived,
    findings: &mut Vec<Finding>,
) {
    let mut check = |is_right: bool, rule: Rule, at: Place, expected: &str, seen: &str| {
        if !is_right {
            findings.push(Finding::new(rule, at, expected, seen));
        }
    };
    let method = &request.method;
    check(
        method == "POST",
        Rule::ClientMethod,
        Place::Url,
        "POST",
        method,
    );

    let (path, query) = path_and_query(&request.target);
    let expected = match &exchange.request.path {
        Some(path) => decoded(path),
        None => run.path(call),
    };
    let is_same = same_segments(&decoded(path), &expected);
    let readable = expected.join("/");
    check(is_same, Rule::ClientPath, Place::Url, &readable, path);

    let version = run.api_version(call);
    let parameters: Vec<(&str, &str)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .collect();
    let is_version = |value: &str| percent_decode_str(value).decode_utf8_lossy() == version;
    let is_alone = matches!(parameters[..], [(name, value)]
        if name.eq_ignore_ascii_case("api-version") && is_version(value));
    let expected = format!("api-version={version}");
    check(is_alone, Rule::ClientQuery, Place::Url, &expected, query);

    check(
        !request.has_body,
        Rule::ClientBody,
        Place::Body,
        "no body",
        "one",
    );
    let length = request.header("content-length");
    check(
        length == Some("0"),
        Rule::ClientBody,
        Place::header("content-length"),
        "0, or ARM answers 411",
        length.unwrap_or("nothing"),
    );
    let tokens = run.script().credential.tokens.iter();
    let mut bearers = tokens.map(|token| format!("Bearer {}", token.value));
    let authorization = request.header("authorization");
    let is_known = bearers.any(|bearer| authorization == Some(&bearer));
    check(
        is_known,
        Rule::ClientAuthorization,
        Place::header("authorization"),
        "a token of the credential",
        "something else",
    );

    for (name, expected) in &exchange.request.headers {
        let expected = run.filled(expected, call);
        let value = request.header(name);
        if !expected.accepts(value, first.header(name)) {
            let is_token = name == "authorization";
            let seen = match value {
                None => "nothing",
                Some(_) if is_token => "another token",
                Some(value) => value,
            };
            let expected = match is_token {
                true => "the token that is due".to_owned(),
                false => expected.to_string(),
            };
            check(
                false,
                Rule::ExpectedHeader,
                Place::header(name),
                &expected,
                seen,
            );
        }
    }
}

/// The segments of a path as they are meant.
fn decoded(path: &str) -> Vec<String> {
    let segments = path.split('/');
    segments
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}

/// ARM compares without regard to case.
fn same_segments(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
}

fn check_outcome(run: &Run, call: &Call, came: &Came, findings: &mut Vec<Finding>) {
    match (&call.outcome, &came.value, &came.error) {
        (Outcome::Value(expected), Some(keys), None) => {
            check_keys(call.operation, expected, keys, findings);
        }
        (Outcome::Example(operation), Some(keys), None) => {
            if let Some(body) = run.example_body(*operation) {
                check_keys(call.operation, &documented(body), keys, findings);
            }
        }
        (Outcome::Error(expected), None, Some(failure)) => {
            check_failure(expected, failure, findings);
        }
        (Outcome::Error(expected), _, _) => findings.push(Finding::new(
            Rule::ClientOutcome,
            Place::Outcome("outcome"),
            format!("a failure of class {}", class(expected.class)),
            "no failure",
        )),
        (_, _, failure) => findings.push(Finding::new(
            Rule::ClientOutcome,
            Place::Outcome("outcome"),
            "keys",
            match failure {
                Some(failure) => format!("a failure of class {}", shortened_class(failure)),
                None => "neither keys nor a failure".to_owned(),
            },
        )),
    }
}

/// What an example documents, field by field.
fn documented(body: &Value) -> ExpectedValue {
    let mut fields = Vec::new();
    leaves(body, String::new(), &mut fields);
    ExpectedValue {
        compute_type: body["computeType"].as_str().map(str::to_owned),
        typed: None,
        fields: fields.into_iter().collect(),
    }
}

fn leaves(value: &Value, at: String, into: &mut Vec<(String, Value)>) {
    let below = |step: &str| format!("{at}/{}", step.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| leaves(value, below(name), into)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, below(&index.to_string()), into)),
        leaf => into.push((at, leaf.clone())),
    }
}

fn check_keys(
    operation: Operation,
    expected: &ExpectedValue,
    keys: &Keys,
    findings: &mut Vec<Finding>,
) {
    if operation == Operation::ComputeListKeys && keys.compute_type != expected.compute_type {
        let described = |tag: &Option<String>| match tag {
            Some(tag) => format!("`{tag}`"),
            None => "none".to_owned(),
        };
        findings.push(Finding::new(
            Rule::ClientVariant,
            Place::Outcome("computeType"),
            described(&expected.compute_type),
            match &keys.compute_type {
                Some(_) => "another".to_owned(),
                None => "none".to_owned(),
            },
        ));
    }
    if let (Some(expected), Some(typed)) = (expected.typed, keys.typed)
        && expected != typed
    {
        let described = |typed| {
            if typed {
                "a typed variant"
            } else {
                "the open variant"
            }
        };
        findings.push(Finding::new(
            Rule::ClientVariant,
            Place::Outcome("variant"),
            described(expected),
            described(typed),
        ));
    }
    for (pointer, expected) in &expected.fields {
        if pointer == "/computeType" {
            continue;
        }
        let seen = keys.body.pointer(pointer).unwrap_or(&Value::Null);
        if seen != expected {
            findings.push(Finding::new(
                Rule::ClientField,
                Place::Pointer(pointer.clone()),
                described(expected, "the value of the answer"),
                described(seen, "another value"),
            ));
        }
    }
}

fn described<'d>(value: &Value, otherwise: &'d str) -> &'d str {
    match value {
        Value::Null => "none",
        _ => otherwise,
    }
}

fn check_failure(expected: &ExpectedError, failure: &Failure, findings: &mut Vec<Finding>) {
    let mut check = |is_right: bool, fact: &'static str, expected: String, seen: String| {
        if !is_right {
            findings.push(Finding::new(
                Rule::ClientError,
                Place::Outcome(fact),
                expected,
                seen,
            ));
        }
    };
    let due = class(expected.class);
    check(
        failure.class == due,
        "class",
        due.clone(),
        shortened_class(failure),
    );
    if let Some(due) = expected.status {
        let seen = failure
            .status
            .map_or("none".to_owned(), |it| it.to_string());
        check(failure.status == Some(due), "status", due.to_string(), seen);
    }
    let texts = [
        ("code", &expected.code, &failure.code),
        ("message", &expected.message, &failure.message),
        ("target", &expected.target, &failure.target),
        ("request id", &expected.request_id, &failure.request_id),
    ];
    for (fact, due, seen) in texts {
        if let Some(due) = due {
            let is_right = seen.as_ref() == Some(due);
            let seen = seen.as_ref().map_or("none", |_| "another");
            check(is_right, fact, format!("`{due}`"), seen.to_owned());
        }
    }
    if !expected.details.is_empty() {
        let seen: Vec<&str> = failure
            .details
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        check(
            seen == expected.details,
            "details",
            expected.details.join(", "),
            format!("{} details", failure.details.len()),
        );
    }
    if let Some(due) = expected.retry_after_seconds {
        let seen = failure.retry_after_seconds;
        let is_right = seen.is_some_and(|seen| is_about(due, seen));
        let seen = seen.map_or("none".to_owned(), |it| format!("{it} s"));
        check(is_right, "retry after", format!("{due} s"), seen);
    }
}

/// The name of a class as a case writes it.
fn class(class: ErrorClass) -> String {
    let name = serde_json::to_value(class).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

fn shortened_class(failure: &Failure) -> String {
    let kept = failure.class.chars();
    let kept = kept.filter(|it| it.is_ascii_lowercase() || *it == '_');
    kept.take(20).collect()
}

fn check_waits(call: &Call, came: &Came, findings: &mut Vec<Finding>) {
    let (Some(expected), Some(waits)) = (&call.waits, &came.waits) else {
        return;
    };
    // No wait and one of no length are the same.
    let expected: Vec<&Wait> = expected.iter().filter(|it| it.at_most > 0.0).collect();
    let waits: Vec<f64> = waits
        .iter()
        .copied()
        .filter(|it| !is_about(0.0, *it))
        .collect();
    let is_right = |(expected, seen): (&&Wait, &f64)| {
        (expected.at_least..=expected.at_most).contains(seen)
            || is_about(expected.at_least, *seen)
            || is_about(expected.at_most, *seen)
    };
    if expected.len() != waits.len() || !expected.iter().zip(&waits).all(is_right) {
        let spans: Vec<String> = expected
            .iter()
            .map(|wait| match wait.at_least == wait.at_most {
                true => format!("{} s", wait.at_least),
                false => format!("{} to {} s", wait.at_least, wait.at_most),
            })
            .collect();
        let seen: Vec<String> = waits.iter().map(|it| format!("{it:.3} s")).collect();
        let listed = |texts: Vec<String>| match texts.is_empty() {
            true => "no wait".to_owned(),
            false => texts.join(", "),
        };
        findings.push(Finding::new(
            Rule::ClientWaits,
            Place::Outcome("waits"),
            listed(spans),
            listed(seen),
        ));
    }
}

/// Clocks count in ticks.
fn is_about(expected: f64, seen: f64) -> bool {
    (expected - seen).abs() < 0.002
}
