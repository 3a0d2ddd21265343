//! The access log. One test and no other: tracing decides once per process whether an event is
//! wanted, and a test beside it without a subscriber would decide that it is not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::sync::{Arc, Mutex};

use amlkeys_emulator::Arm;
use axum::body::{Body, Bytes};
use axum::http::Request;
use tower::ServiceExt;

#[tokio::test]
async fn access_log_tells_requests_apart_and_holds_no_secret() {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let arm = Arm::documented();

    let token = arm.token();
    let path = format!(
        "/subscriptions/{}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/fullworkspace/listKeys",
        arm.subscription_id()
    );
    let path_and_query = format!("{path}?api-version=2025-09-01&sig=canary-query");
    let authorization = format!("Bearer {token}");
    let (request_id, _) = post(&arm, &path_and_query, &authorization, "canary-body").await;
    let told = written.take();
    let object_id = "99999999-aaaa-4bbb-8ccc-000000000001";
    for fact in [
        "POST",
        &path,
        "2025-09-01",
        "status=200",
        "remaining=199",
        "duration=",
        &request_id,
        object_id,
    ] {
        assert!(told.contains(fact), "no {fact} in {told}");
    }
    for secret in [&token, "canary-query", "canary-body", "invented-storage"] {
        assert!(!told.contains(secret), "{told}");
    }

    let tenant = "99999999-aaaa-4bbb-8ccc-dddddddddddd";
    let client_id = "99999999-aaaa-4bbb-8ccc-000000000002";
    for (secret, outcome) in [
        ("invented-client-secret", "issued"),
        ("canary-wrong-secret", "AADSTS7000215"),
    ] {
        let form = format!(
            "grant_type=client_credentials&client_id={client_id}&client_secret={secret}\
             &scope=https%3A%2F%2Fmanagement.azure.com%2F.default&claims=canary-claims"
        );
        let path = format!("/{tenant}/oauth2/v2.0/token?canary-query");
        let (request_id, body) = post(&arm, &path, "Basic Y2FuYXJ5OmJhc2lj", &form).await;
        let told = written.take();
        for fact in [tenant, client_id, outcome, &request_id] {
            assert!(told.contains(fact), "no {fact} in {told}");
        }
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let token = body["access_token"].as_str().unwrap_or("no token");
        for secret in [secret, token, "canary-query", "canary-claims", "Y2FuYXJ5"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

/// The answer's request id and body.
async fn post(arm: &Arm, path_and_query: &str, authorization: &str, body: &str) -> (String, Bytes) {
    let request = Request::post(path_and_query)
        .header("authorization", authorization)
        .header("content-length", body.len())
        .body(Body::from(body.to_owned()));
    let request = request.expect("the test's request is well-formed");
    let response = arm.router().oneshot(request).await;
    let (head, body) = response.expect("a router does not fail").into_parts();
    let request_id = head.headers["x-ms-request-id"].to_str();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    (
        request_id.expect("a GUID").to_owned(),
        body.expect("the body is in memory"),
    )
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// What was written since the last look.
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no panic"));
        String::from_utf8(bytes).expect("a log is text")
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
