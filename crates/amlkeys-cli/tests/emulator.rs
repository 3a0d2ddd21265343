//! `amlkeys emulator`: the real binary, from its one line to its end.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Stdio;
use std::time::Duration;

use amlkeys_emulator::Emulator;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running `amlkeys emulator`, killed when dropped.
struct Running {
    child: Child,
    line: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amlkeys"));
    command
        .arg("emulator")
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Running {
    async fn start(args: &[&str]) -> Self {
        let mut child = command(&[&["--port", "0"], args].concat()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
        stdout.read_line(&mut line).await.unwrap();
        Self { child, line }
    }

    fn ready(&self) -> Value {
        serde_json::from_str(&self.line).unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-s", name, &id]).status().unwrap().success());
    }

    /// The exit code, the rest of stdout, and stderr.
    async fn end(self) -> (Option<i32>, String, String) {
        let output = self.child.wait_with_output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

async fn connect(ready: &Value) -> TcpStream {
    let url = ready["url"].as_str().unwrap();
    let (_, address) = url.split_once("://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

async fn list_keys(ready: &Value, connection: &str) -> String {
    let request = format!(
        "POST /subscriptions/{}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/fullworkspace/listKeys\
         ?api-version=2025-09-01 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-length: 0\r\nconnection: {connection}\r\n\r\n",
        ready["subscription"].as_str().unwrap(),
        ready["token"].as_str().unwrap(),
    );
    let mut stream = connect(ready).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_json_line_is_all_that_a_client_needs() {
    let emulator = Running::start(&["-o", "json", "--verbose"]).await;
    let ready = emulator.ready();
    assert_eq!(ready.get("ca"), None);
    let answer = list_keys(&ready, "close").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    emulator.signal("TERM");
    let (code, stdout, stderr) = emulator.end().await;
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    assert!(
        stderr.contains("fullworkspace/listKeys") && stderr.contains("status=200"),
        "{stderr}"
    );
    let token = ready["token"].as_str().unwrap();
    assert!(!stderr.contains(token), "{stderr}");
}

#[tokio::test]
async fn ctrl_c_is_how_it_ends_even_while_a_connection_is_kept_open() {
    let emulator = Running::start(&[]).await;
    let (_, url) = emulator.line.split_once("ready at ").unwrap();
    let url = url.split(',').next().unwrap();
    let mut open = connect(&serde_json::json!({ "url": url })).await;
    emulator.signal("INT");
    let (code, _, stderr) = emulator.end().await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let _ = open.read(&mut [0]).await;
}

#[tokio::test]
async fn tls_keeps_its_authority_and_says_how_to_trust_it() {
    let folder = tempfile::tempdir().unwrap();
    let azure = folder.path().to_str().unwrap();
    let mut authorities = Vec::new();
    for _ in 0..2 {
        let mut child = command(&["--port", "0", "--tls", "-o", "json"])
            .env("AZURE_CONFIG_DIR", azure)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.as_mut().unwrap());
        stdout.read_line(&mut line).await.unwrap();
        let emulator = Running { child, line };
        let ready = emulator.ready();
        assert!(ready["url"].as_str().unwrap().starts_with("https://"));
        let ca = ready["ca"].as_str().unwrap();
        authorities.push(std::fs::read_to_string(ca).unwrap());

        emulator.signal("TERM");
        let (_, _, stderr) = emulator.end().await;
        assert!(stderr.contains(&format!("ca={ca}\n")), "{stderr}");
        assert!(stderr.contains("SSL_CERT_FILE=\"$ca\""), "{stderr}");
    }
    assert_eq!(authorities[0], authorities[1]);
}

#[tokio::test]
async fn another_loopback_address_is_no_reason_to_warn() {
    let emulator = Running::start(&["--address", "127.0.0.2", "-o", "json"]).await;
    let url = emulator.ready()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.2:"), "{url}");
    emulator.signal("TERM");
    assert_eq!(emulator.end().await.2, "");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let other = Emulator::builder().with_plain_http().start().await.unwrap();
    let port = other.endpoint().rsplit(':').next().unwrap();
    let output = command(&["--port", port]).output().await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(
        stderr.contains(&format!("127.0.0.1:{port}")) && stderr.contains("hint: "),
        "{stderr}"
    );
}

#[tokio::test]
async fn an_unusable_folder_of_certificates_is_named_and_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca-key.pem"), "no key").unwrap();
    let folder = folder.path().to_str().unwrap();
    let output = command(&["--port", "0", "--tls", "--cert-dir", folder])
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(
        stderr.contains(folder) && stderr.contains("delete both"),
        "{stderr}"
    );
}

#[tokio::test]
async fn the_printed_state_is_one_that_it_starts_with() {
    let printed = command(&["--print-state"]).output().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.yaml");
    std::fs::write(&file, printed.stdout).unwrap();
    let file = file.to_str().unwrap();
    let emulator = Running::start(&["-o", "json", "--state", file]).await;
    let answer = list_keys(&emulator.ready(), "close").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let schema = command(&["--print-state-schema"]).output().await.unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(schema["properties"]["subscriptions"].is_object());
}

#[tokio::test]
async fn a_state_that_changes_is_taken_over_and_a_bad_one_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let state = |group: &str| {
        format!(
            r#"{{"subscriptions": {{"34adfa4f-cedf-4dc0-ba29-b6d1a69ab345": {{"resourceGroups":
            {{"{group}": {{"workspaces": {{"fullworkspace": {{"keys": {{}}}}}}}}}}}}}}}}"#
        )
    };
    std::fs::write(&file, state("another")).unwrap();
    let path = file.to_str().unwrap();
    let mut emulator = Running::start(&["-o", "json", "--state", path, "--throttle", "off"]).await;
    let ready = emulator.ready();
    assert!(
        list_keys(&ready, "close")
            .await
            .starts_with("HTTP/1.1 404 ")
    );

    std::fs::write(&file, state("testrg123")).unwrap();
    let taken_over = async {
        while !list_keys(&ready, "close")
            .await
            .starts_with("HTTP/1.1 200 ")
        {}
    };
    let taken_over = tokio::time::timeout(Duration::from_secs(30), taken_over).await;
    taken_over.expect("taken over within 30 s");

    std::fs::write(&file, "\n  nonsense: 1\n").unwrap();
    let mut warning = String::new();
    let mut stderr = BufReader::new(emulator.child.stderr.as_mut().unwrap());
    stderr.read_line(&mut warning).await.unwrap();
    assert!(warning.contains(&format!("{path}:2:3: ")), "{warning}");
    assert!(
        list_keys(&ready, "close")
            .await
            .starts_with("HTTP/1.1 200 ")
    );
}

