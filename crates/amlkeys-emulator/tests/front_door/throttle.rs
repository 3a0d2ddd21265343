use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, ManualClock, Throttle};
use axum::http::{Method, StatusCode};

use crate::call::{Call, WORKSPACES};

const WRITES: &str = "x-ms-ratelimit-remaining-subscription-writes";

fn throttled_arm() -> (Arm, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let arm = Arm::builder().with_clock(clock.clone()).build();
    (arm, clock)
}

async fn empty(arm: &Arm) {
    for _ in 0..200 {
        assert_eq!(Call::to(arm).send().await.status, StatusCode::OK);
    }
}

/// Microsoft Learn, request-limits-and-throttling: a POST is a write, of which there are 200;
/// azure-powershell#9709 for the header.
#[tokio::test]
async fn answers_count_down_what_is_left() {
    let (arm, _clock) = throttled_arm();
    for left in ["199", "198", "197"] {
        let answer = Call::to(&arm).send().await;
        assert_eq!(answer.header(WRITES), Some(left));
    }
}

/// Microsoft Learn, request-limits-and-throttling: 250 reads, 200 deletes.
#[tokio::test]
async fn reads_and_deletes_are_counted_apart() {
    let (arm, _clock) = throttled_arm();
    for (method, header, left) in [
        (
            Method::GET,
            "x-ms-ratelimit-remaining-subscription-reads",
            "249",
        ),
        (
            Method::DELETE,
            "x-ms-ratelimit-remaining-subscription-deletes",
            "199",
        ),
        (Method::PUT, WRITES, "199"),
    ] {
        let mut call = Call::to(&arm);
        call.method = method;
        assert_eq!(call.send().await.header(header), Some(left));
    }
}

/// The estate's capture of 2026-09-01.
#[tokio::test]
async fn request_too_many_is_told_when_to_come_again() {
    let (arm, clock) = throttled_arm();
    empty(&arm).await;

    let answer = Call::to(&arm).send().await;
    let object_id = "99999999-aaaa-4bbb-8ccc-000000000001";
    answer.is_error(
        StatusCode::TOO_MANY_REQUESTS,
        "SubscriptionRequestsThrottled",
        &format!(
            "Number of 'write' requests for subscription '{}' actor '{object_id}' exceeded. \
             Please try again after '1' seconds.",
            arm.subscription_id()
        ),
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header(WRITES), Some("0"));

    clock.advance(Duration::from_secs(1));
    assert_eq!(Call::to(&arm).send().await.status, StatusCode::OK);
}

/// Microsoft Learn, request-limits-and-throttling: per subscription and principal.
#[tokio::test]
async fn another_subscription_is_not_throttled() {
    let (arm, _clock) = throttled_arm();
    empty(&arm).await;
    let path = format!("{WORKSPACES}/workspaces123/listKeys?api-version=2025-09-01");
    let path = path.replace(
        &arm.subscription_id(),
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    );
    assert_eq!(
        Call::post_to(&arm, &path).send().await.status,
        StatusCode::OK
    );
}

/// No row: whoever is not known is not counted, and what does not exist has no bucket.
#[tokio::test]
async fn only_known_callers_and_subscriptions_are_counted() {
    let (arm, _clock) = throttled_arm();
    let unknown = "/subscriptions/unknown?api-version=2025-09-01";
    for call in [
        Call::to(&arm).anonymous(),
        Call::to(&arm).with_token("x"),
        Call::post_to(&arm, unknown),
    ] {
        assert_eq!(call.send().await.header(WRITES), None);
    }
    let refused = Call::post_to(&arm, &format!("{WORKSPACES}/x/y?api-version=2025-09-01"));
    assert_eq!(refused.send().await.header(WRITES), Some("199"));
}

/// No row: what a test sets.
#[tokio::test]
async fn refill_can_be_set_and_throttling_turned_off() {
    for (throttle, retry_after) in [("arm", Some("1")), ("1/s", Some("1")), ("off", None)] {
        let throttle: Throttle = throttle.parse().unwrap();
        let clock = Arc::new(ManualClock::default());
        let arm = Arm::builder().with_clock(clock).with_throttle(throttle);
        let arm = arm.build();
        empty(&arm).await;
        let answer = Call::to(&arm).send().await;
        assert_eq!(answer.header("retry-after"), retry_after, "{throttle}");
    }
}
