use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, ManualClock};
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::call::{Answer, CLIENT_ID, OBJECT_ID, SECRET, TENANT, get, is_accepted, send};

const GOOD: [(&str, &str); 4] = [
    ("grant_type", "client_credentials"),
    ("client_id", CLIENT_ID),
    ("client_secret", SECRET),
    ("scope", "https://management.azure.com/.default"),
];

/// Microsoft Learn, v2-oauth2-client-creds-grant-flow.
#[tokio::test]
async fn client_secret_gets_a_token_that_arm_accepts() {
    let arm = Arm::documented();
    let answer = sign_in(&arm, &GOOD).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3599);
    assert_eq!(answer.body["ext_expires_in"], 3599);
    assert_eq!(answer.headers["cache-control"], "no-store, no-cache");
    assert_eq!(
        answer.headers["content-type"],
        "application/json; charset=utf-8"
    );
    assert!(is_accepted(&arm, &answer).await);
}

/// Microsoft Learn, access-token-claims-reference: azure-ai-ml, MSAL and az read these.
#[tokio::test]
async fn token_tells_who_holds_it() {
    let answer = sign_in(&Arm::documented(), &GOOD).await;
    let claims = claims(&answer);
    assert_eq!(claims["aud"], "https://management.azure.com");
    assert_eq!(claims["iss"], format!("https://sts.windows.net/{TENANT}/"));
    assert_eq!(claims["tid"], TENANT);
    assert_eq!(claims["oid"], OBJECT_ID);
    assert_eq!(claims["sub"], OBJECT_ID);
    assert_eq!(claims["appid"], CLIENT_ID);
    assert_eq!(claims["ver"], "1.0");
    assert_eq!(claims["idtyp"], "app");
    let [issued, expires] = ["iat", "exp"].map(|name| claims[name].as_u64().unwrap());
    assert_eq!(expires - issued, 3599);
    assert_eq!(claims["nbf"], claims["iat"]);
}

/// Microsoft Learn, v1-oauth2-client-creds-grant-flow: numbers are strings, the audience is as sent.
#[tokio::test]
async fn version_1_asks_for_a_resource() {
    let arm = Arm::documented();
    let form = with("scope", None);
    let resource = ("resource", "https://management.core.windows.net/");
    let form = [form, vec![resource]].concat();
    let path = format!("/{TENANT}/oauth2/token");
    let answer = send(&arm, Request::post(path), encoded(&form)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["expires_in"], "3599");
    assert_eq!(answer.body["resource"], resource.1);
    let [expires, not_before] = ["expires_on", "not_before"].map(|name| {
        let seconds = answer.body[name].as_str().unwrap();
        seconds.parse::<u64>().unwrap()
    });
    assert_eq!(expires - not_before, 3599);
    assert_eq!(claims(&answer)["aud"], resource.1);
    assert!(is_accepted(&arm, &answer).await);
}

/// RFC 6749, section 2.3.1; Entra's discovery document names `client_secret_basic`.
#[tokio::test]
async fn client_may_authenticate_with_http_basic() {
    let arm = Arm::documented();
    let form = [GOOD[0], GOOD[3]];
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    for (secret, status) in [
        ("invented%2Dclient-secret", StatusCode::OK),
        ("wrong", StatusCode::UNAUTHORIZED),
    ] {
        let credentials = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{secret}"));
        let request = Request::post(&path).header("authorization", format!("Basic {credentials}"));
        let answer = send(&arm, request, encoded(&form)).await;
        assert_eq!(answer.status, status, "{secret}");
    }
    for malformed in ["Basic", "Basic !", "Basic Y2xpZW50", "Bearer x"] {
        let request = Request::post(&path).header("authorization", malformed);
        let answer = send(&arm, request, encoded(&form)).await;
        assert_eq!(answer.body["error_codes"][0], 900_144, "{malformed}");
    }
}

