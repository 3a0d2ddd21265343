//! HAR 1.2: the exchanges with findings, a page for each case.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::redaction::{RedactedBody, RedactedExchange, RedactedResponse};
use crate::target::path_and_query;

use super::json::pretty;
use super::{CaseReport, Report, rfc3339};

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let started = rfc3339(report.started);
    let with_exchanges = report.cases.iter().filter(|it| !it.exchanges.is_empty());
    let entries = with_exchanges.clone().flat_map(|case| {
        let exchanges = case.exchanges.iter().enumerate();
        exchanges.map(|(index, exchange)| entry(case, index, exchange, &started))
    });
    let entries: Vec<Value> = entries.collect();
    let pages = with_exchanges.map(|case| page(case, &started));
    let pages: Vec<Value> = pages.collect();
    let har = json!({
        "log": {
            "version": "1.2",
            "creator": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "comment": "Secrets are redacted. All entries bear the time at which the check began.",
            "pages": pages,
            "entries": entries,
        }
    });
    pretty(&har, out)
}

fn page(case: &CaseReport, started: &str) -> Value {
    json!({
        "id": case.id,
        "title": case.title,
        "startedDateTime": started,
        "pageTimings": {},
    })
}

fn entry(case: &CaseReport, index: usize, exchange: &RedactedExchange, started: &str) -> Value {
    let findings: Vec<String> = case.findings_in(index).map(ToString::to_string).collect();
    let request = &exchange.request;
    json!({
        "pageref": case.id,
        "startedDateTime": started,
        "time": 0,
        "comment": findings.join("\n"),
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": named(&request.headers),
            "queryString": query(&request.url),
            "headersSize": -1,
            "bodySize": -1,
        },
        "response": response(exchange.response.as_ref()),
        "cache": {},
        "timings": { "send": 0, "wait": 0, "receive": 0 },
    })
}

/// Status 0 stands for no answer, as browsers have it.
fn response(response: Option<&RedactedResponse>) -> Value {
    let (status, headers, content) = match response {
        None => (0, Vec::new(), content(&RedactedBody::Empty, "")),
        Some(response) => {
            let mut headers = response.headers.iter();
            let found = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            let mime_type = found.map_or("", |(_, value)| value);
            let content = content(&response.body, mime_type);
            (response.status, named(&response.headers), content)
        }
    };
    json!({
        "status": status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn content(body: &RedactedBody, mime_type: &str) -> Value {
    match body {
        RedactedBody::Empty => json!({ "size": 0, "mimeType": mime_type }),
        RedactedBody::Other { bytes } => json!({
            "size": bytes,
            "mimeType": mime_type,
            "comment": "a body that is not JSON is not shown",
        }),
        RedactedBody::Json(value) => {
            let text = value.to_string();
            json!({ "size": text.len(), "mimeType": mime_type, "text": text })
        }
    }
}

fn named(pairs: &[(String, String)]) -> Vec<Value> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}

fn query(url: &str) -> Vec<Value> {
    let (_, query) = path_and_query(url);
    let parameters = query.split('&').filter(|it| !it.is_empty());
    let parameters = parameters.map(|it| it.split_once('=').unwrap_or((it, "")));
    parameters
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}
