//! Decoding, next to serde_json into plain structs with String fields.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark"
)]

use std::fmt::Debug;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use amlkeys::{ApiVersion, ComputeSecrets, WorkspaceKeys};
use criterion::Criterion;
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

/// A body, and the time that each decodes it so many times in.
struct Row {
    name: String,
    body: String,
    plain: fn(&[u8], u64) -> Duration,
    amlkeys: fn(&[u8], u64) -> Duration,
}

fn rows() -> Vec<Row> {
    let kubeconfig = kubeconfig();
    let key = "k".repeat(1600);
    let aks = format!(
        r#""userKubeConfig":{kubeconfig},"adminKubeConfig":{kubeconfig},"imagePullSecretName":"n""#
    );
    let databricks = format!(r#""databricksAccessToken":"dapi{}""#, "0".repeat(32));
    let machine = format!(
        r#""administratorAccount":{{"username":"azureuser","password":"{}","publicKeyData":"{}","privateKeyData":"{key}"}}"#,
        "p".repeat(24),
        "k".repeat(400)
    );
    let abacus =
        r#""rods":[{"beads":"a secret of ten","number":10},{"beads":"another","number":1}]"#;
    let mut rows = Vec::new();
    rows.extend(compute::<Aks>("AKS", &aks));
    rows.extend(compute::<Databricks>("Databricks", &databricks));
    rows.extend(compute::<VirtualMachine>("VirtualMachine", &machine));
    rows.extend(compute::<Abacus>("Abacus", abacus));
    rows.push(workspace());
    rows
}

fn compute<Plain: DeserializeOwned>(tag: &str, rest: &str) -> [Row; 2] {
    let row = |place: &str, body| Row {
        name: format!("{tag}, computeType {place}"),
        body,
        plain: plain::<Plain>,
        amlkeys: |body, times| {
            let version = ApiVersion::V2025_09_01;
            time(times, || {
                ComputeSecrets::try_from_json(black_box(body), &version)
            })
        },
    };
    [
        row("first", format!(r#"{{"computeType":"{tag}",{rest}}}"#)),
        row("last", format!(r#"{{{rest},"computeType":"{tag}"}}"#)),
    ]
}

fn workspace() -> Row {
    let key = "k".repeat(88);
    Row {
        name: "workspace".to_owned(),
        body: format!(
            r#"{{"userStorageKey":"{key}","userStorageResourceId":"/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/testrg123/providers/Microsoft.Storage/storageAccounts/testsa","appInsightsInstrumentationKey":"00000000-1111-2222-3333-444444444444","containerRegistryCredentials":{{"location":"eastus","username":"registry","passwords":[{{"name":"password","value":"{key}"}},{{"name":"password2","value":"{key}"}}]}},"notebookAccessKeys":{{"primaryAccessKey":"{key}","secondaryAccessKey":"{key}"}}}}"#
        ),
        plain: plain::<Workspace>,
        amlkeys: |body, times| {
            let version = ApiVersion::V2023_10_01;
            time(times, || {
                WorkspaceKeys::try_from_json(black_box(body), &version)
            })
        },
    }
}

fn plain<T: DeserializeOwned>(body: &[u8], times: u64) -> Duration {
    time(times, || serde_json::from_slice::<T>(black_box(body)))
}

/// The time that decoding takes, without that of dropping what was decoded.
fn time<T, E: Debug>(times: u64, decode: impl Fn() -> Result<T, E>) -> Duration {
    const KEPT_AT_ONCE: u64 = 32;
    let mut left = times;
    let mut total = Duration::ZERO;
    while left > 0 {
        let batch = left.min(KEPT_AT_ONCE);
        let mut kept = Vec::with_capacity(batch as usize);
        let start = Instant::now();
        kept.extend((0..batch).map(|_| decode().unwrap()));
        total += start.elapsed();
        left -= batch;
    }
    total
}

/// A kubeconfig of 20 KB as JSON: lines of base64, each end of line escaped.
fn kubeconfig() -> String {
    let line = format!("    certificate-authority-data: {}\n", "QUJD".repeat(24));
    let text: String = line.chars().cycle().take(20 * 1024).collect();
    serde_json::to_string(&text).unwrap()
}

fn benchmark(rows: &[Row]) {
    let mut criterion = Criterion::default().configure_from_args();
    for row in rows {
        let body = row.body.as_bytes();
        let mut group = criterion.benchmark_group(&row.name);
        group.bench_function("plain", |bencher| {
            bencher.iter_custom(|times| (row.plain)(body, times));
        });
        group.bench_function("amlkeys", |bencher| {
            bencher.iter_custom(|times| (row.amlkeys)(body, times));
        });
    }
    criterion.final_summary();
}

/// The median of many short rounds in which both take turns, so that what else
/// the machine does hits both.
fn ratio(row: &Row) -> f64 {
    const ROUNDS: usize = 1001;
    const ROUND: Duration = Duration::from_micros(200);
    let body = row.body.as_bytes();
    let once = (row.plain)(body, 1000) / 1000;
    let times = ROUND.div_duration_f64(once).ceil() as u64;
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|round| {
            let (plain, amlkeys);
            if round % 2 == 0 {
                plain = (row.plain)(body, times);
                amlkeys = (row.amlkeys)(body, times);
            } else {
                amlkeys = (row.amlkeys)(body, times);
                plain = (row.plain)(body, times);
            }
            amlkeys.div_duration_f64(plain)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

/// With `--check`, only the ratios, and failure if one is above what is wanted.
fn main() -> ExitCode {
    const WANTED: f64 = 1.2;
    let is_given = |flag: &str| std::env::args().any(|argument| argument == flag);
    let rows = rows();
    if !is_given("--check") {
        benchmark(&rows);
    }
    if is_given("--test") || is_given("--list") {
        return ExitCode::SUCCESS;
    }
    // As the table of `cargo xtask bench` has its lines.
    println!("\ndecoding: SDK beside serde_json into structs with String fields");
    let mut holds = true;
    for row in &rows {
        let ratio = ratio(row);
        let verdict = if ratio <= WANTED { "ok " } else { "BAD" };
        println!(
            "  {:42}  {ratio:<52.2}  {verdict} {WANTED:.2} at most",
            row.name
        );
        holds &= ratio <= WANTED;
    }
    ExitCode::from(u8::from(is_given("--check") && !holds))
}
