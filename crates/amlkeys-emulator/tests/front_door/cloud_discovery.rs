use amlkeys_emulator::Arm;
use axum::http::{Method, StatusCode};

use crate::call::Call;

const ENDPOINTS: &str = "/metadata/endpoints?api-version=2022-09-01";

/// hashicorp/terraform-provider-azurerm#15743, BlackbirdWorks/gopherstack#2462.
#[tokio::test]
async fn cloud_names_its_addresses_to_anyone() {
    let call = Call::get_from(&Arm::documented(), ENDPOINTS).anonymous();
    let answer = call.header("host", "arm.test:8443").send().await;
    assert_eq!(answer.status, StatusCode::OK);
    let cloud = answer.json();
    let login = &cloud["authentication"]["loginEndpoint"];
    assert_eq!(login, "https://arm.test:8443");
    assert_eq!(cloud["resourceManager"], "https://arm.test:8443/");
    assert_eq!(
        cloud["microsoftGraphResourceId"],
        "https://graph.microsoft.com/"
    );
    let audience = &cloud["authentication"]["audiences"][0];
    assert_eq!(audience, "https://management.core.windows.net/");
}

/// manicminer/hamilton#169 for a list of clouds, MicrosoftDocs/azure-stack-docs#188 for 2015.
#[tokio::test]
async fn older_versions_have_other_shapes() {
    let arm = Arm::documented();
    let endpoints = async |api_version: &str| {
        let path = format!("/metadata/endpoints?api-version={api_version}");
        Call::get_from(&arm, &path).send().await.json()
    };
    for api_version in ["2019-05-01", "latest"] {
        let clouds = endpoints(api_version).await;
        assert_eq!(clouds[0], endpoints("2022-09-01").await, "{api_version}");
    }
    let endpoints = endpoints("2015-01-01").await;
    assert!(endpoints["authentication"]["loginEndpoint"].is_string());
    assert!(endpoints["graphEndpoint"].is_string());
}

/// cloudquery/cloudquery#6626: "required for all requests".
#[tokio::test]
async fn discovery_needs_an_api_version_too() {
    let call = Call::get_from(&Arm::documented(), "/metadata/endpoints");
    let answer = call.send().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["error"]["code"], "MissingApiVersionParameter");
}

/// Azure/azure-powershell#9709.
#[tokio::test]
async fn discovery_is_only_read() {
    let mut call = Call::get_from(&Arm::documented(), ENDPOINTS);
    call.method = Method::POST;
    let answer = call.send().await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), Some("GET"));
}
