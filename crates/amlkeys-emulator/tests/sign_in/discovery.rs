use amlkeys_emulator::Arm;
use axum::http::StatusCode;

use crate::call::{HOST, TENANT, get};

/// panva/wellknown, entra-common; OpenID Connect Discovery 1.0, section 3.
#[tokio::test]
async fn configuration_names_addresses_at_the_emulator() {
    let arm = Arm::documented();
    let path = format!("/{TENANT}/v2.0/.well-known/openid-configuration");
    let answer = get(&arm, &path).await;
    assert_eq!(answer.status, StatusCode::OK);
    let tenant = format!("https://{HOST}/{TENANT}");
    for (name, address) in [
        ("issuer", "/v2.0"),
        ("token_endpoint", "/oauth2/v2.0/token"),
        ("authorization_endpoint", "/oauth2/v2.0/authorize"),
        ("jwks_uri", "/discovery/v2.0/keys"),
    ] {
        assert_eq!(answer.body[name], format!("{tenant}{address}"), "{name}");
    }

    let path = format!("/{TENANT}/.well-known/openid-configuration");
    let answer = get(&arm, &path).await;
    let token_endpoint = format!("{tenant}/oauth2/token");
    assert_eq!(answer.body["token_endpoint"], token_endpoint);
    let issuer = format!("https://sts.windows.net/{TENANT}/");
    assert_eq!(answer.body["issuer"], issuer);
}

/// panva/wellknown, entra-common.
#[tokio::test]
async fn common_tenants_have_a_configuration() {
    for common in ["common", "organizations"] {
        let path = format!("/{common}/v2.0/.well-known/openid-configuration");
        let answer = get(&Arm::documented(), &path).await;
        let issuer = format!("https://{HOST}/{{tenantid}}/v2.0");
        assert_eq!(answer.body["issuer"], issuer);
        let token_endpoint = format!("https://{HOST}/{common}/oauth2/v2.0/token");
        assert_eq!(answer.body["token_endpoint"], token_endpoint);
    }
}

/// Azure/azure-cli#22145.
#[tokio::test]
async fn unknown_tenant_has_no_configuration() {
    let path = "/00000000-1111-2222-3333-444444444444/v2.0/.well-known/openid-configuration";
    let answer = get(&Arm::documented(), path).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body["error"], "invalid_tenant");
    assert_eq!(answer.body["error_codes"][0], 90_002);
}

/// azure-sdk-for-js, recordings with /common/discovery/instance.
#[tokio::test]
async fn msal_finds_the_instance_and_its_tenant() {
    let authorize = format!("https%3A%2F%2F{HOST}%2F{TENANT}%2Foauth2%2Fv2.0%2Fauthorize");
    let path =
        format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={authorize}");
    let answer = get(&Arm::documented(), &path).await;
    assert_eq!(
        answer.body,
        serde_json::json!({
            "tenant_discovery_endpoint":
                format!("https://{HOST}/{TENANT}/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST]}
            ],
        })
    );
}

/// No row: the key of the run is not handed out.
#[tokio::test]
async fn key_set_is_empty() {
    for path in ["/common/discovery/v2.0/keys", "/common/discovery/keys"] {
        let answer = get(&Arm::documented(), path).await;
        assert_eq!(answer.body, serde_json::json!({"keys": []}));
    }
}
