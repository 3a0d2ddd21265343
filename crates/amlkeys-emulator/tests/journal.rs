//! What is recorded of a request, and what never is.

use amlkeys_emulator::{Arm, Authorization};
use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt;

#[tokio::test]
async fn token_is_in_no_debug_output_and_in_no_journal() {
    let arm = Arm::documented();
    let token = arm.token();
    post(&arm, |request| {
        request
            .header("authorization", format!("Bearer {token}"))
            .header("x-ms-authorization-auxiliary", "Bearer canary-token")
            .header("proxy-authorization", "Basic canary-token")
            .header("cookie", "canary-token")
    })
    .await;
    post(&arm, |request| {
        request.header("authorization", "canary-token")
    })
    .await;
    post(&arm, |request| request).await;

    let requests = arm.requests();
    let worth: Vec<_> = requests
        .iter()
        .map(|request| request.authorization())
        .collect();
    assert_eq!(
        worth,
        [
            Authorization::Accepted,
            Authorization::Refused,
            Authorization::Missing
        ]
    );
    assert_eq!(requests[0].header("Authorization"), Some("[not kept]"));
    let debug = format!("{arm:?} {requests:?}");
    assert!(!debug.contains(&token), "{debug}");
    assert!(!debug.contains("canary-token"), "{debug}");
    assert!(!debug.contains("invented-client-secret"), "{debug}");
}

#[tokio::test]
async fn request_is_recorded_as_it_was_sent() {
    let arm = Arm::documented();
    post(&arm, |request| {
        request
            .uri("/Subscriptions/%41?b=%42&api-version=X")
            .header("X-Upper", "Value")
    })
    .await;

    let [request] = &arm.requests()[..] else {
        panic!("one request was sent");
    };
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.path_and_query(),
        "/Subscriptions/%41?b=%42&api-version=X"
    );
    let mut headers: Vec<_> = request.headers().collect();
    headers.sort_unstable();
    assert_eq!(headers, [("content-length", "11"), ("x-upper", "Value")]);
    assert_eq!(request.body_length(), "canary-body".len());
}

async fn post(
    arm: &Arm,
    and: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder,
) {
    let request = Request::post("/").header("content-length", "11");
    let request = and(request).body(Body::from("canary-body"));
    let request = request.expect("the test's request is well-formed");
    let answered = arm.router().oneshot(request).await;
    answered.expect("a router does not fail");
}
