use axum::http::StatusCode;

use crate::call::Call;

/// cluster-api-provider-azure's recording has these headers on a 404; so do all answers here.
#[tokio::test]
async fn every_answer_carries_the_headers_of_arm() {
    let mut unsized_post = Call::keys("/workspaces123/listKeys");
    unsized_post.headers.clear();
    for call in [
        Call::keys("/workspaces123/listKeys"),
        Call::keys("/NoWorkspace/listKeys"),
        Call::keys("/workspaces123/listKeys").anonymous(),
        unsized_post,
    ] {
        let answer = call.send().await;
        let request_id = answer.header("x-ms-request-id").unwrap();
        assert_eq!(request_id.len(), 36);
        assert_eq!(
            answer.header("x-ms-correlation-request-id"),
            Some(request_id)
        );
        let routing_request_id = answer.header("x-ms-routing-request-id").unwrap();
        assert_eq!(
            shape(routing_request_id.strip_suffix(request_id).unwrap()),
            "EASTUS:00000000T000000Z:"
        );
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("expires"), Some("-1"));
        if answer.status != StatusCode::LENGTH_REQUIRED {
            assert_eq!(
                answer.header("content-type"),
                Some("application/json; charset=utf-8")
            );
        }
    }
}

/// ARM RPC, common-api-details.md.
#[tokio::test]
async fn correlation_id_of_the_request_is_kept() {
    let correlation = "0b5a4bd3-9d0c-4a6c-8b6f-0f2e5d3c1a77";
    let call = Call::keys("/workspaces123/listKeys");
    let call = call.header("x-ms-correlation-request-id", correlation);
    let answer = call.send().await;
    assert_eq!(
        answer.header("x-ms-correlation-request-id"),
        Some(correlation)
    );
    assert_ne!(answer.header("x-ms-request-id"), Some(correlation));
}

/// ARM RPC, common-api-details.md.
#[tokio::test]
async fn client_request_id_is_echoed_only_on_request() {
    let call =
        || Call::keys("/workspaces123/listKeys").header("x-ms-client-request-id", "of-the-client");
    for (wish, echoed) in [
        (None, None),
        (Some("false"), None),
        (Some("true"), Some("of-the-client")),
    ] {
        let call = match wish {
            None => call(),
            Some(wish) => call().header("x-ms-return-client-request-id", wish),
        };
        let answer = call.send().await;
        assert_eq!(answer.header("x-ms-client-request-id"), echoed, "{wish:?}");
    }
}

/// The text with each digit as `0`.
fn shape(text: &str) -> String {
    let zero = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(zero).collect()
}
