use crate::case::Level;
use crate::exchange::Response;
use crate::finding::{Finding, Place};
use crate::json::Json;
use crate::rule::Rule;

use super::headers::check_content_type;
use super::read;

/// ARM's error envelope. Unlike other bodies it is the same in every api-version.
pub(super) fn check(response: &Response<'_>, findings: &mut Vec<Finding>) {
    let Some(at_most) = strictness(response.status) else {
        return;
    };
    let before = findings.len();
    if is_html(response) {
        let expected = "application/json";
        findings.push(Finding::new(
            Rule::ErrorHtml,
            Place::header("content-type"),
            expected,
            "text/html",
        ));
    } else {
        check_content_type(response, Level::Must, findings);
        if let Some(body) = read(response, findings) {
            check_envelope(&body, findings);
        }
    }
    for finding in &mut findings[before..] {
        finding.level = finding.level.min(at_most);
    }
}

/// What a broken envelope weighs at most: some statuses come from the http layer, from a gateway,
/// or (405) from a resource provider that answers `{"Message": …}`.
fn strictness(status: u16) -> Option<Level> {
    match status {
        411 | 413 | 414 => None,
        405 | 408 | 502..=504 => Some(Level::Should),
        _ => Some(Level::Must),
    }
}

fn is_html(response: &Response<'_>) -> bool {
    let content_type = response.headers.get("content-type").unwrap_or_default();
    content_type.to_ascii_lowercase().starts_with("text/html")
}

fn check_envelope(body: &Json<'_>, findings: &mut Vec<Finding>) {
    let whole = || Place::Pointer(String::new());
    let Json::Object(members) = body else {
        let expected = "an object with `error`";
        findings.push(Finding::new(
            Rule::ErrorMissing,
            whole(),
            expected,
            body.described(),
        ));
        return;
    };
    let Some(error) = body.get("error") else {
        let is_flat = members.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case("code") || name.eq_ignore_ascii_case("message")
        });
        let (rule, seen) = match is_flat {
            true => (Rule::ErrorFlat, "code or message at the top"),
            false => (Rule::ErrorMissing, "no `error`"),
        };
        findings.push(Finding::new(rule, whole(), "an object with `error`", seen));
        return;
    };
    if matches!(error, Json::Object(_)) {
        check_detail(error, "/error", true, findings);
    } else {
        wrong_type("/error", "an object", error, findings);
    }
}

fn check_detail(detail: &Json<'_>, at: &str, is_outermost: bool, findings: &mut Vec<Finding>) {
    for (name, rule) in [
        ("code", Rule::ErrorCodeMissing),
        ("message", Rule::ErrorMessageMissing),
    ] {
        let at = format!("{at}/{name}");
        match detail.get(name) {
            Some(Json::String(text)) if !text.is_empty() => {}
            None | Some(Json::Null | Json::String(_)) => {
                if is_outermost {
                    let seen = detail.get(name).map_or("nothing".into(), Json::described);
                    let at = Place::Pointer(at);
                    findings.push(Finding::new(rule, at, "a string", seen));
                }
            }
            Some(other) => wrong_type(&at, "a string", other, findings),
        }
    }
    match detail.get("target") {
        None | Some(Json::Null | Json::String(_)) => {}
        Some(other) => wrong_type(&format!("{at}/target"), "a string", other, findings),
    }
    for name in ["details", "additionalInfo"] {
        let at = format!("{at}/{name}");
        match detail.get(name) {
            None | Some(Json::Null) => {}
            Some(Json::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    let at = format!("{at}/{index}");
                    match element {
                        Json::Object(_) if name == "details" => {
                            check_detail(element, &at, false, findings);
                        }
                        Json::Object(_) => {}
                        other => wrong_type(&at, "an object", other, findings),
                    }
                }
            }
            Some(other) => wrong_type(&at, "an array", other, findings),
        }
    }
}

fn wrong_type(at: &str, expected: &str, seen: &Json<'_>, findings: &mut Vec<Finding>) {
    let at = Place::Pointer(at.to_owned());
    findings.push(Finding::new(
        Rule::ErrorType,
        at,
        expected,
        seen.described(),
    ));
}
