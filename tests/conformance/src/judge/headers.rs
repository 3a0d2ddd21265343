use crate::case::Level;
use crate::exchange::{Exchange, Response};
use crate::finding::{Finding, Place};
use crate::rule::Rule;

/// The headers that every answer has, and those that its status asks for.
pub(super) fn check(exchange: &Exchange<'_>, findings: &mut Vec<Finding>) {
    let Exchange { request, response } = exchange;
    check_request_ids(response, findings);
    if let Some(sent) = request.headers.get("x-ms-client-request-id")
        && asks_for_echo(request.headers.get("x-ms-return-client-request-id"))
    {
        check_echo(sent, response, findings);
    }
    match response.status {
        200 => check_cache(response, findings),
        401 => check_challenge(response, findings),
        429 => check_retry_after(response, true, findings),
        _ => check_retry_after(response, false, findings),
    }
}

/// The http layer and gateways answer before ARM can give a request its ids.
fn check_request_ids(response: &Response<'_>, findings: &mut Vec<Finding>) {
    let at_most = match response.status {
        411 | 413 | 414 => return,
        502..=504 => Level::Should,
        _ => Level::Must,
    };
    for (name, rule) in [
        ("x-ms-request-id", Rule::RequestIdMissing),
        ("x-ms-correlation-request-id", Rule::CorrelationIdMissing),
        ("x-ms-routing-request-id", Rule::RoutingIdMissing),
    ] {
        if response.headers.get(name).is_none_or(str::is_empty) {
            let level = rule.level().min(at_most);
            let finding = Finding::new(rule, Place::header(name), "an id", "nothing");
            findings.push(finding.with_level(level));
        }
    }
}

fn asks_for_echo(header: Option<&str>) -> bool {
    header.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn check_echo(sent: &str, response: &Response<'_>, findings: &mut Vec<Finding>) {
    const NAME: &str = "x-ms-client-request-id";
    let seen = match response.headers.get(NAME) {
        Some(echoed) if echoed.eq_ignore_ascii_case(sent) => return,
        Some(_) => "another id",
        None => "nothing",
    };
    let expected = "the client's request id";
    findings.push(Finding::new(
        Rule::ClientRequestIdNotEchoed,
        Place::header(NAME),
        expected,
        seen,
    ));
}

fn check_cache(response: &Response<'_>, findings: &mut Vec<Finding>) {
    let control = response.headers.get("cache-control").unwrap_or_default();
    if !["no-cache", "no-store"]
        .iter()
        .any(|it| control.contains(it))
    {
        let at = Place::header("cache-control");
        let seen = match control {
            "" => "nothing",
            control => control,
        };
        findings.push(Finding::new(
            Rule::KeysCacheable,
            at,
            "no-cache or no-store",
            seen,
        ));
    }
}

fn check_challenge(response: &Response<'_>, findings: &mut Vec<Finding>) {
    const NAME: &str = "www-authenticate";
    let is_bearer = |challenge: &str| {
        let scheme = challenge.trim_start().get(.."Bearer".len());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("Bearer"))
    };
    let mut challenges = response.headers.all(NAME).peekable();
    let seen = match challenges.peek() {
        None => "nothing",
        Some(_) => "challenges of other schemes",
    };
    if !challenges.any(is_bearer) {
        let at = Place::header(NAME);
        findings.push(Finding::new(
            Rule::ChallengeMissing,
            at,
            "a Bearer challenge",
            seen,
        ));
    }
}

fn check_retry_after(response: &Response<'_>, is_required: bool, findings: &mut Vec<Finding>) {
    let at = Place::header("retry-after");
    match response.headers.get("retry-after").map(str::trim) {
        None if is_required => {
            let expected = "how long to wait";
            findings.push(Finding::new(
                Rule::RetryAfterMissing,
                at,
                expected,
                "nothing",
            ));
        }
        Some(value) if !is_retry_after(value) => {
            let expected = "whole seconds or an HTTP date";
            let seen = format!("{} other characters", value.chars().count());
            findings.push(Finding::new(Rule::RetryAfterMalformed, at, expected, seen));
        }
        _ => {}
    }
}

fn is_retry_after(value: &str) -> bool {
    let is_seconds = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    is_seconds || httpdate::parse_http_date(value).is_ok()
}

/// That a body is announced as JSON; whether it is.
pub(super) fn check_content_type(
    response: &Response<'_>,
    level: Level,
    findings: &mut Vec<Finding>,
) -> bool {
    let content_type = response.headers.get("content-type");
    let media_type = content_type.map(|it| it.split(';').next().unwrap_or_default().trim());
    if media_type.is_some_and(|it| it.eq_ignore_ascii_case("application/json")) {
        return true;
    }
    let finding = Finding::new(
        Rule::ContentType,
        Place::header("content-type"),
        "application/json",
        media_type.map_or("nothing".into(), shortened),
    );
    findings.push(finding.with_level(level));
    false
}

fn shortened(text: &str) -> String {
    text.escape_debug().take(80).collect()
}
