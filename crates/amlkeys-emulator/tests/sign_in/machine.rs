use amlkeys_emulator::Arm;
use axum::http::{Request, StatusCode};

use crate::call::{Answer, CLIENT_ID, OBJECT_ID, is_accepted, send};

const ARM: &str = "api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F";

/// Microsoft Learn, how-to-use-vm-token: the sample response, all strings.
#[tokio::test]
async fn machine_gets_a_token_that_arm_accepts() {
    let arm = Arm::documented();
    let answer = token(&arm, ARM).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["resource"], "https://management.azure.com/");
    assert_eq!(answer.body["client_id"], CLIENT_ID);
    let [lifetime, expires, not_before] = ["expires_in", "expires_on", "not_before"].map(|name| {
        let seconds = answer.body[name].as_str().unwrap();
        seconds.parse::<u64>().unwrap()
    });
    assert_eq!((lifetime, expires - not_before), (3599, 3599));
    assert!(is_accepted(&arm, &answer).await);
}

/// Microsoft Learn, how-to-use-vm-token: the table of errors.
#[tokio::test]
async fn request_without_the_metadata_header_is_refused() {
    let arm = Arm::documented();
    let path = format!("/metadata/identity/oauth2/token?{ARM}");
    for request in [
        Request::get(&path),
        Request::get(&path).header("metadata", "false"),
    ] {
        let answer = send(&arm, request, String::new()).await;
        answer.is_bad_request("bad_request_102", "Required metadata header not specified");
    }
}

/// Microsoft Learn, how-to-use-vm-token: the query's parameters.
#[tokio::test]
async fn identity_can_be_chosen() {
    let arm = Arm::documented();
    for known in [
        format!("client_id={CLIENT_ID}"),
        format!("object_id={OBJECT_ID}"),
    ] {
        let answer = token(&arm, &format!("{ARM}&{known}")).await;
        assert_eq!(answer.body["client_id"], CLIENT_ID, "{known}");
    }
    for unknown in [
        "client_id=unknown",
        "object_id=unknown",
        "msi_res_id=%2Fsubscriptions%2Fs",
        "mi_res_id=%2Fsubscriptions%2Fs",
    ] {
        let answer = token(&arm, &format!("{ARM}&{unknown}")).await;
        answer.is_bad_request("invalid_request", "Identity not found");
    }
}

/// No row: the words are the emulator's own.
#[tokio::test]
async fn missing_parameter_of_the_query_is_named() {
    let arm = Arm::documented();
    for (query, missing) in [
        ("api-version=2018-02-01", "resource"),
        ("resource=https://management.azure.com/", "api-version"),
    ] {
        let description = format!("Required query parameter '{missing}' not specified");
        let answer = token(&arm, query).await;
        answer.is_bad_request("invalid_request", &description);
    }
}

/// Microsoft Learn, how-to-use-vm-token: `invalid_resource`.
#[tokio::test]
async fn unknown_resource_gets_no_token() {
    let query = "api-version=2018-02-01&resource=https://arm.example";
    let answer = token(&Arm::documented(), query).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body["error"], "invalid_resource");
}

async fn token(arm: &Arm, query: &str) -> Answer {
    let path = format!("/metadata/identity/oauth2/token?{query}");
    let request = Request::get(path).header("metadata", "true");
    send(arm, request, String::new()).await
}

impl Answer {
    #[track_caller]
    fn is_bad_request(&self, error: &str, description: &str) {
        assert_eq!(self.status, StatusCode::BAD_REQUEST);
        let expected = serde_json::json!({"error": error, "error_description": description});
        assert_eq!(self.body, expected);
    }
}
