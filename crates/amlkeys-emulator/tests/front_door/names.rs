use axum::http::StatusCode;

use crate::call::{Call, WORKSPACES};

/// ARM RPC, common-api-details.md: names of the URL compare without regard to case.
#[tokio::test]
async fn case_does_not_matter() {
    let path = format!("{WORKSPACES}/workspaces123/computes/compute123/listKeys");
    for path in [path.to_lowercase(), path.to_uppercase()] {
        let call = Call::post(&format!("{path}?API-Version=2025-09-01"));
        let answer = call.send().await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.json()["computeType"], "AKS", "{path}");
    }
}

/// JSON itself (RFC 8259, section 7).
#[tokio::test]
async fn names_are_escaped_in_messages() {
    let call = Call::keys("/%22w%5C%2F%0A/computes/c/listKeys");
    call.send().await.is_error(
        StatusCode::NOT_FOUND,
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. Parent resource '\"w\\/\n' not \
         found.",
    );
}

/// No row: what is sure is that such a path names nothing.
#[tokio::test]
async fn path_that_is_not_utf_8_is_a_bad_request() {
    let answer = Call::keys("/%FF/listKeys").send().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
