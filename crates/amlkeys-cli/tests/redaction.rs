//! A secret is on stdout where it was asked for, and nowhere else: every verb, in
//! every format, against servers whose every secret can be recognised.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Stdio;

use amlkeys_stub::{Answer, Stub};
use tempfile::TempDir;
use tokio::process::Command;

/// In each secret, in the token and in what it was got with.
const CANARY: &str = "canary";
const MASK: &str = "********";

const KEYS: &str = r#"{"userStorageKey":"canary-1","appInsightsInstrumentationKey":"canary-2",
    "containerRegistryCredentials":{"username":"u","passwords":[{"name":"password","value":"canary-3"}]},
    "notebookAccessKeys":{"primaryAccessKey":"canary-4","secondaryAccessKey":"canary-5"},"new":"canary-6"}"#;
const FORMATS: [&str; 6] = ["json", "jsonc", "yaml", "table", "tsv", "none"];
/// What `list-keys` of many is refused in otherwise: one line for each resource.
const LINES: [&str; 3] = ["json", "tsv", "none"];
const WORKSPACE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/abc";

fn formats_of(verb: &[&str]) -> &'static [&'static str] {
    match verb[0] {
        "list-keys" => &LINES,
        _ => &FORMATS,
    }
}

fn secrets_of(compute: &str) -> &'static str {
    match compute {
        "aks" => {
            r#"{"computeType":"AKS","userKubeConfig":"canary-1","adminKubeConfig":"canary-2","imagePullSecretName":"n"}"#
        }
        "databricks" => r#"{"computeType":"Databricks","databricksAccessToken":"canary-1"}"#,
        "machine" => {
            r#"{"computeType":"VirtualMachine","administratorAccount":{"username":"u","password":"canary-1","publicKeyData":"canary-2","privateKeyData":"canary-3"}}"#
        }
        _ => r#"{"computeType":"Abacus","beads":["canary-1",{"deep":"canary-2"}],"count":4711}"#,
    }
}

/// An authority and an Azure Resource Manager.
struct Azure {
    authority: Stub,
    arm: Stub,
    folder: TempDir,
}

impl Azure {
    async fn start() -> Self {
        Self::answering(|head| {
            let path = head.split(' ').nth(1).unwrap();
            Answer::kept_json(match path.split("/computes/").nth(1) {
                Some(compute) => secrets_of(compute.split('/').next().unwrap()),
                None => KEYS,
            })
        })
        .await
    }

    async fn answering(arm: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let token =
            r#"{"token_type":"Bearer","expires_in":3599,"access_token":"canary-access-token"}"#;
        let azure = Self {
            authority: Stub::script([Answer::kept_json(token)]).await,
            arm: Stub::answering(arm).await,
            folder: tempfile::tempdir().unwrap(),
        };
        let trusted = format!("{}{}", azure.authority.ca_pem, azure.arm.ca_pem);
        std::fs::write(azure.folder.path().join("ca.pem"), trusted).unwrap();
        azure
    }

