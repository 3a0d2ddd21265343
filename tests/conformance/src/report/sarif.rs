//! SARIF 2.1.0: a result for each finding, with the exchange that it is in.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::case::Level;
use crate::finding::Finding;
use crate::redaction::{RedactedBody, RedactedRequest, RedactedResponse};
use crate::rule::Rule;

use super::json::pretty;
use super::{CaseReport, Report, Verdict, rfc3339};

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let results = report.cases.iter().flat_map(results);
    let results: Vec<Value> = results.collect();
    let sarif = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://github.com/amlkeys/amlkeys",
                "rules": rules(),
            } },
            "automationDetails": { "id": format!("amlkeys-conformance/{}/", report.role) },
            "invocations": [{
                "executionSuccessful": true,
                "startTimeUtc": rfc3339(report.started),
                "toolExecutionNotifications": notifications(report),
            }],
            "results": results,
        }],
    });
    pretty(&sarif, out)
}

const UNEXPECTED_PASS: &str = "unexpected-pass";

fn rules() -> Vec<Value> {
    let rules = Rule::ALL.iter().map(|rule| {
        json!({
            "id": rule.id(),
            "shortDescription": { "text": rule.title() },
            "help": { "text": format!("Source: {}", rule.source()) },
            "defaultConfiguration": { "level": level(rule.level()) },
        })
    });
    let unexpected_pass = json!({
        "id": UNEXPECTED_PASS,
        "shortDescription": { "text": "What is known to fail fails." },
        "help": { "text": "Take the case out of the file of known failures." },
        "defaultConfiguration": { "level": "error" },
    });
    rules.chain([unexpected_pass]).collect()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
    }
}

/// What was skipped, and why.
fn notifications(report: &Report) -> Vec<Value> {
    let cases = report.cases.iter();
    let skipped = cases.filter(|case| case.verdict == Verdict::Skipped);
    let notifications = skipped.map(|case| {
        let reason = case.reason.as_deref().unwrap_or("no reason");
        let text = format!("skipped {}: {reason}", case.id);
        json!({ "level": "note", "message": { "text": text } })
    });
    notifications.collect()
}

fn results(case: &CaseReport) -> Vec<Value> {
    if case.verdict == Verdict::UnexpectedPass {
        return vec![unexpected_pass(case)];
    }
    let findings = case.findings.iter();
    findings.map(|finding| result(case, finding)).collect()
}

fn result(case: &CaseReport, finding: &Finding) -> Value {
    let rule = finding.rule;
    let Finding {
        at, expected, seen, ..
    } = finding;
    let text = format!(
        "{} At {at}: expected {expected}, seen {seen}. Source: {}",
        rule.title(),
        finding.source
    );
    let exchange = case.exchanges.get(finding.exchange);
    let mut result = Map::new();
    let mut put = |name: &str, value: Value| result.insert(name.to_owned(), value);
    put("ruleId", rule.id().into());
    let index = Rule::ALL.iter().position(|it| *it == rule);
    put("ruleIndex", index.into());
    put("level", level(finding.level).into());
    put("message", json!({ "text": text }));
    let url = exchange.map(|it| it.request.url.as_str());
    put("locations", json!([location(case, Some(finding), url)]));
    // The same finding of the next run is the same alert.
    let fingerprint = format!("{}|{}|{at}", case.id, rule.id());
    put("partialFingerprints", json!({ "place/v1": fingerprint }));
    if let Some(exchange) = exchange {
        put("webRequest", web_request(&exchange.request));
        put("webResponse", web_response(exchange.response.as_ref()));
    }
    if case.verdict == Verdict::KnownFailure {
        let reason = case.reason.as_deref().unwrap_or_default();
        put(
            "suppressions",
            json!([{ "kind": "external", "justification": reason }]),
        );
    }
    Value::Object(result)
}

fn unexpected_pass(case: &CaseReport) -> Value {
    let reason = case.reason.as_deref().unwrap_or_default();
    let text = format!("{} passes, but is known to fail: {reason}", case.id);
    json!({
        "ruleId": UNEXPECTED_PASS,
        "ruleIndex": Rule::ALL.len(),
        "level": "error",
        "message": { "text": text },
        "locations": [location(case, None, None)],
        "partialFingerprints": { "place/v1": format!("{}|{UNEXPECTED_PASS}", case.id) },
    })
}

/// The case's group is a file, as far as there is one; the place within is told by its name.
fn location(case: &CaseReport, finding: Option<&Finding>, url: Option<&str>) -> Value {
    let place = finding.map_or(String::new(), |finding| format!(" {}", finding.at));
    let uri = url.unwrap_or(case.group());
    json!({
        "physicalLocation": { "artifactLocation": { "uri": uri_reference(uri) } },
        "logicalLocations": [{ "fullyQualifiedName": format!("{}{place}", case.id) }],
    })
}

/// A text as the URI reference that it was meant to be.
fn uri_reference(text: &str) -> String {
    const OUTSIDE_OF_URIS: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'<')
        .add(b'>')
        .add(b'\\')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}')
        .add(b'[')
        .add(b']');
    utf8_percent_encode(text, OUTSIDE_OF_URIS).to_string()
}

fn web_request(request: &RedactedRequest) -> Value {
    json!({
        "method": request.method,
        "target": request.url,
        "headers": headers(&request.headers),
    })
}

fn web_response(response: Option<&RedactedResponse>) -> Value {
    let Some(response) = response else {
        return json!({ "noResponseReceived": true });
    };
    let body = match &response.body {
        RedactedBody::Empty => String::new(),
        RedactedBody::Json(value) => value.to_string(),
        RedactedBody::Other { bytes } => format!("[redacted: {bytes} bytes that are not JSON]"),
    };
    json!({
        "statusCode": response.status,
        "headers": headers(&response.headers),
        "body": { "text": body },
    })
}

/// SARIF has one value for each name.
fn headers(headers: &[(String, String)]) -> Value {
    let mut values: Map<String, Value> = Map::new();
    for (name, value) in headers {
        let value = match values.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        values.insert(name.clone(), value.into());
    }
    Value::Object(values)
}
