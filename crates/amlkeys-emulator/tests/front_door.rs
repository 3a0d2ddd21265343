//! What ARM's front door answers, row by row. Each test names the recording, document or report
//! that its row was taken from.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use amlkeys_emulator::Arm;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

const WORKSPACES: &str = "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/\
    testrg123/providers/Microsoft.MachineLearningServices/workspaces";

/// cloudquery/cloudquery#6626; MicrosoftDocs/feedback#2279 has it for an anonymous request.
#[tokio::test]
async fn missing_api_version_is_refused_before_authentication() {
    for query in ["", "?", "?api-version=", "?other=2025-09-01"] {
        let call = Call::post(&format!("{WORKSPACES}/workspaces123/listKeys{query}"));
        call.anonymous().send().await.is_error(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        );
    }
}

/// azure-sdk-for-net, the ArmChallenge test constant.
#[tokio::test]
async fn request_without_authorization_is_challenged() {
    let answer = Call::keys("/workspaces123/listKeys")
        .anonymous()
        .send()
        .await;
    answer.is_error(
        StatusCode::UNAUTHORIZED,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    );
    assert_eq!(
        answer.header("www-authenticate"),
        Some(
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\", \
             error_description=\"The authentication failed because of missing 'Authorization' \
             header.\""
        )
    );
}

/// Azure/azure-powershell#27882; #12544 for the header.
#[tokio::test]
async fn another_token_is_refused() {
    for authorization in ["Bearer another-token", "Bearer", "Basic dXNlcjpwYXNz"] {
        let call = Call::keys("/workspaces123/listKeys").anonymous();
        let answer = call.header("authorization", authorization).send().await;
        answer.is_error(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            "The access token is invalid.",
        );
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
}

/// hashicorp/vault-plugin-secrets-azure#13, Azure/azure-cli#28038.
#[tokio::test]
async fn malformed_api_version_is_answered_with_the_supported_ones() {
    let call = Call::post(&format!(
        "{WORKSPACES}/workspaces123/listKeys?api-version=latest"
    ));
    call.send().await.is_error(
        StatusCode::BAD_REQUEST,
        "InvalidApiVersionParameter",
        &format!(
            "The api-version 'latest' is invalid. The supported versions are '{}'.",
            documented_api_versions().join(",")
        ),
    );
}

/// The folders of `spec/examples`.
fn documented_api_versions() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples");
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names = Vec::from_iter(names);
    names.sort();
    names
}

/// Azure/azure-cli#33657, microsoft/AzureStorageExplorer#4273.
#[tokio::test]
async fn unknown_subscription_is_named_in_the_answer() {
    for rest in ["", "/resourceGroups/testrg123/providers/Other/things/t"] {
        let path = format!("/subscriptions/unknown-subscription{rest}?api-version=2025-09-01");
        Call::post(&path).send().await.is_error(
            StatusCode::NOT_FOUND,
            "SubscriptionNotFound",
            "The subscription 'unknown-subscription' could not be found.",
        );
    }
}

/// azure-sdk-for-net, communication README.
#[tokio::test]
async fn unknown_type_of_the_namespace_is_refused_for_any_api_version() {
    for api_version in ["2025-09-01", "2018-11-19"] {
        for rest in ["", "/w/jobs/j", "/w/computes/c/restart", "/w/listKeys/more"] {
            let path = format!("{WORKSPACES}{rest}?api-version={api_version}");
            Call::post(&path).send().await.is_error(
                StatusCode::NOT_FOUND,
                "InvalidResourceType",
                &format!(
                    "The resource type could not be found in the namespace \
                     'Microsoft.MachineLearningServices' for api version '{api_version}'."
                ),
            );
        }
    }
}

/// No row: the status and the envelope are ARM's, the words are the emulator's own.
#[tokio::test]
async fn path_that_is_no_operation_is_not_found() {
    for path in ["/", "/metadata/endpoints", "/SUBSCRIPTION/x"] {
        let call = Call::post(&format!("{path}?api-version=2025-09-01"));
        let answer = call.send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["code"], "NotFound", "{path}");
    }
}

