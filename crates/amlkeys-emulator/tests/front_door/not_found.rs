use axum::http::StatusCode;

use crate::call::{Call, WORKSPACES};

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
    for path in ["/", "/metadata/endpoints/x", "/SUBSCRIPTION/x"] {
        let call = Call::post(&format!("{path}?api-version=2025-09-01"));
        let answer = call.send().await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["code"], "NotFound", "{path}");
    }
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
