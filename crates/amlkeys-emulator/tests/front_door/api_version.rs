use axum::http::StatusCode;

use crate::call::{Call, WORKSPACES};

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

/// The folders of `spec/examples`.
fn documented_api_versions() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples");
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names = Vec::from_iter(names);
    names.sort();
    names
}
