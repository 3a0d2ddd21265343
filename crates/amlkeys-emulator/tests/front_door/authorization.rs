use amlkeys_emulator::{Arm, State, TokenRequest};
use axum::http::StatusCode;

use crate::call::{Call, WORKSPACES};

/// machine-learning-apps/ml-template-azure#17, microsoft/microsoft-foundry-for-vscode#169. What
/// exists is not told: the answer is the same for what does not.
#[tokio::test]
async fn denied_group_is_told_action_and_scope() {
    for (resource, action) in [
        ("lockedworkspace", "workspaces/listKeys/action"),
        ("NoWorkspace", "workspaces/listKeys/action"),
        (
            "lockedworkspace/computes/lockedcompute",
            "workspaces/computes/listKeys/action",
        ),
    ] {
        let resource_id = format!("{WORKSPACES}/{resource}").replace("testrg123", "lockedrg");
        let path = format!("{resource_id}/listKeys?api-version=2025-09-01");
        Call::post(&path).send().await.is_error(
            StatusCode::FORBIDDEN,
            "AuthorizationFailed",
            &format!(
                "The client '99999999-aaaa-4bbb-8ccc-000000000002' with object id \
                 '99999999-aaaa-4bbb-8ccc-000000000001' does not have authorization to perform \
                 action 'Microsoft.MachineLearningServices/{action}' over scope '{resource_id}' \
                 or the scope is invalid. If access was recently granted, please refresh your \
                 credentials."
            ),
        );
    }
}

/// The same: roles are a principal's own.
#[tokio::test]
async fn another_principal_is_not_denied() {
    let path = format!("{WORKSPACES}/lockedworkspace/listKeys?api-version=2025-09-01");
    let call = Call::post(&path.replace("testrg123", "lockedrg"));
    let other = TokenRequest::default().with_client_id("99999999-aaaa-4bbb-8ccc-000000000004");
    assert_eq!(
        call.with_token_for(other).send().await.status,
        StatusCode::OK
    );
}

/// machine-learning-apps/ml-template-azure#11, nforgeio/neonKUBE#1670.
#[tokio::test]
async fn subscription_without_the_provider_is_a_conflict() {
    let path = format!("{WORKSPACES}/workspaces123/listKeys?api-version=2025-09-01");
    let unregistered = "00000000-1111-4222-8333-444444444444";
    let path = path.replace("34adfa4f-cedf-4dc0-ba29-b6d1a69ab345", unregistered);
    let answer = Call::post(&path).send().await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "MissingSubscriptionRegistration");
    assert_eq!(
        error["message"],
        "The subscription is not registered to use namespace 'Microsoft.MachineLearningServices'. \
         See https://aka.ms/rps-not-found for how to register subscriptions."
    );
    let detail = &error["details"][0];
    assert_eq!(detail["target"], "Microsoft.MachineLearningServices");
    assert_eq!(detail["code"], error["code"]);
    assert_eq!(detail["message"], error["message"]);
}

/// No row: a principal that the state lost has no valid token any more.
#[tokio::test]
async fn token_of_a_principal_that_is_gone_is_refused() {
    let arm = Arm::documented();
    let gone = TokenRequest::default().with_client_id("99999999-aaaa-4bbb-8ccc-000000000004");
    let call = Call::to(&arm).with_token_for(gone);
    arm.set_state(State::parse("subscriptions: { s: {} }").unwrap());
    let answer = call.send().await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let code = &answer.json()["error"]["code"];
    assert_eq!(code, "InvalidAuthenticationToken");
}
