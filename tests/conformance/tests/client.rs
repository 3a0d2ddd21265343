//! Role `client`: ours passes every case, and a client that misbehaves is found out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../adapters/rust/adapter.rs"]
mod adapter;

use std::time::Duration;

use amlkeys_conformance::{ClientCheck, Report, Verdict};

fn ours() -> ClientCheck {
    let connect = || {
        let (suite, end) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(end);
        tokio::spawn(async { adapter::serve(reader, writer).await.unwrap() });
        suite
    };
    ClientCheck::of_connection("amlkeys", Box::new(connect))
}

fn failures(report: &Report) -> Vec<String> {
    let cases = report.cases.iter();
    let cases = cases.filter(|case| case.verdict != Verdict::Passed);
    cases
        .map(|case| {
            let findings = case.findings.iter().map(|it| format!("\n    {it}"));
            let reason = case.reason.as_deref().unwrap_or_default();
            format!(
                "{}: {:?} {reason}{}",
                case.id,
                case.verdict,
                findings.collect::<String>()
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn our_client_passes_every_case() {
    let report = ours().with_jobs(8).run(|_| {}).await.unwrap();
    let failures = failures(&report);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(report.summary.passed > 0);
}

/// A program that says hello, and then does `then` for each message.
#[cfg(unix)]
fn misbehaving(then: &str) -> ClientCheck {
    let hello = r#"{"message":"hello","protocol":1,"limits":["attempts"]}"#;
    let script = format!("read line; echo '{hello}'; while read line; do {then}; done");
    let command = shlex::try_join(["sh", "-c", &script]).unwrap();
    ClientCheck::of_command(&command)
        .unwrap()
        .with_filter("client/workspace/")
        .with_answer_within(Duration::from_millis(300))
}

#[cfg(unix)]
#[tokio::test]
async fn an_adapter_that_misbehaves_is_a_finding_of_each_case() {
    let misbehaviour = [
        ("exit 3", "it ended"),
        ("sleep 60", "nothing within the time limit"),
        ("echo canary", "a line that is not the message that was due"),
        (
            "echo '{\"message\":\"outcomes\",\"outcomes\":[]}'",
            "a line that is not",
        ),
    ];
    for (then, seen) in misbehaviour {
        let report = misbehaving(then).run(|_| {}).await.unwrap();
        assert!(report.cases.len() > 1, "{then}");
        for case in &report.cases {
            assert_eq!(case.verdict, Verdict::Failed, "{then}: {}", case.id);
            assert_eq!(case.findings[0].rule.id(), "client-silent");
            assert!(
                case.findings[0].seen.starts_with(seen),
                "{:?}",
                case.findings
            );
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_adapter_that_does_not_say_hello_is_told_apart_from_a_client_that_fails() {
    let check = ClientCheck::of_command("sh -c 'echo no such module >&2'").unwrap();
    let error = check.run(|_| {}).await.unwrap_err().to_string();
    assert!(error.contains("does not say hello"), "{error}");
    let check = ClientCheck::of_command("/does/not/exist").unwrap();
    assert!(check.run(|_| {}).await.is_err());
    assert!(ClientCheck::of_command("'").is_err());
}

/// A client that never sends anything and shows what it was given.
#[cfg(unix)]
#[tokio::test]
async fn findings_name_rules_and_no_secret() {
    let outcome = r#"{"message":"outcomes","outcomes":[{"value":{"body":{"userStorageKey":"canary-other"}},"shown":{"debug":"token-1"}}]}"#;
    let then = format!(
        "case $line in *begin*) echo '{{\"message\":\"ready\"}}';; *) echo '{outcome}';; esac"
    );
    let check = misbehaving(&then).with_filter("client/workspace/all-keys");
    let report = check.run(|_| {}).await.unwrap();
    let text = serde_json::to_string(&report.cases).unwrap();
    for rule in [
        "client-request-count",
        "client-field",
        "client-secret-shown",
    ] {
        assert!(text.contains(rule), "no {rule}: {text}");
    }
    assert!(
        !text.contains("canary") && !text.contains("token-1"),
        "{text}"
    );
}
