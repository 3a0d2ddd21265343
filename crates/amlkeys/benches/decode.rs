//! Decoding, next to serde_json into plain structs with String fields.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;

use amlkeys::{ApiVersion, ComputeSecrets, WorkspaceKeys};
use criterion::{Criterion, criterion_group, criterion_main};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct Aks {
    compute_type: String,
    user_kube_config: Option<String>,
    admin_kube_config: Option<String>,
    image_pull_secret_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct Databricks {
    compute_type: String,
    databricks_access_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct VirtualMachine {
    compute_type: String,
    administrator_account: Option<Account>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct Account {
    username: Option<String>,
    password: Option<String>,
    public_key_data: Option<String>,
    private_key_data: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct Abacus {
    compute_type: String,
    rods: Vec<Rod>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only decoded")]
struct Rod {
    beads: String,
    number: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct Workspace {
    user_storage_key: Option<String>,
    user_storage_resource_id: Option<String>,
    app_insights_instrumentation_key: Option<String>,
    container_registry_credentials: Option<Registry>,
    notebook_access_keys: Option<Notebooks>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only decoded")]
struct Registry {
    location: Option<String>,
    username: Option<String>,
    passwords: Option<Vec<Password>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only decoded")]
struct Password {
    name: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only decoded")]
struct Notebooks {
    primary_access_key: Option<String>,
    secondary_access_key: Option<String>,
}

fn computes(criterion: &mut Criterion) {
    let kubeconfig = kubeconfig();
    let key = "k".repeat(1600);
    let aks = format!(
        r#""userKubeConfig":{kubeconfig},"adminKubeConfig":{kubeconfig},"imagePullSecretName":"n""#
    );
    let machine = format!(
        r#""administratorAccount":{{"username":"azureuser","password":"{}","publicKeyData":"{}","privateKeyData":"{key}"}}"#,
        "p".repeat(24),
        "k".repeat(400)
    );
    let databricks = format!(r#""databricksAccessToken":"dapi{}""#, "0".repeat(32));
    let abacus =
        r#""rods":[{"beads":"a secret of ten","number":10},{"beads":"another","number":1}]"#;
    compute::<Aks>(criterion, "AKS", &aks);
    compute::<Databricks>(criterion, "Databricks", &databricks);
    compute::<VirtualMachine>(criterion, "VirtualMachine", &machine);
    compute::<Abacus>(criterion, "Abacus", abacus);
}

fn compute<Plain: DeserializeOwned>(criterion: &mut Criterion, tag: &str, rest: &str) {
    for (place, body) in [
        ("first", format!(r#"{{"computeType":"{tag}",{rest}}}"#)),
        ("last", format!(r#"{{{rest},"computeType":"{tag}"}}"#)),
    ] {
        let body = body.as_bytes();
        let mut group = criterion.benchmark_group(format!("{tag}, computeType {place}"));
        group.bench_function("plain", |bencher| {
            bencher.iter_with_large_drop(|| plain::<Plain>(body));
        });
        group.bench_function("amlkeys", |bencher| {
            let version = ApiVersion::V2025_09_01;
            let decode = || ComputeSecrets::try_from_json(black_box(body), &version).unwrap();
            bencher.iter_with_large_drop(decode);
        });
    }
}

fn workspaces(criterion: &mut Criterion) {
    let key = "k".repeat(88);
    let body = format!(
        r#"{{"userStorageKey":"{key}","userStorageResourceId":"/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/testrg123/providers/Microsoft.Storage/storageAccounts/testsa","appInsightsInstrumentationKey":"00000000-1111-2222-3333-444444444444","containerRegistryCredentials":{{"location":"eastus","username":"registry","passwords":[{{"name":"password","value":"{key}"}},{{"name":"password2","value":"{key}"}}]}},"notebookAccessKeys":{{"primaryAccessKey":"{key}","secondaryAccessKey":"{key}"}}}}"#
    );
    let body = body.as_bytes();
    let mut group = criterion.benchmark_group("workspace");
    group.bench_function("plain", |bencher| {
        bencher.iter_with_large_drop(|| plain::<Workspace>(body));
    });
    group.bench_function("amlkeys", |bencher| {
        let version = ApiVersion::V2023_10_01;
        let decode = || WorkspaceKeys::try_from_json(black_box(body), &version).unwrap();
        bencher.iter_with_large_drop(decode);
    });
}

fn plain<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(black_box(body)).unwrap()
}

/// A kubeconfig of 20 KB as JSON: lines of base64, each end of line escaped.
fn kubeconfig() -> String {
    let line = format!("    certificate-authority-data: {}\n", "QUJD".repeat(24));
    let text: String = line.chars().cycle().take(20 * 1024).collect();
    serde_json::to_string(&text).unwrap()
}

criterion_group!(decoding, computes, workspaces);
criterion_main!(decoding);
