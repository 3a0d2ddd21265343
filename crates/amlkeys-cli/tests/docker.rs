//! docker and this program: what docker is told, and what it asks.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use support::{amlkeys, end, write};

const LOGIN: [&str; 7] = [
    "workspace",
    "docker-login",
    "--emulator",
    "-n",
    "fullworkspace",
    "-g",
    "testrg123",
];
const PASSWORD: &str = "invented-registry-password";

/// A `docker` that records how it is run and ends with this exit code.
fn docker(code: i32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let docker = folder.path().join("docker");
    let script = format!(
        "#!/bin/sh\ncd '{}'\necho \"$@\" > arguments\n/bin/cat > input\n/usr/bin/env > environment\necho Login said\nexit {code}\n",
        folder.path().display()
    );
    fs::write(&docker, script).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn login(path: &Path, more: &[&str]) -> Output {
    let mut command = amlkeys(&[&LOGIN, more].concat());
    command
        .env("PATH", path)
        .env("AZURE_CLIENT_SECRET", "canary-client-secret");
    command.output().unwrap()
}

#[test]
fn docker_gets_the_password_on_its_standard_input_alone() {
    let docker = docker(0);
    let recorded = |name| fs::read_to_string(docker.path().join(name)).unwrap();
    let output = login(docker.path(), &[]);
    assert_eq!(end(&output), (Some(0), "", "Login said\n"));
    let arguments =
        "login --username inventedregistry --password-stdin -- inventedregistry.azurecr.io\n";
    assert_eq!(recorded("arguments"), arguments);
    assert_eq!(recorded("input"), PASSWORD);
    let environment = recorded("environment");
    assert!(
        !environment.contains(PASSWORD) && !environment.contains("canary"),
        "{environment}"
    );
    login(docker.path(), &["--login-server", "mine.example"]);
    assert!(recorded("arguments").ends_with(" mine.example\n"));
}

#[test]
fn a_docker_that_fails_or_is_missing_is_exit_code_1() {
    let output = login(docker(3).path(), &[]);
    let (code, stdout, stderr) = end(&output);
    assert_eq!((code, stdout), (Some(1), ""));
    assert!(
        stderr.starts_with("Login said\nerror: docker could not sign in to "),
        "{stderr}"
    );
    let output = login(Path::new("/nonexistent"), &[]);
    let (code, _, stderr) = end(&output);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("hint: other tools can use what --print prints"),
        "{stderr}"
    );
}

#[test]
fn print_is_a_config_json_of_docker() {
    let output = login(Path::new("/nonexistent"), &["--print"]);
    let (code, stdout, stderr) = end(&output);
    assert_eq!((code, stderr), (Some(0), ""));
    let config: serde_json::Value = serde_json::from_str(stdout).unwrap();
    let auth = "aW52ZW50ZWRyZWdpc3RyeTppbnZlbnRlZC1yZWdpc3RyeS1wYXNzd29yZA==";
    assert_eq!(config["auths"]["inventedregistry.azurecr.io"]["auth"], auth);
}

/// Runs the program by its second name, as docker does.
fn helper(action: &str, server: &str, config: &Path, env: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("docker-credential-amlkeys");
    symlink(env!("CARGO_BIN_EXE_amlkeys"), &link).unwrap();
    let mut child = Command::new(link)
        .args([action, "--emulator"])
        .env_clear()
        .env("AZURE_CONFIG_DIR", config)
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(server.as_bytes());
    child.wait_with_output().unwrap()
}

const NOT_FOUND: (Option<i32>, &str, &str) =
    (Some(1), "credentials not found in native keychain\n", "");

const CREDENTIALS: &str = r#"{"ServerURL":"https://mine.example","Username":"inventedregistry","Secret":"invented-registry-password"}
"#;

fn mapped() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let id = "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/testrg123/providers/Microsoft.MachineLearningServices/workspaces/fullworkspace";
    write(
        folder.path().join("config"),
        &format!("[amlkeys_registries]\nmine.example = {id}\n"),
    );
    folder
}

#[test]
fn a_mapped_host_gets_the_credentials_of_its_workspace() {
    let config = mapped();
    let output = helper("get", "https://mine.example\n", config.path(), &[]);
    assert_eq!(end(&output), (Some(0), CREDENTIALS, ""));
    let output = helper("get", "other.example", config.path(), &[]);
    assert_eq!(end(&output), NOT_FOUND);
    let output = helper("list", "", config.path(), &[]);
    assert_eq!(end(&output), (Some(0), "{\"mine.example\":\"mine\"}\n", ""));
}

#[test]
fn the_default_workspace_answers_for_its_own_registry_alone() {
    let none = Path::new("no-such-folder");
    let defaults = [
        ("AZURE_DEFAULTS_GROUP", "testrg123"),
        ("AZURE_DEFAULTS_WORKSPACE", "fullworkspace"),
    ];
    let output = helper("get", "inventedregistry.azurecr.io", none, &defaults);
    let (code, stdout, _) = end(&output);
    assert_eq!(code, Some(0));
    assert!(stdout.contains(PASSWORD), "{stdout}");
    for host in [
        "other.azurecr.io",
        "docker.io",
        "inventedregistry.azurecr.io.example",
        "",
    ] {
        assert_eq!(
            end(&helper("get", host, none, &defaults)),
            NOT_FOUND,
            "{host}"
        );
    }
    assert_eq!(
        end(&helper("get", "inventedregistry.azurecr.io", none, &[])),
        NOT_FOUND
    );
}

#[test]
fn nothing_is_stored_and_nothing_is_there_to_erase() {
    let none = Path::new("no-such-folder");
    let login = r#"{"ServerURL":"a.example","Username":"u","Secret":"canary-secret"}"#;
    let output = helper("store", login, none, &[]);
    let (code, stdout, stderr) = end(&output);
    assert_eq!((code, stderr), (Some(1), ""));
    assert!(stdout.starts_with("error: nothing is stored") && !stdout.contains("canary"));
    assert_eq!(
        end(&helper("erase", "a.example", none, &[])),
        (Some(0), "", "")
    );
}

#[test]
fn a_failure_of_the_call_is_said_on_stdout_where_docker_reads_it() {
    let defaults = [
        ("AZURE_DEFAULTS_GROUP", "testrg123"),
        ("AZURE_DEFAULTS_WORKSPACE", "nowhere"),
    ];
    let output = helper(
        "get",
        "a.azurecr.io",
        Path::new("no-such-folder"),
        &defaults,
    );
    let (code, stdout, stderr) = end(&output);
    assert_eq!((code, stderr), (Some(1), ""));
    assert!(
        stdout.starts_with("error: workspace `nowhere` was not found"),
        "{stdout}"
    );
}
