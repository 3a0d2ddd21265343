use axum::http::{Method, StatusCode};

use crate::call::Call;

/// Azure/azure-powershell#9709, #4247. The code is the one of another resource provider (SQL).
#[tokio::test]
async fn another_method_is_not_allowed() {
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let mut call = Call::keys("/workspaces123/listKeys");
        call.method = method.clone();
        let answer = call.send().await;
        answer.is_error(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            &format!("The requested resource does not support http method '{method}'."),
        );
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}

/// Azure/azure-sdk-for-rust#166.
#[tokio::test]
async fn post_without_a_length_is_answered_by_the_http_layer() {
    let mut call = Call::keys("/workspaces123/listKeys").anonymous();
    call.headers.retain(|(name, _)| *name != "content-length");
    let answer = call.send().await;
    assert_eq!(answer.status, StatusCode::LENGTH_REQUIRED);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=us-ascii")
    );
    assert_eq!(
        answer.body,
        "<BODY><h2>Length Required</h2>\r\n<hr><p>HTTP Error 411. The request must be chunked or \
         have a content length.</p>\r\n</BODY>"
    );
}

/// Azure/azure-sdk-for-rust#166: "must be chunked or have a content length".
#[tokio::test]
async fn chunked_post_needs_no_length() {
    let mut call = Call::keys("/workspaces123/listKeys").header("transfer-encoding", "chunked");
    call.headers.retain(|(name, _)| *name != "content-length");
    assert_eq!(call.send().await.status, StatusCode::OK);
}

/// No row: the limit is the emulator's own.
#[tokio::test]
async fn body_over_one_mebibyte_is_refused() {
    let mut call = Call::keys("/workspaces123/listKeys");
    call.body = vec![b' '; 1024 * 1024];
    assert_eq!(call.send().await.status, StatusCode::OK);

    let mut call = Call::keys("/workspaces123/listKeys");
    call.body = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(call.send().await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