/// OfficeDev/microsoft-365-agents-toolkit#8621, Azure/sap-automation#418.
#[tokio::test]
async fn wrong_secret_is_no_client() {
    for secret in ["wrong", "invented-client-secre", "invented-client-secret2"] {
        let answer = sign_in(&Arm::documented(), &with("client_secret", Some(secret))).await;
        answer.is_error(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            7_000_215,
            &format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is \
                 the client secret value, not the client secret ID, for a secret added to app \
                 '{CLIENT_ID}'."
            ),
        );
    }
}

/// dotnet/sign#849, Budibase/budibase#15843.
#[tokio::test]
async fn expired_secret_is_no_client() {
    let client_id = "99999999-aaaa-4bbb-8ccc-000000000004";
    let form = [
        GOOD[0],
        ("client_id", client_id),
        ("client_secret", "invented-expired-client-secret"),
        GOOD[3],
    ];
    let answer = sign_in(&Arm::documented(), &form).await;
    answer.is_error(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        7_000_222,
        &format!(
            "The provided client secret keys for app '{client_id}' are expired. Visit the Azure \
             portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider \
             using certificate credentials for added security: https://aka.ms/certCreds."
        ),
    );
}

/// Quoted in public troubleshooting pages; that it has the status of a wrong secret is assumed.
#[tokio::test]
async fn missing_secret_is_no_client() {
    let answer = sign_in(&Arm::documented(), &with("client_secret", None)).await;
    answer.is_error(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        7_000_216,
        "'client_assertion', 'client_secret' or 'request' is required for the \
         'client_credentials' grant type.",
    );
}

/// Azure/azure-sdk-for-python#8314, Azure/login#561.
#[tokio::test]
async fn unknown_application_is_named() {
    let unknown = "00000000-1111-2222-3333-444444444444";
    let answer = sign_in(&Arm::documented(), &with("client_id", Some(unknown))).await;
    answer.is_error(
        StatusCode::BAD_REQUEST,
        "unauthorized_client",
        700_016,
        &format!(
            "Application with identifier '{unknown}' was not found in the directory '{TENANT}'. \
             This can happen if the application has not been installed by the administrator of \
             the tenant or consented to by any user in the tenant. You may have sent your \
             authentication request to the wrong tenant."
        ),
    );
}

/// Azure/azure-cli#22145 for the words, microsoftarchive/BatchAI#31 for the error of this endpoint.
#[tokio::test]
async fn unknown_tenant_is_named() {
    let unknown = "00000000-1111-2222-3333-444444444444";
    for tenant in [unknown, "contoso.onmicrosoft.com"] {
        let answer = sign_in_at(&Arm::documented(), tenant, &GOOD).await;
        answer.is_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            90_002,
            &format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID \
                 and are signing into the correct cloud. Check with your subscription \
                 administrator, this may happen if there are no active subscriptions for the \
                 tenant."
            ),
        );
    }
}

/// microsoft/Analysis-Services#194.
#[tokio::test]
async fn tenant_must_be_an_id_or_a_domain() {
    let answer = sign_in_at(&Arm::documented(), "authorize", &GOOD).await;
    answer.is_error(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        900_023,
        "Specified tenant identifier 'authorize' is neither a valid DNS name, nor a valid \
         external domain.",
    );
}

/// Azure-Samples/ms-identity-python-devicecodeflow#6.
#[tokio::test]
async fn application_signs_in_to_a_tenant_of_its_own() {
    for common in ["common", "organizations"] {
        let answer = sign_in_at(&Arm::documented(), common, &GOOD).await;
        answer.is_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            50_059,
            "No tenant-identifying information found in either the request or implied by any \
             provided credentials.",
        );
    }
}

