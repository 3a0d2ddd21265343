//! Role `client`: ours passes every case, and a client that misbehaves is found out.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../adapters/rust/adapter.rs"]
mod adapter;
mod support;

use std::time::Duration;

use amlkeys_conformance::{ClientCheck, KnownFailures, Report, Verdict};
use serde_json::{Value, json};
use support::Deviations;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, ReadHalf,
    WriteHalf,
};

fn ours() -> ClientCheck {
    let connect = || {
        let (suite, end) = tokio::io::duplex(1 << 20);
        serve(end);
        suite
    };
    ClientCheck::of_connection("amlkeys", Box::new(connect))
}

/// Ours, with one text in the place of another in all that goes to and fro.
fn tampered(from: &'static str, to: &'static str) -> ClientCheck {
    let connect = move || {
        let (suite, end) = tokio::io::duplex(1 << 20);
        let (adapter, inner) = tokio::io::duplex(1 << 20);
        serve(inner);
        let (from_suite, to_suite) = tokio::io::split(end);
        let (from_adapter, to_adapter) = tokio::io::split(adapter);
        tokio::spawn(relay(from_suite, to_adapter, from, to));
        tokio::spawn(relay(from_adapter, to_suite, from, to));
        suite
    };
    ClientCheck::of_connection("tampered", Box::new(connect))
}

/// On a thread of its own, as the program of the adapter has: time goes by between its calls
/// only when all that they have started has had its turn.
fn serve(end: DuplexStream) {
    std::thread::spawn(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let (reader, writer) = tokio::io::split(end);
        let served = adapter::serve(reader, writer);
        runtime
            .enable_all()
            .build()
            .unwrap()
            .block_on(served)
            .unwrap();
    });
}

async fn relay<S>(source: ReadHalf<S>, mut sink: WriteHalf<S>, from: &str, to: &str)
where
    S: AsyncRead + AsyncWrite,
{
    let mut lines = BufReader::new(source).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let line = line.replace(from, to) + "\n";
        sink.write_all(line.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_client_does_wrong_is_found_by_its_rule() {
    let wrong = [
        (
            "client-field",
            "workspace/all-keys",
            "canary-storage",
            "canary-other",
        ),
        (
            "client-variant",
            "compute-type/aks",
            r#""typed":true"#,
            r#""typed":false"#,
        ),
        (
            "client-error",
            "errors/not-found",
            r#""class":"not_found""#,
            r#""class":"other""#,
        ),
        (
            "client-outcome",
            "errors/not-found",
            r#""error":{"#,
            r#""other":{"#,
        ),
        (
            "client-waits",
            "retry-after/seconds",
            r#""waits":[7.0"#,
            r#""waits":[9.0"#,
        ),
        (
            "client-tokens",
            "tokens/cached",
            r#"s":[{"scopes""#,
            r#"s":[{},{"scopes""#,
        ),
        (
            "client-claims",
            "claims/met",
            r#""claims":""#,
            r#""other":""#,
        ),
        (
            "client-query",
            "workspace/all-keys",
            r#""api_version":"20"#,
            r#""api_version":"19"#,
        ),
        (
            "client-path",
            "workspace/all-keys",
            r#""workspaces123""#,
            r#""another""#,
        ),
        (
            "client-attempts",
            "give-up/unavailable",
            r#""attempts":3"#,
            r#""attempts":2"#,
        ),
        (
            "client-request-count",
            "give-up/unavailable",
            r#""attempts":3"#,
            r#""attempts":4"#,
        ),
        (
            "client-secret-shown",
            "workspace/all-keys",
            r#""debug":""#,
            r#""debug":"token-1"#,
        ),
        (
            "client-authorization",
            "workspace/all-keys",
            "token-1",
            "token-2",
        ),
    ];
    for (rule, case, from, to) in wrong {
        let check = tampered(from, to).with_filter(format!("client/{case}"));
        let report = check.run(|_| {}).await.unwrap();
        let mut findings = report.findings();
        assert!(
            findings.any(|it| it.rule.id() == rule),
            "{rule}: {:?}",
            failures(&report)
        );
        let found = serde_json::to_string(&report.cases).unwrap();
        assert!(
            !found.contains("canary") && !found.contains("token-"),
            "{found}"
        );
    }
}

fn failures(report: &Report) -> Vec<String> {
    let cases = report.cases.iter();
    let cases =
        cases.filter(|case| !matches!(case.verdict, Verdict::Passed | Verdict::KnownFailure));
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
    let ours = ours().with_known_failures(lossy_examples());
    let report = ours.with_jobs(8).run(|_| {}).await.unwrap();
    let failures = failures(&report);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(report.summary.passed > 0);
}

/// The documented examples that hold what the client does not carry: `known-deviations.json`.
fn lossy_examples() -> KnownFailures {
    let deviations = Deviations::read().unwrap();
    let lossy = deviations.examples();
    let lossy = lossy.filter(|name| !deviations.not_carried(name).is_empty());
    let cases = lossy.map(|name| {
        let [api_version, operation, file] = *name.split('/').collect::<Vec<_>>() else {
            panic!("{name} is no example");
        };
        let case = match operation {
            "Compute_ListKeys" => "compute",
            _ => "workspace",
        };
        let case = format!("client/documented/{case}[{api_version} {file}]");
        json!({ "case": case, "reason": "known-deviations.json" })
    });
    KnownFailures::parse(&Value::Array(cases.collect()).to_string()).unwrap()
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
