//! Reports to write.

use std::time::Duration;

use amlkeys_conformance::{
    CaseReport, Finding, Format, Level, Place, RedactedBody, RedactedExchange, RedactedRequest,
    RedactedResponse, Report, Role, Rule, Script, Source, SourceKind, Summary, Verdict, cases,
    judge_traffic,
};
use serde_json::{Value, json};

/// What would break out of every format that does not look.
pub(crate) const HOSTILE: &str = "</pre><script>alert(1)</script>\"'>]]>&amp;<!-- \u{1b}]0;x\u{7}\
    \u{1b}[2J\0\u{8}\u{b}\u{7f}\u{9b}\u{202e}\u{fffe}\u{ffff}\r\n\t\\u0000 {{}} %00 日本";

pub(crate) fn written(report: &Report, format: Format) -> String {
    let mut text = Vec::new();
    report.write(format, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// One case of each verdict, with hostile texts wherever a text may stand.
pub(crate) fn hostile() -> Report {
    let mut report = Report::new(Role::Server, format!("https://example.com/{HOSTILE}"));
    for verdict in [
        Verdict::Passed,
        Verdict::Warned,
        Verdict::Failed,
        Verdict::Skipped,
        Verdict::KnownFailure,
        Verdict::UnexpectedPass,
    ] {
        report.cases.push(hostile_case(verdict));
    }
    report.summary = Summary {
        exchanges: 6,
        passed: 1,
        warned: 1,
        failed: 1,
        skipped: 1,
        known_failures: 1,
        unexpected_passes: 1,
    };
    report
}

fn hostile_case(verdict: Verdict) -> CaseReport {
    let has_findings = !matches!(
        verdict,
        Verdict::Passed | Verdict::Skipped | Verdict::UnexpectedPass
    );
    let count = usize::from(has_findings);
    CaseReport {
        id: format!("server/hostile/{verdict:?}[{HOSTILE}]"),
        title: HOSTILE.into(),
        level: Level::Must,
        sources: vec![Source {
            kind: SourceKind::Document,
            name: HOSTILE.into(),
            from: Some(HOSTILE.into()),
        }],
        verdict,
        reason: Some(HOSTILE.into()),
        findings: vec![hostile_finding(); 2 * count],
        exchanges: vec![hostile_exchange(); count],
        duration: Duration::from_millis(3),
    }
}

fn hostile_finding() -> Finding {
    Finding {
        rule: Rule::PropertyType,
        level: Level::Must,
        at: Place::Pointer(format!("/{HOSTILE}")),
        expected: HOSTILE.into(),
        seen: HOSTILE.into(),
        source: HOSTILE.into(),
        exchange: 0,
    }
}

fn hostile_exchange() -> RedactedExchange {
    let headers = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
    let url = "https://example.com/subscriptions/s/resourceGroups/g/providers/\
        Microsoft.MachineLearningServices/workspaces/abc/listKeys?api-version=2025-09-01";
    RedactedExchange {
        request: RedactedRequest {
            method: "POST".into(),
            url: format!("{url}&{HOSTILE}"),
            headers: headers.clone(),
        },
        response: Some(RedactedResponse {
            status: 200,
            headers,
            body: RedactedBody::Json(json!({ (HOSTILE): [HOSTILE, { (HOSTILE): null }] })),
        }),
    }
}

/// What the judge makes of every recorded case.
pub(crate) fn recorded() -> Report {
    let lines: String = exchanges().map(|it| format!("{it}\n")).collect();
    judge_traffic("recording", lines.as_bytes()).unwrap()
}

fn exchanges() -> impl Iterator<Item = &'static Value> {
    let scripts = cases().iter().filter_map(|case| match &case.script {
        Script::Traffic(script) => Some(script),
        _ => None,
    });
    scripts.flat_map(|script| &script.exchanges)
}

/// Exchanges with a secret in each place that can hold one, some of them quoted where texts are
/// shown.
pub(crate) fn recording_with(secret: &str) -> String {
    let url = format!(
        "https://u:{secret}@example.com/subscriptions/s/resourceGroups/g/providers/\
         Microsoft.MachineLearningServices/workspaces/abc/computes/c/listKeys\
         ?api-version=2025-09-01&sig={secret}&{secret}#{secret}"
    );
    let headers = json!({
        "authorization": format!("Bearer {secret}"),
        "x-ms-authorization-auxiliary": secret,
        "cookie": format!("session={secret}"),
    });
    let answers = [
        json!({ "status": 200, "body": { "computeType": "AKS", "adminKubeConfig": secret, "etag": secret, "more": [{ "deep": secret }], "databricksAccessToken": secret } }),
        json!({ "status": 200, "body": { "computeType": secret, "adminKubeConfig": secret } }),
        json!({ "status": 401, "body": { "error": { "code": secret, "message": format!("the token {secret} is none"), "target": secret } } }),
        json!({ "status": 403, "body": { "code": secret, "message": secret } }),
        json!({ "status": 500, "body": format!("<html>{secret}</html>") }),
        json!({ "status": 404, "body": [secret, secret] }),
        json!({ "status": 200, "body": format!("{{\"computeType\": \"{secret}") }),
        json!({ "status": 429, "body": secret }),
        json!({ "status": 302, "body": { "a": secret } }),
    ];
    let lines = answers.map(|mut response| {
        response["headers"] = json!({
            "content-type": "application/json",
            "set-cookie": format!("session={secret}; Secure; HttpOnly"),
            "location": format!("https://example.com/?sig={secret}"),
            "www-authenticate": format!("Bearer error_description=\"{secret}\""),
            "x-ms-session-token": secret,
            "x-ms-surprise": secret,
            "retry-after": secret,
        });
        let exchange = json!({
            "request": { "method": "POST", "url": url, "headers": headers },
            "response": response,
        });
        format!("{exchange}\n")
    });
    let unreadable = format!("{{\"{secret}\": \"{secret}\"\n[\"{secret}\"]\n");
    lines.concat() + &unreadable
}