/// AzureAD/microsoft-authentication-library-for-dotnet#3023.
#[tokio::test]
async fn other_grants_are_not_supported() {
    for grant_type in ["authorization_code", "password"] {
        let answer = sign_in(&Arm::documented(), &with("grant_type", Some(grant_type))).await;
        answer.is_error(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            70_003,
            &format!("The app requested an unsupported grant type '{grant_type}'."),
        );
    }
}

/// MicrosoftDocs/azure-docs#43780; a body of JSON is no form: microsoft-graph-docs-contrib#1369.
#[tokio::test]
async fn missing_parameter_is_named() {
    let arm = Arm::documented();
    for name in ["grant_type", "client_id"] {
        for form in [with(name, None), with(name, Some(""))] {
            let answer = sign_in(&arm, &form).await;
            answer.is_error(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                900_144,
                &format!("The request body must contain the following parameter: '{name}'."),
            );
        }
    }
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let json = r#"{"grant_type":"client_credentials"}"#.to_owned();
    let answer = send(&arm, Request::post(path), json).await;
    assert_eq!(answer.body["error_codes"][0], 900_144);
}

/// ctron/oidc-cli#7.
#[tokio::test]
async fn missing_scope_is_another_error() {
    let answer = sign_in(&Arm::documented(), &with("scope", None)).await;
    answer.is_error(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        90_014,
        "The required field 'scope' is missing from the credential. Ensure that you have all the \
         necessary parameters for the login request.",
    );
}

/// MicrosoftDocs/azure-docs#99862, microsoftgraph/msgraph-sdk-python#181.
#[tokio::test]
async fn scope_must_end_in_default() {
    for scope in [
        "https://management.azure.com/user_impersonation",
        "openid https://management.azure.com/.default",
    ] {
        let answer = sign_in(&Arm::documented(), &with("scope", Some(scope))).await;
        answer.is_error(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            1_002_012,
            &format!(
                "The provided value for scope {scope} is not valid. Client credential flows must \
                 have a scope value with /.default suffixed to the resource identifier \
                 (application ID URI)."
            ),
        );
    }
}

/// rootinc/laravel-azure-middleware#51, pnp/sp-starter-kit#428.
#[tokio::test]
async fn unknown_resource_is_named() {
    let scope = ("scope", Some("https://arm.example/.default"));
    let answer = sign_in(&Arm::documented(), &with(scope.0, scope.1)).await;
    answer.is_error(
        StatusCode::BAD_REQUEST,
        "invalid_resource",
        500_011,
        &format!(
            "The resource principal named https://arm.example was not found in the tenant named \
             {TENANT}. This can happen if the application has not been installed by the \
             administrator of the tenant or consented to by any user in the tenant. You might \
             have sent your authentication request to the wrong tenant."
        ),
    );
}

/// A client that is sent to a custom endpoint asks for that endpoint's scope.
#[tokio::test]
async fn emulator_is_a_resource_by_its_own_address() {
    let arm = Arm::documented();
    for scope in [
        "https://arm.test:8443/.default",
        "https://arm.test:8443//.default",
    ] {
        let answer = sign_in(&arm, &with("scope", Some(scope))).await;
        assert!(is_accepted(&arm, &answer).await, "{scope}");
    }
}

/// Azure-Samples/active-directory-dotnetcore-daemon-v2#145: Entra issues it, ARM refuses it.
#[tokio::test]
async fn token_for_another_service_is_issued_and_refused() {
    let arm = Arm::documented();
    let scope = Some("https://graph.microsoft.com/.default");
    let answer = sign_in(&arm, &with("scope", scope)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!is_accepted(&arm, &answer).await);
}

/// Microsoft Learn, app-resilience-continuous-access-evaluation: the claims of a challenge go to
/// Entra, whose next token is accepted.
#[tokio::test]
async fn sign_in_with_the_challenge_ends_it() {
    let arm = Arm::documented();
    let revoked = sign_in(&arm, &GOOD).await;
    arm.revoke_tokens();
    assert!(!is_accepted(&arm, &revoked).await);
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    let form = [GOOD.as_slice(), &[("claims", claims)]].concat();
    assert!(is_accepted(&arm, &sign_in(&arm, &form).await).await);
}

