//! What goes wrong on purpose: each kind of fault, and which requests meet it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Clock, Fault, FaultRule, ManualClock, Reset, State};
use axum::http::StatusCode;

use support::{Answer, keys, post};

const AKS: &str = "testrg123/workspaces123/aks";
const FULL: &str = "testrg123/fullworkspace";

/// The answer of an arm in which everything meets the fault.
async fn met(fault: Fault) -> Answer {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(fault));
    keys(&arm, AKS).await
}

async fn undisturbed() -> Answer {
    keys(&Arm::documented(), AKS).await
}

#[tokio::test]
async fn status_is_an_error_of_arm() {
    let answer = met(Fault::status(503).with_retry_after(Duration::from_secs(2))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["error"]["code"], "ServiceUnavailable");
    assert_eq!(answer.headers["retry-after"], "2");
    assert!(answer.headers.contains_key("x-ms-request-id"));
    assert_eq!(
        answer.headers["content-type"],
        "application/json; charset=utf-8"
    );

    let fault = Fault::status(409).with_code("Conflicted");
    let fault = fault.with_message("invented").with_header("X-More", "1");
    let answer = met(fault).await;
    assert_eq!(
        answer.text(),
        r#"{"error":{"code":"Conflicted","message":"invented"}}"#
    );
    assert_eq!(answer.headers["x-more"], "1");

    let answer = met(Fault::status(500).with_body("not JSON")).await;
    assert_eq!(answer.text(), "not JSON");
}

#[tokio::test]
async fn html_is_that_of_a_gateway() {
    let answer = met(Fault::html(502)).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.text().starts_with("<html>"), "{}", answer.text());
    let content_type = answer.headers["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("text/html"), "{content_type}");
}