    /// Runs `amlkeys` as talkative as it can be made: exit code, stdout, stderr.
    async fn says(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_amlkeys"))
            .args(args)
            .args(["--verbose", "--endpoint", &self.arm.endpoint])
            .env_clear()
            .env("AZURE_CONFIG_DIR", "no-such-folder")
            .env("AZURE_AUTHORITY_HOST", &self.authority.endpoint)
            .env("AZURE_TENANT_ID", "tenant")
            .env("AZURE_CLIENT_ID", "client")
            .env("AZURE_CLIENT_SECRET", "canary-client-secret")
            .env("AZURE_SUBSCRIPTION_ID", "s")
            .env("AZURE_DEFAULTS_GROUP", "g")
            .env("AZURE_DEFAULTS_WORKSPACE", "abc")
            .env("RUST_LOG", "trace")
            .env("SSL_CERT_FILE", self.path("ca.pem"))
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn path(&self, name: &str) -> String {
        let path: &Path = self.folder.path();
        path.join(name).to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_is_not_asked_for_is_on_neither_stream_in_any_format() {
    let azure = Azure::start().await;
    let compute = format!("{WORKSPACE}/computes/aks");
    let abacus = format!("{WORKSPACE}/computes/abacus");
    for verb in [
        &["workspace", "list-keys"][..],
        &["workspace", "list-keys", "--query", "[keys(@), values(@)]"],
        &["compute", "list-keys", "-n", "aks"],
        &["compute", "list-keys", "-n", "databricks"],
        &["compute", "list-keys", "-n", "machine"],
        &["compute", "list-keys", "-n", "abacus"],
        &["compute", "list-keys", "--ids", &compute, &abacus],
        &[
            "list-keys",
            "--query",
            "[id, keys]",
            "--ids",
            WORKSPACE,
            &compute,
            &abacus,
        ],
        &["config", "show"],
        &["version"],
    ] {
        for format in formats_of(verb) {
            let args = [verb, &["-o", format]].concat();
            let (code, stdout, stderr) = azure.says(&args).await;
            assert_eq!(code, Some(0), "{args:?}: {stderr}");
            for shown in [&stdout, &stderr] {
                assert!(!shown.contains(CANARY), "{args:?}: {shown}");
                assert!(!shown.contains("4711"), "{args:?}: {shown}");
            }
            // A table and tsv leave out what is nested.
            if verb.contains(&"list-keys") && ["json", "jsonc", "yaml"].contains(format) {
                assert!(stdout.contains(MASK), "{args:?}: {stdout}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_asked_for_is_on_stdout_alone_and_a_token_nowhere() {
    let azure = Azure::start().await;
    let mut runs = vec![
        vec!["compute", "kubeconfig", "-n", "aks"],
        vec!["compute", "kubeconfig", "-n", "aks", "--admin"],
        vec!["workspace", "docker-login", "--print"],
    ];
    for format in ["dotenv", "posix", "fish", "powershell", "github"] {
        runs.push(vec!["workspace", "env", "--format", format]);
    }
    for verb in [
        &["workspace", "list-keys"][..],
        &["compute", "list-keys", "-n", "databricks"],
        &[
            "list-keys",
            "--query",
            "[keys.userStorageKey]",
            "--ids",
            WORKSPACE,
        ],
    ] {
        for format in formats_of(verb).iter().filter(|it| **it != "none") {
            runs.push([verb, &["--show-secrets", "-o", format]].concat());
        }
    }
    for args in runs {
        let (code, stdout, stderr) = azure.says(&args).await;
        assert_eq!(code, Some(0), "{args:?}: {stderr}");
        assert!(!stderr.contains(CANARY), "{args:?}: {stderr}");
        // `docker-login --print` encodes the password.
        let is_encoded = args.contains(&"--print");
        assert!(
            is_encoded || stdout.contains("canary-"),
            "{args:?}: {stdout}"
        );
        for never in ["canary-access-token", "canary-client-secret"] {
            assert!(!stdout.contains(never), "{args:?}: {stdout}");
        }
    }
}

#[tokio::test]
async fn a_secret_that_goes_to_a_file_is_on_neither_stream() {
    let azure = Azure::start().await;
    let path = azure.path("secret");
    for verb in [
        &["compute", "kubeconfig", "-n", "aks"][..],
        &["compute", "ssh-key", "-n", "machine"],
        &["workspace", "env"],
    ] {
        let (code, stdout, stderr) = azure.says(&[verb, &["--file", &path]].concat()).await;
        assert_eq!((code, &*stdout), (Some(0), ""), "{verb:?}: {stderr}");
        assert!(!stderr.contains(CANARY), "{verb:?}: {stderr}");
        assert!(std::fs::read_to_string(&path).unwrap().contains(CANARY));
        std::fs::remove_file(&path).unwrap();
    }
}

#[tokio::test]
async fn a_failure_shows_nothing_of_an_answer_in_any_format() {
    const REFUSED: &str = r#"{"error":{"code":"Some","message":"why","additionalInfo":[{"type":"t","info":{"a":"canary"}}]},"b":"canary"}"#;
    for (status, body) in [
        (
            "200 OK",
            r#"{"computeType":"AKS","adminKubeConfig":["canary"]}"#,
        ),
        ("200 OK", r#"{"userStorageKey":"canary"#),
        ("200 OK", "canary"),
        ("403 x", REFUSED),
        ("404 x", REFUSED),
        ("500 x", "<html>canary</html>"),
    ] {
        let azure = Azure::answering(move |_| {
            Answer::kept(
                status,
                &["content-type: application/json", "retry-after: 3600"],
                body,
            )
        })
        .await;
        for verb in [
            &["compute", "list-keys", "-n", "aks"][..],
            &["compute", "kubeconfig", "-n", "aks", "--show-secrets"],
            &["list-keys", "--query", "[error]", "--ids", WORKSPACE],
        ] {
            for format in ["json", "tsv"] {
                let args = [verb, &["-o", format]].concat();
                let (_, stdout, stderr) = azure.says(&args).await;
                assert!(!stdout.contains(CANARY), "{args:?}: {stdout}");
                assert!(!stderr.contains(CANARY), "{args:?}: {stderr}");
            }
        }
    }
}