/// A lifetime is Entra's to set, and a test's.
#[tokio::test]
async fn lifetime_can_be_set() {
    let clock = Arc::new(ManualClock::default());
    let arm = Arm::builder()
        .with_clock(clock.clone())
        .with_token_lifetime(Duration::from_secs(60))
        .build();
    let answer = sign_in(&arm, &GOOD).await;
    assert_eq!(answer.body["expires_in"], 60);
    clock.advance(Duration::from_secs(59));
    assert!(is_accepted(&arm, &answer).await);
    clock.advance(Duration::from_secs(1));
    assert!(!is_accepted(&arm, &answer).await);
}

/// Microsoft Learn, reference-error-codes.
#[tokio::test]
async fn token_endpoint_only_takes_posts() {
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let answer = get(&Arm::documented(), &path).await;
    answer.is_error(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        900_561,
        "The endpoint only accepts POST requests. Received a GET request.",
    );
}

/// OfficeDev/microsoft-365-agents-toolkit#8621 for the ids in the body.
#[tokio::test]
async fn correlation_id_is_the_clients_and_echoed_on_request() {
    let arm = Arm::documented();
    let sent = "5fc87507-4086-4e77-b415-cee677eb232e";
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    for (wish, echoed) in [("true", Some(sent)), ("false", None)] {
        let request = Request::post(&path)
            .header("client-request-id", sent)
            .header("return-client-request-id", wish);
        let answer = send(&arm, request, String::new()).await;
        assert_eq!(answer.body["correlation_id"], sent);
        let header = answer.headers.get("client-request-id");
        assert_eq!(header.map(|it| it.to_str().unwrap()), echoed);
    }
}

/// The limit is the emulator's own.
#[tokio::test]
async fn form_without_end_is_not_read() {
    let body = "a".repeat(64 * 1024 + 1);
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let answer = send(&Arm::documented(), Request::post(path), body).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn sign_in(arm: &Arm, form: &[(&str, &str)]) -> Answer {
    sign_in_at(arm, TENANT, form).await
}

async fn sign_in_at(arm: &Arm, tenant: &str, form: &[(&str, &str)]) -> Answer {
    let path = format!("/{tenant}/oauth2/v2.0/token");
    send(arm, Request::post(path), encoded(form)).await
}

fn encoded(form: &[(&str, &str)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(form).finish()
}

/// The good form with another value, or without it.
fn with<'a>(name: &str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let other = |(key, old)| match value {
        _ if key != name => Some((key, old)),
        Some(value) => Some((key, value)),
        None => None,
    };
    GOOD.into_iter().filter_map(other).collect()
}

fn claims(answer: &Answer) -> Value {
    let token = answer.body["access_token"].as_str().expect("a token");
    let payload = token.split('.').nth(1).expect("a JWT");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("claims are JSON")
}

impl Answer {
    #[track_caller]
    fn is_error(&self, status: StatusCode, error: &str, code: u32, description: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["error"], error);
        assert_eq!(self.body["error_codes"], serde_json::json!([code]));
        let text = |name| self.body[name].as_str().expect("text");
        assert_eq!(
            text("error_description"),
            format!(
                "AADSTS{code}: {description}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\n\
                 Timestamp: {}",
                text("trace_id"),
                text("correlation_id"),
                text("timestamp"),
            )
        );
        let shape = text("timestamp").replace(|c: char| c.is_ascii_digit(), "0");
        assert_eq!(shape, "0000-00-00 00:00:00Z");
        assert_eq!(self.headers["x-ms-request-id"], text("trace_id"));
        let error_uri = format!("https://login.microsoftonline.com/error?code={code}");
        assert_eq!(text("error_uri"), error_uri);
    }
}
