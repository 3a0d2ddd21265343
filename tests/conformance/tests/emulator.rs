//! The emulator in the role of a server: every case.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use amlkeys_conformance::{Fixture, Level, Report, ServerCheck, Verdict, api_versions};
use amlkeys_emulator::{Arm, Emulator, Throttle};
use support::Deviations;

async fn checked(fixture: Fixture) -> (Report, Emulator) {
    // Cases are many and come at once, which is what ARM throttles.
    let arm = Arm::builder().with_throttle(Throttle::off()).build();
    let emulator = Emulator::builder().with_arm(arm).start().await.unwrap();
    let check = ServerCheck::new(emulator.endpoint(), emulator.token()).unwrap();
    let check = check.with_ca_pem(emulator.ca_pem().as_bytes()).unwrap();
    let report = check.with_fixture(fixture).run(|_| {}).await;
    (report, emulator)
}

/// What fails, but for what a documented example, which the emulator answers byte for byte, is
/// known to do wrong: `known-deviations.json`.
fn failures(report: &Report) -> Vec<String> {
    let deviations = Deviations::read().unwrap();
    let is_known = |place: &str| {
        deviations.examples().any(|example| {
            deviations.covers(example, place) || deviations.not_carried(example).contains(&place)
        })
    };
    let mut failures = Vec::new();
    for case in &report.cases {
        let findings = case.findings.iter();
        let findings = findings.filter(|it| it.level == Level::Must);
        let findings = findings.filter(|it| !is_known(&it.at.to_string()));
        failures.extend(findings.map(|finding| format!("{}: {finding}", case.id)));
    }
    failures
}

#[tokio::test]
async fn the_emulator_passes_every_case() {
    let fixture = Fixture::parse(include_str!("../fixtures/emulator.json")).unwrap();
    let (report, _emulator) = checked(fixture).await;
    assert_eq!(failures(&report), Vec::<String>::new());
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
    assert_eq!(failures(&report), Vec::<String>::new());
    assert!(report.summary.passed > 100, "{:?}", report.summary);
}

#[tokio::test]
async fn a_throttle_that_is_promised_is_found() {
    for (throttle, is_success) in [(Throttle::arm(), true), (Throttle::off(), false)] {
        let arm = Arm::builder().with_throttle(throttle).build();
        let emulator = Emulator::builder().with_arm(arm).start().await.unwrap();
        let mut fixture = Fixture::documented();
        fixture.throttled_within = Some(300);
        fixture.api_versions = api_versions().last().map(|it| vec![(*it).to_owned()]);
        let token = emulator.token().to_string();
        let check = ServerCheck::new(emulator.endpoint(), token).unwrap();
        let check = check.with_ca_pem(emulator.ca_pem().as_bytes()).unwrap();
        let check = check.with_fixture(fixture).with_filter("too-many-requests");
        let report = check.run(|_| {}).await;
        assert_eq!(report.is_success(), is_success, "{report}");
    }
}

/// Everything is promised to be otherwise, so that there is something to report.
#[tokio::test]
async fn no_report_holds_the_token_or_a_key() {
    let mut fixture = Fixture::documented();
    for resource in &mut fixture.resources {
        resource.answers = Some(serde_json::json!({
            "computeType": "Databricks", "userStorageKey": "canary", "userKubeConfig": "canary",
        }));
    }
    let (report, emulator) = checked(fixture).await;
    assert!(report.cases.iter().any(|case| !case.exchanges.is_empty()));
    let text = format!("{}{report}", serde_json::to_string(&report).unwrap());
    let token = emulator.token().to_string();
    for secret in [
        token.as_str(),
        "0KARRQoQHSUq1yViPWg7YFernOS",
        "user kube config",
        "canary",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}
