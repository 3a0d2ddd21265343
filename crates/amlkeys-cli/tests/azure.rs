//! The same binary against a server that is not the emulator: it signs in
//! through azure_identity and calls over https, as it does with Azure.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::process::{Output, Stdio};

use amlkeys_stub::{Stub, answer, header, json};
use tempfile::NamedTempFile;
use tokio::process::Command;

const SECRET: &str = "canary-client-secret";
const TOKEN: &str = "canary-access-token";

/// Runs `amlkeys` with nothing in its environment but what reaches the stubs.
async fn amlkeys(authority: &Stub, arm: &Stub, args: &[&str]) -> Output {
    let trusted = trusted(authority, arm);
    let mut command = prepared(authority, arm, &trusted, args);
    command.output().await.unwrap()
}

/// A file with the certificate authorities of both.
fn trusted(authority: &Stub, arm: &Stub) -> NamedTempFile {
    let mut trusted = NamedTempFile::new().unwrap();
    trusted.write_all(authority.ca_pem.as_bytes()).unwrap();
    trusted.write_all(arm.ca_pem.as_bytes()).unwrap();
    trusted
}

fn prepared(authority: &Stub, arm: &Stub, trusted: &NamedTempFile, args: &[&str]) -> Command {
    let mut command = signed_in(authority, trusted, args);
    command.args(["--endpoint", &arm.endpoint]);
    command
}

fn signed_in(authority: &Stub, trusted: &NamedTempFile, args: &[&str]) -> Command {
    let mut command = command(args);
    command
        .env("SSL_CERT_FILE", trusted.path())
        .env("AZURE_AUTHORITY_HOST", &authority.endpoint)
        .env("AZURE_TENANT_ID", "tenant")
        .env("AZURE_CLIENT_ID", "client")
        .env("AZURE_CLIENT_SECRET", SECRET)
        .env("AZURE_SUBSCRIPTION_ID", "sub");
    command
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amlkeys"));
    command
        .args(args)
        .env_clear()
        .env("AZURE_CONFIG_DIR", "no-such-folder")
        .stdin(Stdio::null());
    command
}

fn token_answer() -> Vec<u8> {
    let body = format!(
        r#"{{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"{TOKEN}"}}"#
    );
    json("200 OK", &body)
}

