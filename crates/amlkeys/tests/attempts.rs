//! What is sent, how often, and with which token.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use amlkeys::{ApiVersion, Clock, TokenCredential};
use amlkeys_stub::{Answer, Stub, answer, header, json};
use support::{Gate, TOKEN, TestClock, client_of, compute_id, workspace_id};

const OK: &str = r#"{"computeType":"AKS"}"#;

#[tokio::test]
async fn the_request_is_as_documented() {
    let stub = Stub::start([json("200 OK", OK)]).await;
    let client = client_of(&stub).build().unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
    client.workspaces_list_keys(&workspace_id()).await.unwrap();
    let requests = stub.requests();
    let first_lines: Vec<&str> = requests
        .iter()
        .map(|head| head.lines().next().unwrap())
        .collect();
    assert_eq!(
        first_lines,
        [
            "POST /subscriptions/sub/resourceGroups/testrg123/providers/Microsoft.MachineLearningServices/workspaces/workspaces123/computes/compute123/listKeys?api-version=2025-09-01 HTTP/1.1",
            "POST /subscriptions/sub/resourceGroups/testrg123/providers/Microsoft.MachineLearningServices/workspaces/workspaces123/listKeys?api-version=2023-10-01 HTTP/1.1",
        ]
    );
    for head in &requests {
        assert_eq!(header(head, "content-length"), Some("0"));
        assert_eq!(header(head, "accept"), Some("application/json"));
        assert_eq!(
            header(head, "authorization"),
            Some(format!("Bearer {TOKEN}").as_str())
        );
        assert_eq!(header(head, "x-ms-return-client-request-id"), Some("true"));
        assert!(header(head, "user-agent").unwrap().starts_with("amlkeys/"));
        assert_eq!(header(head, "api-version"), None);
    }
}

#[tokio::test]
async fn names_are_encoded_and_stay_in_their_segment() {
    let stub = Stub::start([json("200 OK", OK)]).await;
    let client = client_of(&stub).build().unwrap();
    for (name, sent) in [
        ("a b", "a%20b"),
        ("50%?x#y", "50%25%3Fx%23y"),
        ("%2e%2e", "%252e%252e"),
        ("...", "..."),
        ("été", "%C3%A9t%C3%A9"),
    ] {
        let id = amlkeys::ComputeId::new(workspace_id(), name).unwrap();
        client.compute_list_keys(&id).await.unwrap();
        let requests = stub.requests();
        let path = format!("/computes/{sent}/listKeys?api-version=");
        assert!(
            requests.last().unwrap().contains(&path),
            "{name}: {:?}",
            requests.last()
        );
    }
}

#[tokio::test]
async fn the_api_version_is_of_the_call_then_of_the_client_then_documented() {
    let stub = Stub::start([json("200 OK", OK)]).await;
    let unlisted = ApiVersion::unlisted("2030-01-01-preview", ApiVersion::V2025_09_01).unwrap();
    let plain = client_of(&stub).build().unwrap();
    let pinned = client_of(&stub)
        .with_api_version(ApiVersion::V2023_10_01)
        .build()
        .unwrap();
    let id = compute_id();
    plain.compute_list_keys(&id).await.unwrap();
    pinned.compute_list_keys(&id).await.unwrap();
    pinned
        .compute_list_keys(&id)
        .with_api_version(unlisted)
        .await
        .unwrap();
    let versions: Vec<String> = stub
        .requests()
        .iter()
        .map(|head| {
            head.split("api-version=")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(versions, ["2025-09-01", "2023-10-01", "2030-01-01-preview"]);
}

#[tokio::test]
async fn after_a_passing_failure_the_same_request_is_sent_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let stub = Stub::start([
            answer(&format!("{status} x"), &[], "<html>"),
            json("200 OK", OK),
        ])
        .await;
        let client = client_of(&stub).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        let requests = stub.requests();
        assert_eq!(requests.len(), 2, "{status}");
        assert!(header(&requests[0], "x-ms-client-request-id").is_some());
        assert_eq!(requests[0], requests[1], "{status}");
    }
}

