//! The judge in the role of the one who is checked: every traffic case.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use amlkeys_conformance::{
    Case, ExpectedFinding, Report, Rule, Script, TrafficScript, cases, judge_traffic,
};
use serde_json::{Value, json};

fn traffic_cases() -> impl Iterator<Item = (&'static Case, &'static TrafficScript)> {
    cases().iter().filter_map(|case| match &case.script {
        Script::Traffic(script) => Some((case, script)),
        _ => None,
    })
}

fn sorted(findings: impl Iterator<Item = ExpectedFinding>) -> Vec<ExpectedFinding> {
    let mut findings: Vec<_> = findings.collect();
    findings.sort();
    findings
}

fn found(report: &Report) -> Vec<ExpectedFinding> {
    sorted(report.findings().map(|finding| ExpectedFinding {
        rule: finding.rule.id().into(),
        level: finding.level,
        at: finding.at.to_string(),
    }))
}

#[test]
fn each_recording_gives_its_findings_and_no_other() {
    for (case, script) in traffic_cases() {
        let lines: String = script
            .exchanges
            .iter()
            .map(|it| format!("{it}\n"))
            .collect();
        let report = judge_traffic(&case.id, lines.as_bytes()).unwrap();
        assert_eq!(
            found(&report),
            sorted(script.findings.iter().cloned()),
            "{}",
            case.id
        );
    }
}

#[test]
fn har_gives_the_same_findings() {
    for (case, script) in traffic_cases() {
        if script
            .exchanges
            .iter()
            .any(|it| it["response"]["truncated"] == true)
        {
            continue; // HAR cannot say so
        }
        let entries: Vec<Value> = script.exchanges.iter().map(har_entry).collect();
        let har =
            json!({"log": {"version": "1.2", "creator": {"name": "amlkeys"}, "entries": entries}});
        let report = judge_traffic(&case.id, har.to_string().as_bytes()).unwrap();
        assert_eq!(
            found(&report),
            sorted(script.findings.iter().cloned()),
            "{}",
            case.id
        );
    }
}

fn har_entry(exchange: &Value) -> Value {
    let text = match &exchange["response"]["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    json!({
        "request": {
            "method": exchange["request"]["method"],
            "url": exchange["request"]["url"],
            "headers": har_headers(&exchange["request"]["headers"]),
        },
        "response": {
            "status": exchange["response"]["status"],
            "headers": har_headers(&exchange["response"]["headers"]),
            "content": { "size": text.len(), "text": text },
        },
    })
}

fn har_headers(headers: &Value) -> Value {
    let Value::Object(headers) = headers else {
        return headers.clone();
    };
    let headers = headers.iter().flat_map(|(name, value)| {
        let values = match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        values
            .into_iter()
            .map(move |value| json!({"name": name, "value": value}))
    });
    headers.collect()
}

/// Those that only a runner can find, since they are about what was promised or asked for.
const OF_A_RUNNER: [&str; 9] = [
    "authorization-ignored",
    "no-answer",
    "expected-status",
    "expected-code",
    "expected-message",
    "expected-header",
    "expected-field",
    "promised-value",
    "not-throttled",
];
/// Those of recordings and examples that are none; and one that waits for a document that needs it.
const OF_A_FILE: [&str; 4] = [
    "unreadable",
    "example-parameter",
    "example-body",
    "property-required",
];

#[test]
fn every_rule_has_a_case() {
    let of_clients = |rule: &&Rule| rule.id().starts_with("client-");
    for rule in Rule::ALL.iter().filter(|rule| !of_clients(rule)) {
        let is_shown = traffic_cases()
            .any(|(_, script)| script.findings.iter().any(|it| it.rule == rule.id()));
        let is_elsewhere = OF_A_RUNNER.contains(&rule.id()) || OF_A_FILE.contains(&rule.id());
        assert!(is_shown != is_elsewhere, "{}", rule.id());
    }
}

#[test]
fn one_object_may_stand_over_several_lines() {
    let (_, script) = traffic_cases()
        .find(|(case, _)| case.id == "traffic/property/type")
        .unwrap();
    let pretty = format!("{:#}", script.exchanges[0]);
    assert_eq!(
        found(&judge_traffic("one", pretty.as_bytes()).unwrap()),
        script.findings
    );
}

#[test]
fn what_cannot_be_read_is_a_finding_and_the_rest_is_judged() {
    let (_, script) = traffic_cases()
        .find(|(case, _)| case.id == "traffic/property/type")
        .unwrap();
    let lines = format!("{{\"canary\"\n\n{}\n[\"canary\"]\n", script.exchanges[0]);
    let lines = format!("{}\n{lines}", script.exchanges[0]);
    let report = judge_traffic("broken", lines.as_bytes()).unwrap();
    let rules: Vec<&str> = report.findings().map(|it| it.rule.id()).collect();
    assert_eq!(
        rules,
        ["property-type", "unreadable", "property-type", "unreadable"]
    );
    assert!(!serde_json::to_string(&report).unwrap().contains("canary"));
}

#[test]
fn no_report_holds_a_secret() {
    let secret = "canary";
    for (_, script) in traffic_cases() {
        for exchange in &script.exchanges {
            let mut exchange = exchange.clone();
            put_in(&mut exchange["response"]["body"], secret);
            if exchange["response"]["headers"].is_object() {
                exchange["response"]["headers"]["x-surprise"] = json!(secret);
            }
            exchange["request"]["headers"] = json!({"authorization": format!("Bearer {secret}")});
            exchange["response"]["status"] = json!(200);
            let report = judge_traffic("secret", exchange.to_string().as_bytes()).unwrap();
            let text = format!("{}{report}", serde_json::to_string(&report).unwrap());
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_text_that_quotes_a_short_secret_is_not_shown() {
    for (secret, message, is_shown) in [
        ("s3cr3t", "the token s3cr3t has expired", false),
        ("s3cr3t", "has expired: 's3cr3t'", false),
        ("s3cr3t", "the token s3cr3ts has expired", true),
        ("the", "the token has expired", true),
    ] {
        let exchange = json!({
            "request": {
                "method": "POST",
                "url": "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/abc/listKeys?api-version=2025-09-01",
                "headers": {"authorization": format!("Bearer {secret}")},
            },
            "response": {
                "status": 401,
                "headers": {},
                "body": {"error": {"code": "ExpiredToken", "message": message}},
            },
        });
        let report = judge_traffic("short", exchange.to_string().as_bytes()).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.contains("ExpiredToken"), "{text}");
        assert_eq!(text.contains("has expired"), is_shown, "{secret}: {text}");
    }
}

/// Puts a text into every string that the overlay does not call public.
fn put_in(value: &mut Value, secret: &str) {
    const PUBLIC: [&str; 6] = [
        "computeType",
        "imagePullSecretName",
        "username",
        "name",
        "location",
        "userStorageResourceId",
    ];
    match value {
        Value::String(text) => *text = secret.to_owned(),
        Value::Array(elements) => elements.iter_mut().for_each(|it| put_in(it, secret)),
        Value::Object(members) => {
            for (name, value) in members {
                if !PUBLIC.contains(&name.as_str()) && name != "userStorageArmId" {
                    put_in(value, secret);
                }
            }
        }
        _ => {}
    }
}
