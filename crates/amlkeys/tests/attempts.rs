//! What is sent, how often, and with which token.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use amlkeys::{ApiVersion, Client};
use amlkeys_stub::{Stub, answer, header, json};
use support::{TOKEN, TestClock, Tokens, client_of, compute_id, everything, workspace_id};

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
async fn a_passing_failure_is_tried_again_with_the_same_client_request_id() {
    for status in [408, 429, 500, 502, 503, 504] {
        let stub = Stub::start([
            answer(&format!("{status} x"), &[], "<html>"),
            json("200 OK", OK),
        ])
        .await;
        let client = client_of(&stub).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        let requests = stub.requests();
        let ids: Vec<_> = requests
            .iter()
            .map(|it| header(it, "x-ms-client-request-id"))
            .collect();
        assert_eq!(ids.len(), 2, "{status}");
        assert!(ids[0].is_some() && ids[0] == ids[1], "{ids:?}");
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
async fn other_failures_are_not_tried_again() {
    for status in [400, 403, 404, 405, 409, 411, 501, 505] {
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
    ] {
        let stub = Stub::start([answer("429 x", &[header], ""), json("200 OK", OK)]).await;
        let clock = Arc::new(TestClock::default());
        let client = client_of(&stub).with_clock(clock.clone()).build().unwrap();
        client.compute_list_keys(&compute_id()).await.unwrap();
        assert_eq!(clock.slept(), [wait], "{header}");
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
async fn a_server_that_never_answers_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stub = Stub::start([]).await;
    let client = client_of(&stub)
        .with_endpoint(format!("https://{}", listener.local_addr().unwrap()))
        .with_attempt_timeout(Duration::from_millis(50))
        .with_max_attempts(2)
        .build()
        .unwrap();
    let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.attempts(), 2);
}