#[tokio::test]
async fn a_broken_connection_is_tried_again() {
    let breaks: [&[u8]; 4] = [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"computeType\":\"A",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"com",
    ];
    for first in breaks {
        let stub = Stub::start([first.to_vec(), json("200 OK", OK)]).await;
        let client = client_of(&stub).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        assert_eq!(stub.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    drop(listener);
    let stub = Stub::start([]).await;
    let client = client_of(&stub).with_endpoint(endpoint).build().unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_connection(), "{error:?}");
    assert_eq!(error.attempts(), 4);
}

#[tokio::test]
async fn whether_to_try_again_is_decided_before_anything_is_decoded() {
    let length = "content-length: 99\r\n\r\n{";
    let broken_off = format!("HTTP/1.1 503 x\r\n{length}").into_bytes();
    for first in [json("503 x", OK), json("503 x", "{"), broken_off] {
        let stub = Stub::start([first, json("200 OK", OK)]).await;
        let client = client_of(&stub).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        assert_eq!(stub.requests().len(), 2);
    }
    let stub = Stub::start([json("200 OK", r#"{"error":{"code":"ServerBusy"}"#)]).await;
    let client = client_of(&stub).build().unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert_eq!((error.is_body(), error.attempts()), (true, 1));
}

#[tokio::test]
async fn other_failures_are_not_tried_again() {
    for status in [
        400, 403, 404, 405, 409, 411, 412, 413, 425, 428, 431, 501, 505, 507, 511,
    ] {
        let stub = Stub::start([answer(&format!("{status} x"), &[], "")]).await;
        let client = client_of(&stub).build().unwrap();
        let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
        assert_eq!((error.status(), error.attempts()), (Some(status), 1));
    }
}

#[tokio::test]
async fn the_service_decides_how_long_to_wait() {
    for (header, wait) in [
        ("retry-after: 17", Duration::from_secs(17)),
        ("retry-after-ms: 250", Duration::from_millis(250)),
        ("x-ms-retry-after-ms: 40", Duration::from_millis(40)),
        (
            "retry-after: Sun, 06 Nov 1994 08:49:40 GMT",
            Duration::from_secs(3),
        ),
        ("retry-after: Sun, 06 Nov 1994 08:49:30 GMT", Duration::ZERO),
    ] {
        let stub = Stub::start([answer("429 x", &[header], ""), json("200 OK", OK)]).await;
        let clock = Arc::new(TestClock::default());
        let client = client_of(&stub).with_clock(clock.clone()).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        assert_eq!(clock.slept(), [wait], "{header}");
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_read_is_our_own() {
    for header in [
        "retry-after: -1",
        "retry-after: soon",
        "retry-after: 1.5",
        "retry-after:",
        "retry-after: Sun, 99 Nov 1994 08:49:40 GMT",
        "retry-after-ms: -250",
        "x-ms-retry-after-ms: 0x10",
        "x-nothing: asked",
    ] {
        let stub = Stub::start([answer("429 x", &[header], ""), json("200 OK", OK)]).await;
        let clock = Arc::new(TestClock::default());
        let client = client_of(&stub).with_clock(clock.clone()).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        let slept = clock.slept();
        let ours = Duration::from_millis(800)..Duration::from_secs(2);
        assert!(
            slept.len() == 1 && ours.contains(&slept[0]),
            "{header}: {slept:?}"
        );
    }
}

#[tokio::test]
async fn attempts_end_and_the_last_answer_is_the_error() {
    let stub = Stub::start([
        answer("503 x", &["x-ms-request-id: first", "retry-after: 1"], ""),
        answer("503 x", &[], ""),
        answer(
            "429 x",
            &["x-ms-request-id: last"],
            r#"{"error":{"code":"Busy"}}"#,
        ),
    ])
    .await;
    let client = client_of(&stub).with_max_attempts(3).build().unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!((error.attempts(), error.code()), (3, Some("Busy")));
    assert_eq!(
        (error.request_id(), error.retry_after()),
        (Some("last"), None)
    );
    assert_eq!(stub.requests().len(), 3);
}

#[tokio::test]
async fn a_wait_past_the_deadline_ends_the_call_at_once() {
    let stub = Stub::start([answer("429 x", &["retry-after: 86400"], "")]).await;
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub).with_clock(clock.clone()).build().unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86400)));
    assert_eq!((error.attempts(), clock.slept().len()), (1, 0));
}

#[tokio::test]
async fn one_deadline_spans_all_attempts_and_waits() {
    struct Case {
        asks: &'static str,
        timeout: Duration,
        max_retry_after: Duration,
        waits: &'static [u64],
    }
    let seconds = Duration::from_secs;
    for case in [
        Case {
            asks: "retry-after: 50",
            timeout: seconds(120),
            max_retry_after: seconds(60),
            waits: &[50, 50],
        },
        Case {
            asks: "retry-after: 59",
            timeout: seconds(119),
            max_retry_after: seconds(60),
            waits: &[59, 59],
        },
        Case {
            asks: "retry-after: 60",
            timeout: seconds(120),
            max_retry_after: seconds(60),
            waits: &[60],
        },
        Case {
            asks: "retry-after: 61",
            timeout: Duration::MAX,
            max_retry_after: seconds(60),
            waits: &[],
        },
        Case {
            asks: "retry-after: 86400",
            timeout: Duration::MAX,
            max_retry_after: seconds(86400),
            waits: &[86400, 86400, 86400],
        },
        Case {
            asks: "retry-after: 18446744073709551615",
            timeout: seconds(u64::MAX),
            max_retry_after: Duration::MAX,
            waits: &[],
        },
        Case {
            asks: "retry-after-ms: 99999999999999999999999",
            timeout: Duration::MAX,
            max_retry_after: seconds(60),
            waits: &[],
        },
        Case {
            asks: "retry-after: 0",
            timeout: seconds(1),
            max_retry_after: Duration::ZERO,
            waits: &[0, 0, 0],
        },
    ] {
        let stub = Stub::script([Answer::kept("503 x", &[case.asks], "")]).await;
        let clock = Arc::new(TestClock::default());
        let client = client_of(&stub)
            .with_clock(clock.clone())
            .with_timeout(case.timeout)
            .with_max_retry_after(case.max_retry_after)
            .build()
            .unwrap();
        // The deadline is the call's, so that the second call has its own.
        for _ in 0..2 {
            let before = clock.slept().len();
            let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
            let waits: Vec<u64> = clock.slept()[before..]
                .iter()
                .map(Duration::as_secs)
                .collect();
            assert_eq!(waits, case.waits, "{}", case.asks);
            assert_eq!(
                error.attempts() as usize,
                case.waits.len() + 1,
                "{}",
                case.asks
            );
        }
    }
}

#[tokio::test]
async fn no_limit_is_too_large() {
    let stub = Stub::start([json("200 OK", OK)]).await;
    let client = client_of(&stub)
        .with_timeout(Duration::MAX)
        .with_attempt_timeout(Duration::MAX)
        .build()
        .unwrap();
    client.compute_list_keys(&compute_id()).await.unwrap();
}

#[tokio::test]
async fn the_limits_that_nobody_sets_are_finite() {
    for (asks, waits) in [
        ("retry-after: 0", &[0, 0, 0][..]),
        ("retry-after: 59", &[59, 59]),
        ("retry-after: 60", &[60]),
        ("retry-after: 61", &[]),
    ] {
        let stub = Stub::script([Answer::kept("503 x", &[asks], "")]).await;
        let clock = Arc::new(TestClock::default());
        let client = client_of(&stub).with_clock(clock.clone()).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap_err();
        let waited: Vec<u64> = clock.slept().iter().map(Duration::as_secs).collect();
        assert_eq!(waited, waits, "{asks}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stub = Stub::start([]).await;
    let client = client_of(&stub)
        .with_endpoint(format!("https://{}", listener.local_addr().unwrap()))
        .with_max_attempts(2)
        .build()
        .unwrap();
    let started = tokio::time::Instant::now();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.attempts(), 2);
    assert_eq!(started.elapsed().as_secs(), 120, "60 seconds each");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_never_answers_is_given_up_at_the_deadline() {
    let stub = Stub::start([]).await;
    let (gate, _never) = Gate::new();
    let client = client_of(&stub)
        .with_credential(gate.clone())
        .with_timeout(Duration::from_secs(7))
        .build()
        .unwrap();
    drop(gate.get_token(&[], None).await);
    let started = tokio::time::Instant::now();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!((error.attempts(), started.elapsed().as_secs()), (0, 7));
}

#[tokio::test]
async fn a_paced_client_waits_for_what_is_announced() {
    const LEFT: &str = "x-ms-ratelimit-remaining-subscription-writes";
    let left = |left| answer("200 OK", &[&format!("{LEFT}: {left}")], OK);
    let refused = answer("429 x", &["retry-after: 7"], "{}");
    let stub = Stub::start([left(100), left(3), left(4), refused, left(50), left(49)]).await;
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub).with_clock(clock.clone()).with_pacing();
    let client = client.build().unwrap();
    let mut waited = Duration::ZERO;
    let mut waits = Vec::new();
    for _ in 0..5 {
        client.compute_list_keys(&compute_id()).await.unwrap();
        waits.push((clock.elapsed() - waited).as_millis());
        waited = clock.elapsed();
    }
    // At 10 a second, up to the reserve of 5 and itself; then as was asked for.
    assert_eq!(waits, [0, 0, 300, 7200, 0]);
    assert_eq!(stub.requests().len(), 6);
}

#[tokio::test]
async fn waiting_for_a_turn_is_not_part_of_the_timeout() {
    let refused = answer("429 x", &["retry-after: 60"], "{}");
    let stub = Stub::start([refused, json("200 OK", OK)]).await;
    let clock = Arc::new(TestClock::default());
    let client = client_of(&stub).with_clock(clock.clone()).with_pacing();
    let client = client.with_timeout(Duration::from_secs(1)).build().unwrap();
    let first = client.compute_list_keys(&compute_id()).await;
    assert!(first.unwrap_err().is_throttled());
    client.compute_list_keys(&compute_id()).await.unwrap();
    assert_eq!(clock.elapsed(), Duration::from_secs(60));
}
