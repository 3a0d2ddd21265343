use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Authorization, ManualClock, State, TokenRequest};
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;

use crate::call::Call;

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

/// The form of a token is not enough: one of another run has another signature.
#[tokio::test]
async fn token_of_another_emulator_is_refused() {
    let other = Arm::documented();
    let answer = Call::to(&Arm::documented())
        .with_token(&other.token())
        .send()
        .await;
    answer.is_error(
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationToken",
        "The access token is invalid.",
    );
}

/// Azure-Samples/active-directory-dotnetcore-daemon-v2#145.
#[tokio::test]
async fn token_for_another_service_is_told_the_audiences() {
    for audience in ["https://vault.azure.net", "https://management.azure.com//"] {
        let request = TokenRequest::default().with_audience(audience);
        let call = Call::keys("/workspaces123/listKeys").with_token_for(request);
        let answer = call.send().await;
        answer.is_error(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationTokenAudience",
            &format!(
                "The access token has been obtained for wrong audience or resource '{audience}'. \
                 It should exactly match with one of the allowed audiences \
                 'https://management.core.windows.net/','https://management.core.windows.net',\
                 'https://management.azure.com/','https://management.azure.com'."
            ),
        );
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
}

/// Azure-Samples/active-directory-dotnetcore-daemon-v2#145 lists the first four; a private cloud's
/// ARM has its own address for the others.
#[tokio::test]
async fn every_name_of_arm_is_an_audience() {
    for audience in [
        "https://management.core.windows.net/",
        "https://management.core.windows.net",
        "https://management.azure.com/",
        "https://management.azure.com",
        "https://arm.test:8443",
        "https://arm.test:8443/",
    ] {
        let request = TokenRequest::default().with_audience(audience);
        let call = Call::keys("/workspaces123/listKeys").header("host", "arm.test:8443");
        let answer = call.with_token_for(request).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{audience}");
    }
}

/// microsoft/foundry-dev-tools#461.
#[tokio::test]
async fn expired_token_is_told_both_times() {
    let clock = Arc::new(ManualClock::default());
    let arm = Arm::builder().with_clock(clock.clone()).build();
    let call = Call::to(&arm);
    clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
    assert_eq!(Call::to(&arm).send().await.status, StatusCode::OK);
    clock.advance(Duration::from_secs(1));

    let answer = call.send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["error"]["code"], "ExpiredAuthenticationToken");
    let message = answer.json()["error"]["message"].to_string();
    let times: Vec<&str> = message.split('\'').collect();
    let [before, expiry, between, now, after] = times[..] else {
        panic!("two times in {message}");
    };
    assert_eq!(before, "\"The access token expiry UTC time ");
    assert_eq!(between, " is earlier than current UTC time ");
    assert_eq!(after, ".\"");
    assert_eq!(
        expiry, now,
        "it is refused from the second on at which it ends"
    );
    assert!(now.ends_with(" AM") || now.ends_with(" PM"), "{now}");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
}

/// azure-sdk-for-net and kiota, AuthorizationHandler tests.
#[tokio::test]
async fn revoked_token_is_answered_with_a_claims_challenge() {
    let arm = Arm::documented();
    let revoked = arm.token();
    arm.revoke_tokens();

    let answer = Call::to(&arm).with_token(&revoked).send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let challenge = answer.header("www-authenticate").unwrap();
    let claims = challenge
        .strip_prefix(
            "Bearer authorization_uri=\"https://login.windows.net/common/oauth2/authorize\",\
             error=\"insufficient_claims\",claims=\"",
        )
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap();
    let claims = BASE64.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let nbf = &claims["access_token"]["nbf"];
    assert_eq!(nbf["essential"], true);
    let value: u64 = nbf["value"].as_str().unwrap().parse().unwrap();
    assert!(value > 1_700_000_000, "{value}");

    assert_eq!(Call::to(&arm).send().await.status, StatusCode::OK);
}

/// azure-sdk-for-net and kiota, AuthorizationHandler tests; the date is the state's.
#[tokio::test]
async fn token_of_before_the_states_date_is_answered_with_a_claims_challenge() {
    for (valid_from, status) in [
        ("2100-01-01T00:00:00Z", StatusCode::UNAUTHORIZED),
        ("2020-01-01T00:00:00Z", StatusCode::OK),
    ] {
        let (before, principal) = State::DOCUMENTED.split_once("\n  denied:").unwrap();
        let state = format!("{before}\n  tokensValidFrom: {valid_from}\n  denied:{principal}");
        let state = State::parse(&state).unwrap();
        let arm = Arm::builder().with_state(state).build();
        let answer = Call::to(&arm).send().await;
        assert_eq!(answer.status, status, "{valid_from}");
        if status == StatusCode::UNAUTHORIZED {
            let challenge = answer.header("www-authenticate").unwrap();
            // {"access_token":{"nbf":{"essential":true,"value":"4102444800"}}}
            let claims = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiI0MTAyNDQ0ODAwIn19fQ==";
            assert!(
                challenge.ends_with(&format!("claims=\"{claims}\"")),
                "{challenge}"
            );
        }
    }
}

/// No row: each test can tell from the requests what became of a token.
#[tokio::test]
async fn requests_say_what_their_token_was_worth() {
    let arm = Arm::documented();
    let revoked = arm.token();
    arm.revoke_tokens();
    let for_another = TokenRequest::default().with_audience("https://vault.azure.net");
    let expired = TokenRequest::default().with_lifetime(Duration::ZERO);
    for call in [
        Call::to(&arm),
        Call::to(&arm).anonymous(),
        Call::to(&arm).with_token("x"),
        Call::to(&arm).with_token(&revoked),
        Call::to(&arm).with_token_for(for_another),
        Call::to(&arm).with_token_for(expired),
    ] {
        call.send().await;
    }
    let worth = arm.requests().into_iter().map(|it| it.authorization());
    assert_eq!(
        Vec::from_iter(worth),
        [
            Authorization::Accepted,
            Authorization::Missing,
            Authorization::Refused,
            Authorization::Revoked,
            Authorization::WrongAudience,
            Authorization::Expired,
        ]
    );
}