/// No row: what is sure is that such a path names nothing.
#[tokio::test]
async fn path_that_is_not_utf_8_is_a_bad_request() {
    let answer = Call::keys("/%FF/listKeys").send().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

/// pulumi/pulumi-azure-nextgen#170; Azure/azure-sdk-for-js#4097 for these workspaces.
#[tokio::test]
async fn unsupported_api_version_is_answered_with_type_versions_and_locations() {
    for (rest, resource_type) in [
        ("/workspaces123/listKeys", "workspaces"),
        (
            "/workspaces123/computes/compute123/listKeys",
            "workspaces/computes",
        ),
    ] {
        let path = format!("{WORKSPACES}{rest}?api-version=2025-09-01-preview");
        Call::post(&path).send().await.is_error(
            StatusCode::BAD_REQUEST,
            "NoRegisteredProviderFound",
            &format!(
                "No registered resource provider found for location 'eastus' and API version \
                 '2025-09-01-preview' for type '{resource_type}'. The supported api-versions \
                 are '{}'. The supported locations are 'eastus'.",
                documented_api_versions().join(", ")
            ),
        );
    }
}

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

/// azure-xplat-cli, nock recording 2015-04-02.
#[tokio::test]
async fn unknown_group_is_named_in_the_answer() {
    for rest in ["", "/computes/compute123"] {
        let path = format!("{WORKSPACES}/workspaces123{rest}/listKeys?api-version=2025-09-01");
        let path = path.replace("testrg123", "NoGroup");
        let answer = Call::post(&path).send().await;
        answer.is_error(
            StatusCode::NOT_FOUND,
            "ResourceGroupNotFound",
            "Resource group 'NoGroup' could not be found.",
        );
        assert_eq!(answer.header("x-ms-failure-cause"), Some("gateway"));
    }
}

/// cluster-api-provider-azure, proposal with a recording of 2021-09-29.
#[tokio::test]
async fn unknown_workspace_is_named_in_the_answer() {
    for group in ["testrg123", "emptyrg"] {
        let path = format!("{WORKSPACES}/NoWorkspace/listKeys?api-version=2025-09-01");
        let answer = Call::post(&path.replace("testrg123", group)).send().await;
        answer.is_error(
            StatusCode::NOT_FOUND,
            "ResourceNotFound",
            &format!(
                "The Resource 'Microsoft.MachineLearningServices/workspaces/NoWorkspace' under \
                 resource group '{group}' was not found. For more details please go to \
                 https://aka.ms/ARMResourceNotFoundFix"
            ),
        );
        assert_eq!(answer.header("x-ms-failure-cause"), Some("gateway"));
    }
}

/// cluster-api-provider-azure, proposal with a recording of 2021-09-29.
#[tokio::test]
async fn unknown_compute_is_named_in_the_answer() {
    let answer = Call::keys("/workspaces123/computes/NoCompute/listKeys")
        .send()
        .await;
    answer.is_error(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        "The Resource 'Microsoft.MachineLearningServices/workspaces/workspaces123/computes/\
         NoCompute' under resource group 'testrg123' was not found. For more details please go \
         to https://aka.ms/ARMResourceNotFoundFix",
    );
    assert_eq!(answer.header("x-ms-failure-cause"), Some("gateway"));
}

/// MicrosoftLearning/mslearn-azure-ml#27.
#[tokio::test]
async fn compute_of_an_unknown_workspace_has_no_parent() {
    let call = Call::keys("/NoWorkspace/computes/compute123/listKeys");
    call.send().await.is_error(
        StatusCode::NOT_FOUND,
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. Parent resource 'NoWorkspace' \
         not found.",
    );
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

struct Call {
    arm: Arm,
    method: Method,
    path_and_query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Call {
    /// A POST as a well-behaved client sends it.
    fn post(path_and_query: &str) -> Self {
        let arm = Arm::documented();
        let authorization = format!("Bearer {}", arm.token());
        Self {
            arm,
            method: Method::POST,
            path_and_query: path_and_query.to_owned(),
            headers: vec![
                ("authorization", authorization),
                ("content-length", "0".to_owned()),
            ],
            body: Vec::new(),
        }
    }

    /// The same, for something in the documented group.
    fn keys(rest: &str) -> Self {
        Self::post(&format!("{WORKSPACES}{rest}?api-version=2025-09-01"))
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn anonymous(mut self) -> Self {
        self.headers.retain(|(name, _)| *name != "authorization");
        self
    }

    async fn send(self) -> Answer {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path_and_query);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(self.body))
            .expect("the test's request is well-formed");
        let response = self.arm.router().oneshot(request).await;
        let (head, body) = response.expect("a router does not fail").into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.expect("the body is in memory"),
        }
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("the header is visible ASCII"))
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    #[track_caller]
    fn is_error(&self, status: StatusCode, code: &str, message: &str) {
        let expected = serde_json::json!({"error": {"code": code, "message": message}});
        assert_eq!((self.status, self.json()), (status, expected));
    }
}

/// The text with each digit as `0`.
fn shape(text: &str) -> String {
    let zero = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(zero).collect()
}