const LIST: [&str; 6] = [
    "workspace",
    "list-keys",
    "-n",
    "workspaces123",
    "-g",
    "testrg123",
];

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn it_signs_in_with_a_client_secret_and_lists_keys() {
    let authority = Stub::start([token_answer()]).await;
    let arm = Stub::start([json("200 OK", r#"{"userStorageKey":"canary-key","new":1}"#)]).await;
    let output = amlkeys(
        &authority,
        &arm,
        &[&LIST[..], &["--show-secrets", "--verbose"]].concat(),
    )
    .await;
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(
        stdout.contains(r#""userStorageKey": "canary-key""#),
        "{stdout}"
    );
    assert!(stderr.contains("EnvironmentCredential"), "{stderr}");
    assert!(!stderr.contains("canary"), "{stderr}");
    assert!(authority.requests()[0].starts_with("POST /tenant/oauth2/v2.0/token "));
    let request = &arm.requests()[0];
    assert_eq!(
        header(request, "authorization"),
        Some("Bearer canary-access-token")
    );
}

#[tokio::test]
async fn without_show_secrets_no_secret_is_on_either_stream() {
    let authority = Stub::start([token_answer()]).await;
    let body = r#"{"computeType":"Abacus","beads":["canary-bead"],"deep":{"count":4711}}"#;
    let arm = Stub::start([json("200 OK", body)]).await;
    let args = [
        "compute",
        "list-keys",
        "-n",
        "c",
        "-w",
        "workspaces123",
        "-g",
        "g",
        "--verbose",
    ];
    for format in ["json", "table"] {
        let output = amlkeys(&authority, &arm, &[&args[..], &["-o", format]].concat()).await;
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{shown}");
        assert!(
            !shown.contains("canary") && !shown.contains("4711"),
            "{shown}"
        );
        assert!(
            shown.contains("Abacus") && shown.contains("********"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn each_kind_of_refusal_has_its_exit_code() {
    for (status, headers, code) in [
        ("400 x", "", 1),
        ("401 x", "", 4),
        ("403 x", "", 5),
        ("404 x", "", 3),
        ("429 x", "retry-after: 3600", 6),
        ("503 x", "retry-after: 3600", 6),
        ("302 x", "location: https://localhost/", 1),
    ] {
        let authority = Stub::start([token_answer()]).await;
        let body = r#"{"error":{"code":"Some","message":"why","canary":"canary-body"}}"#;
        let headers: Vec<&str> = headers.lines().collect();
        let arm = Stub::start([answer(status, &headers, body)]).await;
        let output = amlkeys(&authority, &arm, &LIST).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{status}: {stderr}");
        assert!(output.stdout.is_empty());
        assert!(
            stderr.starts_with("error: ") && stderr.contains("code: Some"),
            "{stderr}"
        );
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

#[tokio::test]
async fn a_refused_secret_is_not_signed_in() {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215]}"#;
    let authority = Stub::start([json("401 Unauthorized", body)]).await;
    let arm = Stub::start([json("200 OK", "{}")]).await;
    let output = amlkeys(&authority, &arm, &LIST).await;
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("AADSTS7000215"), "{stderr}");
    assert!(!stderr.contains("canary"), "{stderr}");
    assert!(arm.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_no_token() {
    let authority = Stub::start([token_answer()]).await;
    let mut arm = Stub::start([json("200 OK", "{}")]).await;
    arm.ca_pem = Stub::start([]).await.ca_pem;
    let output = amlkeys(&authority, &arm, &LIST).await;
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
    assert!(arm.requests().is_empty());
}

const LIST_FROM_EMULATOR: [&str; 9] = [
    "compute",
    "list-keys",
    "--emulator",
    "-n",
    "aks",
    "-w",
    "workspaces123",
    "-g",
    "testrg123",
];

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let mut child = command(&LIST_FROM_EMULATOR)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn output_that_cannot_be_written_is_exit_code_7() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = command(&LIST_FROM_EMULATOR);
    let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
}

const ENV: [&str; 8] = [
    "workspace",
    "env",
    "-n",
    "workspaces123",
    "-g",
    "g",
    "--format",
    "github",
];

#[tokio::test]
async fn in_a_workflow_secrets_are_masked_on_the_stream_that_is_no_file() {
    let authority = Stub::start([token_answer()]).await;
    let body = r#"{"userStorageKey":"canary-50%","userStorageResourceId":"/a/b"}"#;
    let arm = Stub::start([json("200 OK", body)]).await;
    let trusted = trusted(&authority, &arm);
    let output = prepared(&authority, &arm, &trusted, &ENV)
        .env("GITHUB_ACTIONS", "true")
        .output()
        .await
        .unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        (output.status.code(), stderr),
        (Some(0), "::add-mask::canary-50%25\n")
    );
    assert!(
        stdout.contains("\ncanary-50%\n") && !stdout.contains("::"),
        "{stdout}"
    );
    let output = amlkeys(&authority, &arm, &ENV).await;
    assert_eq!(
        text(&output.stderr),
        "",
        "outside a workflow nothing reads the masks"
    );
}

#[tokio::test]
async fn a_kubeconfig_is_opaque() {
    let authority = Stub::start([token_answer()]).await;
    let body = r#"{"computeType":"AKS","userKubeConfig":" \u0000\r\n%{\u00fc} no line end"}"#;
    let arm = Stub::start([json("200 OK", body)]).await;
    let args = [
        "compute",
        "kubeconfig",
        "-n",
        "c",
        "-w",
        "workspaces123",
        "-g",
        "g",
    ];
    let output = amlkeys(&authority, &arm, &args).await;
    assert_eq!(output.stdout, " \0\r\n%{\u{fc}} no line end".as_bytes());
    let args = [&args[..], &["--admin"]].concat();
    let output = amlkeys(&authority, &arm, &args).await;
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).ends_with("hint: try --user\n"));
}

#[tokio::test]
async fn a_key_without_a_line_end_gets_one() {
    let authority = Stub::start([token_answer()]).await;
    let body = r#"{"computeType":"VirtualMachine","administratorAccount":{"privateKeyData":"canary-key"}}"#;
    let arm = Stub::start([json("200 OK", body)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let args = [
        "compute",
        "ssh-key",
        "-n",
        "c",
        "-w",
        "workspaces123",
        "-g",
        "g",
        "--file",
    ];
    let output = amlkeys(
        &authority,
        &arm,
        &[&args[..], &[path.to_str().unwrap()]].concat(),
    )
    .await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("canary"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "canary-key\n");
}

#[tokio::test]
async fn a_workspace_without_registry_credentials_has_no_docker_login() {
    let authority = Stub::start([token_answer()]).await;
    let arm = Stub::start([json(
        "200 OK",
        r#"{"containerRegistryCredentials":{"username":"u"}}"#,
    )])
    .await;
    let args = [
        "workspace",
        "docker-login",
        "-n",
        "workspaces123",
        "-g",
        "g",
        "--print",
    ];
    let output = amlkeys(&authority, &arm, &args).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
}

#[tokio::test]
async fn a_name_that_is_no_registry_gets_no_password() {
    let authority = Stub::start([token_answer()]).await;
    let body = r#"{"containerRegistryCredentials":{"username":"evil.example/","passwords":[{"value":"canary"}]}}"#;
    let arm = Stub::start([json("200 OK", body)]).await;
    let args = [
        "workspace",
        "docker-login",
        "-n",
        "workspaces123",
        "-g",
        "g",
        "--print",
    ];
    let output = amlkeys(&authority, &arm, &args).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("--login-server"));
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let wrong_tenant = "The access token is from the wrong issuer 'https://sts.windows.net/11111111-1111-1111-1111-111111111111/'. It must match the tenant 'https://sts.windows.net/22222222-2222-2222-2222-222222222222/' associated with this subscription.";
    for (status, code, message, hint) in [
        (
            "401 x",
            "InvalidAuthenticationTokenTenant",
            wrong_tenant,
            "`az login --tenant 22222222-2222-2222-2222-222222222222`",
        ),
        (
            "401 x",
            "InvalidAuthenticationTokenAudience",
            "wrong",
            "check --cloud",
        ),
        (
            "401 x",
            "ExpiredAuthenticationToken",
            "expired",
            "sign in again with `az login`",
        ),
        (
            "403 x",
            "AuthorizationFailed",
            "no",
            "Microsoft.MachineLearningServices/workspaces/listKeys/action, such as Contributor",
        ),
    ] {
        let authority = Stub::start([token_answer()]).await;
        let body = format!(r#"{{"error":{{"code":"{code}","message":"{message}"}}}}"#);
        let arm = Stub::start([json(status, &body)]).await;
        let output = amlkeys(&authority, &arm, &LIST).await;
        let stderr = text(&output.stderr);
        assert!(stderr.lines().last().unwrap().contains(hint), "{stderr}");
        assert_eq!(stderr.matches("hint: ").count(), 1, "{stderr}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_is_exit_code_130_and_leaves_no_file() {
    let authority = Stub::start([token_answer()]).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kube");
    let endpoint = format!("https://{}", silent.local_addr().unwrap());
    let args = [
        "compute",
        "kubeconfig",
        "-n",
        "c",
        "-w",
        "workspaces123",
        "-g",
        "g",
        "--endpoint",
        &endpoint,
        "--file",
        path.to_str().unwrap(),
    ];
    let trusted = trusted(&authority, &authority);
    let child = signed_in(&authority, &trusted, &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has signed in and waits for an answer that does not come.
    let _connection = silent.accept().await.unwrap();
    let pid = child.id().unwrap().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        ("", "error: interrupted\n")
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
