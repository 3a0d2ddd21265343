//! What comes back, and what is made of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use amlkeys::{ApiVersion, ComputeSecrets, Error, WorkspaceKeys};
use amlkeys_stub::{Stub, answer, json};
use support::{client_of, compute_id, everything, workspace_id};

async fn compute(body: &str) -> Result<ComputeSecrets, Error> {
    let stub = Stub::start([json("200 OK", body)]).await;
    let client = client_of(&stub).build().unwrap();
    client.compute_list_keys(&compute_id()).await
}

#[tokio::test]
async fn each_variant_is_read_wherever_its_tag_stands() {
    let aks = compute(r#"{"userKubeConfig":"u","adminKubeConfig":null,"computeType":"AKS"}"#).await;
    let Ok(ComputeSecrets::Aks(aks)) = aks else {
        panic!("{aks:?}");
    };
    assert_eq!(aks.user_kube_config().unwrap().expose(), "u");
    assert!(aks.admin_kube_config().is_none() && aks.image_pull_secret_name().is_none());

    let databricks = compute(r#"{"computeType":"Databricks","databricksAccessToken":"t"}"#).await;
    let Ok(ComputeSecrets::Databricks(databricks)) = databricks else {
        panic!("{databricks:?}");
    };
    assert_eq!(databricks.databricks_access_token().unwrap().expose(), "t");

    let body = r#"{"administratorAccount":{"username":"u","password":"p","publicKeyData":"k","privateKeyData":"s"},"computeType":"VirtualMachine"}"#;
    let machine = compute(body).await;
    let Ok(ComputeSecrets::VirtualMachine(machine)) = machine else {
        panic!("{machine:?}");
    };
    let account = machine.administrator_account().unwrap();
    assert_eq!(account.username(), Some("u"));
    assert_eq!(account.password().unwrap().expose(), "p");
    assert_eq!(account.public_key_data().unwrap().expose(), "k");
    assert_eq!(account.private_key_data().unwrap().expose(), "s");
}

#[tokio::test]
async fn an_unknown_compute_type_round_trips() {
    for (body, tag) in [
        (
            r#"{"computeType":"Abacus","beads":["canary",{"n":1.5}]}"#,
            Some("Abacus"),
        ),
        (r#"{"computeType":"Kubernetes"}"#, Some("Kubernetes")),
        (
            r#"{"computeType":"aks","adminKubeConfig":"canary"}"#,
            Some("aks"),
        ),
        (r#"{"computeType":null,"x":"canary"}"#, None),
        (r#"{"computeType":7}"#, None),
        (r#"{"x":"canary"}"#, None),
        (r#"{}"#, None),
    ] {
        let secrets = compute(body).await.unwrap();
        assert!(matches!(secrets, ComputeSecrets::Unknown(_)), "{body}");
        assert_eq!(secrets.compute_type(), tag, "{body}");
        assert_eq!(serde_json::to_string(&secrets).unwrap(), body);
        assert!(!format!("{secrets:?}").contains("canary"), "{body}");
        let masked = serde_json::to_string(&secrets.masked()).unwrap();
        assert!(!masked.contains("canary"), "{masked}");
    }
}

#[tokio::test]
async fn what_a_known_type_does_not_document_is_no_error() {
    let secrets = compute(r#"{"computeType":"AKS","new":{"deep":[1]}}"#).await;
    assert!(matches!(secrets, Ok(ComputeSecrets::Aks(_))));
}

#[tokio::test]
async fn a_wrongly_typed_secret_is_an_error_that_names_its_property_only() {
    for body in [
        r#"{"computeType":"VirtualMachine","administratorAccount":{"password":{"canary":"canary"}}}"#,
        r#"{"administratorAccount":{"password":{"canary":"canary"}},"computeType":"VirtualMachine"}"#,
    ] {
        let error = compute(body).await.unwrap_err();
        assert!(error.is_body());
        assert_eq!(error.status(), Some(200));
        let shown = everything(&error);
        assert!(
            shown.contains("administratorAccount.password") && !shown.contains("canary"),
            "{shown}"
        );
    }
    let body = br#"{"containerRegistryCredentials":{"passwords":[null,{"value":["canary"]}]}}"#;
    let error = WorkspaceKeys::try_from_json(body, &ApiVersion::V2025_09_01).unwrap_err();
    let shown = everything(&error);
    let place = "containerRegistryCredentials.passwords.1.value";
    assert!(
        shown.contains(place) && !shown.contains("canary"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_repeated_property_is_an_error_in_every_variant() {
    for tag in ["AKS", "Databricks", "VirtualMachine", "Abacus"] {
        for repeated in [
            r#""userKubeConfig":"canary","userKubeConfig":"canary""#,
            r#""new":"canary","new":1"#,
            r#""new":{"deep":1,"deep":"canary"}"#,
            r#""computeType":"canary""#,
        ] {
            for body in [
                format!(r#"{{"computeType":"{tag}",{repeated}}}"#),
                format!(r#"{{{repeated},"computeType":"{tag}"}}"#),
            ] {
                let error = compute(&body).await.unwrap_err();
                assert!(error.is_body(), "{body}");
                assert!(!everything(&error).contains("canary"), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn either_storage_id_name_and_every_null_are_read() {
    for (body, id) in [
        (
            r#"{"userStorageResourceId":"/old","userStorageKey":"k"}"#,
            Some("/old"),
        ),
        (r#"{"userStorageArmId":"/new"}"#, Some("/new")),
        (
            r#"{"userStorageResourceId":null,"userStorageArmId":"/new"}"#,
            Some("/new"),
        ),
        (
            r#"{"userStorageKey":null,"userStorageResourceId":null,"appInsightsInstrumentationKey":null,"containerRegistryCredentials":null,"notebookAccessKeys":null}"#,
            None,
        ),
        (
            r#"{"containerRegistryCredentials":{"location":null,"username":null,"passwords":null},"notebookAccessKeys":{}}"#,
            None,
        ),
        (
            r#"{"containerRegistryCredentials":{"passwords":[null,{"name":null,"value":null},{}]}}"#,
            None,
        ),
        ("{}", None),
    ] {
        let stub = Stub::start([json("200 OK", body)]).await;
        let client = client_of(&stub).build().unwrap();
        for version in ApiVersion::ALL {
            let id_of = workspace_id();
            let call = client.workspaces_list_keys(&id_of);
            let keys = call.with_api_version(version.clone()).await.unwrap();
            assert_eq!(keys.user_storage_resource_id(), id, "{body} {version}");
            // It is written back under the name that it came with.
            let written = serde_json::to_value(&keys).unwrap();
            if let Some(id) = id {
                let name = if id == "/new" {
                    "userStorageArmId"
                } else {
                    "userStorageResourceId"
                };
                assert_eq!(written[name], id, "{body}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_document_is_an_error_without_the_body() {
    for body in [
        "",
        "canary",
        "\"canary\"",
        "[\"canary\"]",
        "null",
        "{\"canary\":",
        "{\"computeType\":\"canary",
        "<html>canary</html>",
        "{\"a\":\"canary\"}{}",
        "\u{feff}{}",
    ] {
        let error = compute(body).await.unwrap_err();
        assert!(error.is_body(), "{body}: {error:?}");
        assert_eq!((error.status(), error.attempts()), (Some(200), 1), "{body}");
        assert!(!everything(&error).contains("canary"), "{body}");
    }
    let deep = "[".repeat(100_000);
    assert!(
        compute(&format!("{{\"a\":{deep}"))
            .await
            .unwrap_err()
            .is_body()
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let body = format!(
        r#"{{"computeType":"AKS","userKubeConfig":"{}"}}"#,
        "canary".repeat(1000)
    );
    let announced = json("200 OK", &body);
    let unannounced = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes();
    for reply in [announced, unannounced] {
        let stub = Stub::start([reply]).await;
        let fits = client_of(&stub).with_max_body(body.len()).build().unwrap();
        assert!(fits.compute_list_keys(&compute_id()).await.is_ok());
        let small = client_of(&stub)
            .with_max_body(body.len() - 1)
            .build()
            .unwrap();
        let error = small.compute_list_keys(&compute_id()).await.unwrap_err();
        assert!(error.is_body(), "{error:?}");
        assert!(!everything(&error).contains("canary"));
    }
}

#[tokio::test]
async fn a_service_error_keeps_its_facts_and_not_its_body() {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"no right","target":"t"},"other":"canary"}"#;
    let headers = ["x-ms-request-id: r-1", "x-ms-correlation-request-id: c-1"];
    let stub = Stub::start([answer("403 Forbidden", &headers, body)]).await;
    let client = client_of(&stub).build().unwrap();
    let error = client
        .workspaces_list_keys(&workspace_id())
        .await
        .unwrap_err();
    assert!(error.is_forbidden());
    assert_eq!(
        error.to_string(),
        "Workspaces_ListKeys failed with status 403"
    );
    assert_eq!(error.code(), Some("AuthorizationFailed"));
    assert_eq!(error.message(), Some("no right"));
    assert_eq!(error.target(), Some("t"));
    assert_eq!(error.request_id(), Some("r-1"));
    assert_eq!(error.correlation_request_id(), Some("c-1"));
    assert_eq!(
        error.required_action(),
        Some("Microsoft.MachineLearningServices/workspaces/listKeys/action")
    );
    assert_eq!(error.attempts(), 1);
    let shown = everything(&error);
    assert!(!shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn a_redirect_is_an_error_and_is_not_followed() {
    let elsewhere = Stub::start([json("200 OK", "{}")]).await;
    let location = format!("location: {}/", elsewhere.endpoint);
    let stub = Stub::start([answer("307 Temporary Redirect", &[&location], "")]).await;
    let error = client_of(&stub)
        .with_ca_pem(elsewhere.ca_pem.as_str())
        .build()
        .unwrap()
        .compute_list_keys(&compute_id())
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(307));
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn another_success_than_200_is_an_error() {
    for status in ["201 Created", "202 Accepted", "204 No Content"] {
        let stub = Stub::start([answer(status, &[], "")]).await;
        let client = client_of(&stub).build().unwrap();
        let error = client.compute_list_keys(&compute_id()).await.unwrap_err();
        assert_eq!(
            error.status().map(|it| it.to_string()).as_deref(),
            status.get(..3)
        );
    }
}
