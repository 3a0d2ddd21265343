//! What exists: the documented resources with their documented bodies, and invented ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use amlkeys_emulator::Arm;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::Value;
use serde_json::value::RawValue;
use tower::ServiceExt;

#[tokio::test]
async fn documented_bodies_are_answered_byte_for_byte_in_both_subscriptions() {
    let arm = Arm::documented();
    let examples = examples();
    assert!(examples.len() >= 4, "two operations, two api-versions");
    for text in &examples {
        let example: BTreeMap<&str, Value> = serde_json::from_str(text).unwrap();
        let parameters = &example["parameters"];
        let at = |name: &str| parameters[name].as_str().unwrap();
        let compute = match parameters.get("computeName") {
            Some(_) => format!("/computes/{}", at("computeName")),
            None => String::new(),
        };
        for subscription in [
            "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345",
            "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            &arm.subscription_id(),
        ] {
            let path = format!(
                "/subscriptions/{subscription}/resourceGroups/{}/providers/\
                 Microsoft.MachineLearningServices/workspaces/{}{compute}/listKeys?api-version={}",
                at("resourceGroupName"),
                at("workspaceName"),
                at("api-version"),
            );
            assert_eq!(
                post(&arm, &path).await,
                (StatusCode::OK, body_of(text).to_owned()),
                "{path}"
            );
        }
    }
}

/// The ten values of the spec's ComputeType, and one that no version knows.
#[tokio::test]
async fn one_compute_exists_for_each_compute_type() {
    let arm = Arm::documented();
    for (compute, compute_type, fields) in [
        (
            "aks",
            "AKS",
            &["userKubeConfig", "adminKubeConfig", "imagePullSecretName"][..],
        ),
        ("kubernetes", "Kubernetes", &[]),
        ("amlcompute", "AmlCompute", &[]),
        ("computeinstance", "ComputeInstance", &[]),
        ("datafactory", "DataFactory", &[]),
        (
            "virtualmachine",
            "VirtualMachine",
            &["administratorAccount"],
        ),
        ("hdinsight", "HDInsight", &[]),
        ("databricks", "Databricks", &["databricksAccessToken"]),
        ("datalakeanalytics", "DataLakeAnalytics", &[]),
        ("synapsespark", "SynapseSpark", &[]),
        ("quantum", "QuantumCluster", &["qubitAccessKey"]),
    ] {
        for api_version in ["2023-10-01", "2025-09-01"] {
            let rest = format!("workspaces123/computes/{compute}");
            let keys = keys(&arm, &rest, api_version).await;
            assert_eq!(keys["computeType"], compute_type);
            for field in fields {
                assert!(!keys[field].is_null(), "{compute} has no {field}");
            }
            assert_eq!(keys.as_object().unwrap().len(), 1 + fields.len());
        }
    }
}

#[tokio::test]
async fn no_key_of_the_full_workspace_is_null() {
    let keys = keys(&Arm::documented(), "fullworkspace", "2025-09-01").await;
    let mut leaves = 0;
    let mut rest = vec![&keys];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(fields) => rest.extend(fields.values()),
            Value::Array(items) => rest.extend(items),
            leaf => {
                assert!(leaf.is_string(), "{keys:#}");
                leaves += 1;
            }
        }
    }
    assert_eq!(leaves, 11);
}

async fn keys(arm: &Arm, rest: &str, api_version: &str) -> Value {
    let path = format!(
        "/subscriptions/{}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/{rest}/listKeys?api-version={api_version}",
        arm.subscription_id()
    );
    let (status, body) = post(arm, &path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    serde_json::from_str(&body).expect("the body is JSON")
}

async fn post(arm: &Arm, path: &str) -> (StatusCode, String) {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", arm.token()))
        .header("content-length", "0")
        .body(Body::empty())
        .expect("the test's request is well-formed");
    let response = arm.router().oneshot(request).await;
    let (head, body) = response.expect("a router does not fail").into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let body = body.expect("the body is in memory").to_vec();
    (head.status, String::from_utf8(body).expect("UTF-8"))
}

/// The text of every file of spec/examples: the documents, not what the crate made of them.
fn examples() -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("spec/examples can be read") {
            let path: PathBuf = entry.expect("spec/examples can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push(fs::read_to_string(path).expect("an example is UTF-8"));
            }
        }
    }
    texts
}

/// The slice of an example's text that is its body for 200.
fn body_of(text: &str) -> &str {
    type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;
    ["responses", "200", "body"]
        .iter()
        .fold(text, |text, field| {
            let fields: Fields<'_> =
                serde_json::from_str(text).expect("an example is made of objects");
            fields[field].get()
        })
}