#[tokio::test]
async fn redirect_leads_elsewhere() {
    for status in [302, 307] {
        let answer = met(Fault::redirect(status, "https://other.invalid/")).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["location"], "https://other.invalid/");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn content_type_changes_and_the_body_stays() {
    let answer = met(Fault::content_type("text/plain")).await;
    assert_eq!(answer.headers["content-type"], "text/plain");
    assert_eq!(answer.body, undisturbed().await.body);
}

#[tokio::test]
async fn truncated_body_is_shorter_than_announced() {
    let whole = undisturbed().await.body;
    let answer = met(Fault::truncated(10)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-length"], whole.len().to_string());
    assert_eq!(answer.body, whole[..10]);
    assert!(!answer.is_whole);
}

#[tokio::test]
async fn reset_leaves_nothing_or_a_part() {
    let answer = met(Fault::reset(Reset::BeforeHead)).await;
    assert!(!answer.is_whole && answer.body.is_empty());
    let whole = undisturbed().await.body;
    let answer = met(Fault::reset(Reset::InBody)).await;
    assert!(!answer.is_whole);
    assert_eq!(answer.body, whole[..whole.len() / 2]);
}

#[tokio::test]
async fn huge_body_is_json_of_the_asked_size() {
    for size in [18, 19, 1000, 200_000] {
        let answer = met(Fault::huge_body(size)).await;
        assert_eq!(answer.body.len() as u64, size);
        assert!(answer.is_whole && answer.json()["computeType"].is_string());
    }
}

#[tokio::test]
async fn hang_never_answers() {
    let mut answer = Box::pin(met(Fault::hang()));
    assert!(is_pending(&mut answer).await);
}

#[tokio::test]
async fn delay_holds_the_answer_back_and_goes_on_to_the_next_rule() {
    let (arm, clock) = slow(&[2, 3]);
    arm.add_fault(FaultRule::new(Fault::status(503)));
    let mut answer = Box::pin(keys(&arm, AKS));
    assert!(is_pending(&mut answer).await);
    clock.advance(Duration::from_secs(4));
    assert!(is_pending(&mut answer).await);
    clock.advance(Duration::from_secs(1));
    assert_eq!(answer.await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// ARM RPC, common-api-details.md: a resource provider must answer within 60 s.
#[tokio::test]
async fn provider_that_takes_a_minute_is_a_gateway_timeout() {
    for (delays, status) in [
        (&[59][..], StatusCode::OK),
        (&[60], StatusCode::GATEWAY_TIMEOUT),
        (&[30, 30_000], StatusCode::GATEWAY_TIMEOUT),
    ] {
        let (arm, clock) = slow(delays);
        let mut answer = Box::pin(keys(&arm, AKS));
        assert!(is_pending(&mut answer).await);
        clock.advance(Duration::from_secs(60));
        let answer = answer.await;
        assert_eq!(answer.status, status, "{delays:?}");
        if status == StatusCode::GATEWAY_TIMEOUT {
            assert_eq!(answer.json()["error"]["code"], "GatewayTimeout");
        }
    }
}

#[tokio::test]
async fn rules_are_chosen_by_operation_name_and_hits() {
    let arm = Arm::documented();
    arm.add_fault(
        FaultRule::new(Fault::status(500))
            .with_operation("Compute_ListKeys")
            .with_resource("AK*")
            .with_hits(2..=3),
    );
    let mut seen = Vec::new();
    for resource in [
        FULL,
        AKS,
        AKS,
        "testrg123/workspaces123/databricks",
        AKS,
        AKS,
    ] {
        seen.push(keys(&arm, resource).await.status.as_u16());
    }
    assert_eq!(seen, [200, 200, 500, 200, 500, 200]);

    arm.clear_faults();
    arm.add_fault(FaultRule::new(Fault::status(500)).with_operation("Workspaces_ListKeys"));
    assert_eq!(keys(&arm, FULL).await.status, 500);
    assert_eq!(keys(&arm, AKS).await.status, 200);
}

#[tokio::test]
async fn the_first_rule_that_answers_wins_and_the_others_are_not_hit() {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(Fault::status(500)).with_hits(..=1));
    arm.add_fault(FaultRule::new(Fault::status(503)).with_hits(..=1));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(keys(&arm, AKS).await.status.as_u16());
    }
    assert_eq!(seen, [500, 503, 200]);
}

#[tokio::test]
async fn request_that_http_refuses_meets_no_fault() {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(Fault::status(503)));
    let request = axum::http::Request::post("/").body(axum::body::Body::empty());
    let answer = tower::ServiceExt::oneshot(arm.router(), request.unwrap()).await;
    assert_eq!(answer.unwrap().status(), StatusCode::LENGTH_REQUIRED);
}

#[tokio::test]
async fn faults_come_from_the_state_and_count_anew_with_it() {
    let state = || {
        State::parse(&format!(
            "{}\n- operation: Compute_ListKeys\n  resource: aks\n  hits: 1\n  fault: {{ status: 503, retryAfter: 2 }}\n",
            State::DOCUMENTED.replace("faults: []", "faults:")
        ))
        .unwrap()
    };
    let arm = Arm::builder().with_state(state()).build();
    for _ in 0..2 {
        let first = keys(&arm, AKS).await;
        assert_eq!(
            (first.status, &first.headers["retry-after"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"2".parse().unwrap())
        );
        assert_eq!(keys(&arm, AKS).await.status, StatusCode::OK);
        arm.set_state(state());
    }
    arm.clear_faults();
    assert_eq!(keys(&arm, AKS).await.status, StatusCode::OK);
}

#[tokio::test]
async fn fault_meets_any_path_of_arm() {
    let arm = Arm::documented();
    arm.add_fault(FaultRule::new(Fault::status(503)));
    assert_eq!(post(&arm, "/subscriptions/unknown").await.status, 503);
}

#[test]
fn debug_shows_no_body() {
    let fault = Fault::status(500)
        .with_body("canary")
        .with_header("a", "canary");
    let rule = FaultRule::new(fault);
    assert!(!format!("{rule:?}").contains("canary"), "{rule:?}");
}

fn slow(delays: &[u64]) -> (Arm, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let arm = Arm::builder()
        .with_clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build();
    for delay in delays {
        arm.add_fault(FaultRule::new(Fault::delay(Duration::from_secs(*delay))));
    }
    (arm, clock)
}

/// Whether the future has nothing more to do until something happens.
async fn is_pending<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
    for _ in 0..10 {
        tokio::select! {
            biased;
            _ = &mut *future => return false,
            () = tokio::task::yield_now() => {}
        }
    }
    true
}
