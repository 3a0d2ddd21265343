//! The emulator in the role of a server: every case.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use amlkeys_conformance::{Fixture, Level, Report, ServerCheck, Verdict};
use amlkeys_emulator::Emulator;

async fn checked(fixture: Fixture) -> (Report, Emulator) {
    let emulator = Emulator::start().await.unwrap();
    let check = ServerCheck::new(emulator.endpoint(), emulator.token()).unwrap();
    let check = check.with_ca_pem(emulator.ca_pem().as_bytes()).unwrap();
    let report = check.with_fixture(fixture).run(|_| {}).await;
    (report, emulator)
}

fn told(report: &Report) -> String {
    let findings = report.cases.iter().flat_map(|case| {
        let findings = case.findings.iter();
        findings.map(move |finding| format!("{}: {finding}\n", case.id))
    });
    findings.collect()
}

#[tokio::test]
async fn the_emulator_passes_every_case() {
    let fixture = Fixture::parse(include_str!("../fixtures/emulator.json")).unwrap();
    let (report, _emulator) = checked(fixture).await;
    let must = report.findings().filter(|it| it.level == Level::Must);
    assert_eq!(must.count(), 0, "{}", told(&report));
    assert!(report.is_success());
    let skipped: Vec<&str> = report
        .cases
        .iter()
        .filter(|case| case.verdict == Verdict::Skipped)
        .map(|case| case.id.split('[').next().unwrap())
        .collect();
    assert!(
        skipped
            .iter()
            .all(|id| *id == "server/throttling/too-many-requests"),
        "{skipped:?}"
    );
}

#[tokio::test]
async fn the_documented_examples_are_fixture_enough() {
    let (report, _emulator) = checked(Fixture::documented()).await;
    assert!(report.is_success(), "{}", told(&report));
    assert!(report.summary.passed > 100, "{:?}", report.summary);
}

#[tokio::test]
async fn no_report_holds_the_token_or_a_key() {
    let (mut report, emulator) = checked(Fixture::documented()).await;
    report.cases.retain(|case| !case.exchanges.is_empty());
    assert!(!report.cases.is_empty(), "nothing to look at");
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains(emulator.token()));
    assert!(!text.contains("0KARRQoQHSUq1yViPWg7YFernOS"));
    assert!(!text.contains("user kube config"));
}
