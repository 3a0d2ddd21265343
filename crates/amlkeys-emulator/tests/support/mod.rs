//! What several of the tests need.
#![allow(dead_code, reason = "no test needs all of it")]

use amlkeys_emulator::Arm;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt;

/// An answer whose body has been read, as far as it came.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end.
    pub(crate) is_whole: bool,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// The path of a resource in the arm's first subscription: `group/workspace` or
/// `group/workspace/compute`.
pub(crate) fn list_keys(arm: &Arm, resource: &str, api_version: &str) -> String {
    let mut names = resource.split('/');
    let mut next = || names.next();
    let (group, workspace) = (next().expect("a group"), next().expect("a workspace"));
    let compute = next().map(|compute| format!("/computes/{compute}"));
    format!(
        "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/\
         workspaces/{workspace}{}/listKeys?api-version={api_version}",
        arm.subscription_id(),
        compute.unwrap_or_default()
    )
}

pub(crate) async fn keys(arm: &Arm, resource: &str) -> Answer {
    post(arm, &list_keys(arm, resource, "2025-09-01")).await
}

pub(crate) async fn post(arm: &Arm, path: &str) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", arm.token()))
        .header("content-length", "0")
        .body(Body::empty())
        .expect("the test's request is well-formed");
    let response = arm.router().oneshot(request).await;
    let (head, mut rest) = response.expect("a router does not fail").into_parts();
    let mut body = Vec::new();
    let is_whole = loop {
        match http_body_util::BodyExt::frame(&mut rest).await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => body.extend(frame.into_data().unwrap_or_default()),
        }
    };
    Answer {
        status: head.status,
        headers: head.headers,
        body,
        is_whole,
    }
}
