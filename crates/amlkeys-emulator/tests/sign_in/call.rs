use amlkeys_emulator::Arm;
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const TENANT: &str = "99999999-aaaa-4bbb-8ccc-dddddddddddd";
pub(crate) const CLIENT_ID: &str = "99999999-aaaa-4bbb-8ccc-000000000002";
pub(crate) const OBJECT_ID: &str = "99999999-aaaa-4bbb-8ccc-000000000001";
pub(crate) const SECRET: &str = "invented-client-secret";
pub(crate) const HOST: &str = "arm.test:8443";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) async fn get(arm: &Arm, path_and_query: &str) -> Answer {
    send(arm, Request::get(path_and_query), String::new()).await
}

pub(crate) async fn send(arm: &Arm, request: Builder, body: String) -> Answer {
    let request = request.header("host", HOST).body(Body::from(body));
    let request = request.expect("the test's request is well-formed");
    let response = arm.router().oneshot(request).await;
    let (head, body) = response.expect("a router does not fail").into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let body = body.expect("the body is in memory");
    Answer {
        status: head.status,
        headers: head.headers,
        body: serde_json::from_slice(&body).expect("the answer is JSON"),
    }
}

/// Whether ARM takes the token of this answer.
pub(crate) async fn is_accepted(arm: &Arm, answer: &Answer) -> bool {
    let token = answer.body["access_token"].as_str().expect("a token");
    let path = format!(
        "/subscriptions/{}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/workspaces123/listKeys\
         ?api-version=2025-09-01",
        arm.subscription_id()
    );
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-length", "0");
    send(arm, request, String::new()).await.status == StatusCode::OK
}