#[tokio::test]
async fn a_bad_state_starts_nothing() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"\nsubscriptions: [\n").unwrap();
    let path = file.path().to_str().unwrap();
    let output = command(&["--port", "0", "--state", path])
        .output()
        .await
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(output.stdout.is_empty());
    assert!(stderr.contains(&format!("{path}:2:16: ")), "{stderr}");
}

#[tokio::test]
async fn the_throttle_is_set() {
    for (throttle, is_throttled) in [("1/s", true), ("off", false)] {
        let emulator = Running::start(&["-o", "json", "--throttle", throttle]).await;
        let ready = emulator.ready();
        let mut statuses = Vec::new();
        for _ in 0..210 {
            let answer = list_keys(&ready, "close").await;
            statuses.push(answer["HTTP/1.1 ".len()..][..3].to_owned());
        }
        assert_eq!(statuses.contains(&"429".to_owned()), is_throttled);
    }
}

#[tokio::test]
async fn flags_that_say_whom_to_ask_are_refused() {
    for flags in [
        &["--emulator"][..],
        &["--endpoint", "https://localhost"],
        &["--subscription", "s"],
        &["--api-version", "2025-09-01"],
        &["--timeout", "1"],
        &["--show-secrets"],
        &["-o", "table"],
        &["--cert-dir", "/"],
        &["--throttle", "0/s"],
    ] {
        let output = command(flags).output().await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {stderr}");
        assert!(output.stdout.is_empty());
    }
}
