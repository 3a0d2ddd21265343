//! The access log. One test and no other: tracing decides once per process whether an event is
//! wanted, and a test beside it without a subscriber would decide that it is not.

use std::io;
use std::sync::{Arc, Mutex};

use amlkeys_emulator::Arm;
use axum::body::Body;
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
    let path = format!(
        "/subscriptions/{}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/fullworkspace/listKeys",
        arm.subscription_id()
    );
    let request = Request::post(format!("{path}?api-version=2025-09-01&sig=canary-query"))
        .header("authorization", format!("Bearer {}", arm.token()))
        .header("content-length", "11")
        .body(Body::from("canary-body"))
        .unwrap();
    let response = arm.router().oneshot(request).await.unwrap();
    let request_id = response.headers()["x-ms-request-id"].to_str().unwrap();

    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    for told in ["POST", &path, "2025-09-01", "200", request_id] {
        assert!(log.contains(told), "no {told} in {log}");
    }
    for secret in [
        arm.token(),
        "canary-query",
        "canary-body",
        "invented-storage-key",
    ] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
