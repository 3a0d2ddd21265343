//! Transcripts of `cargo xtask diff`: what is printed where, and the exit code.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn diff(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("diff")
        .args(arguments)
        .current_dir(project())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// A folder of excerpts that were made of 2025-09-01.
struct Excerpts(tempfile::TempDir);

impl Excerpts {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// 2025-12-01, with the storage account's id under its newer name, one more
    /// mark, and one more key.
    fn newer(&self) -> String {
        let text = std::fs::read_to_string(project().join("spec/2025-09-01.json")).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        document["info"]["version"] = json!("2025-12-01");
        let schemas = &mut document["components"]["schemas"];
        let keys = schemas["ListWorkspaceKeysResult"]["properties"]
            .as_object_mut()
            .unwrap();
        let id = keys.shift_remove("userStorageResourceId").unwrap();
        keys.insert("userStorageArmId".into(), id);
        keys.insert("feature|key".into(), json!({ "type": "string" }));
        schemas["Password"]["properties"]["value"]["x-ms-secret"] = json!(true);
        self.file("2025-12-01.json", &document.to_string())
    }
}

#[test]
fn no_change_is_a_plain_sentence() {
    let output = diff(&["2023-10-01", "2025-09-01"]);
    assert_eq!(
        stdout(&output),
        "Nothing changed from 2023-10-01 to 2025-09-01.\n"
    );
    assert_eq!(output.stderr, b"");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn text_is_for_people() {
    let excerpts = Excerpts::new();
    let output = diff(&["2025-09-01", &excerpts.newer()]);
    assert_eq!(
        stdout(&output),
        "\
reader-break
  property-renamed  Workspaces_ListKeys  /userStorageResourceId                           userStorageResourceId → userStorageArmId
      amlkeys::WorkspaceKeys::user_storage_resource_id: Nothing to do for amlkeys, which reads both names into this item; who reads the answer itself must read the new name.

secrecy
  became-secret     Workspaces_ListKeys  /containerRegistryCredentials/passwords/*/value  public → secret
      amlkeys::Password::value: Nothing to do: spec/overlay.json calls it secret in both, only upstream's mark changed.

compatible
  property-added    Workspaces_ListKeys  /feature|key                                     – → feature|key
      amlkeys::WorkspaceKeys: Nothing breaks; classify it in spec/overlay.json and give it an accessor if it is of use.

2025-09-01 → 2025-12-01: 3 changes (1 reader-break, 1 secrecy, 1 compatible); it breaks.
"
    );
    assert_eq!(output.stderr, b"");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn markdown_is_for_a_pull_request() {
    let excerpts = Excerpts::new();
    let output = diff(&["2025-09-01", &excerpts.newer(), "--format", "markdown"]);
    assert_eq!(
        stdout(&output),
        "\
### API changes from 2025-09-01 to 2025-12-01

2025-09-01 → 2025-12-01: 3 changes (1 reader-break, 1 secrecy, 1 compatible); it breaks.

#### reader-break

| change | operation | place | old → new | Rust item | what to do |
|---|---|---|---|---|---|
| property-renamed | Workspaces_ListKeys | `/userStorageResourceId` | `userStorageResourceId → userStorageArmId` | `amlkeys::WorkspaceKeys::user_storage_resource_id` | Nothing to do for amlkeys, which reads both names into this item; who reads the answer itself must read the new name. |

#### secrecy

| change | operation | place | old → new | Rust item | what to do |
|---|---|---|---|---|---|
| became-secret | Workspaces_ListKeys | `/containerRegistryCredentials/passwords/*/value` | `public → secret` | `amlkeys::Password::value` | Nothing to do: spec/overlay.json calls it secret in both, only upstream's mark changed. |

#### compatible

| change | operation | place | old → new | Rust item | what to do |
|---|---|---|---|---|---|
| property-added | Workspaces_ListKeys | `/feature\\|key` | `– → feature\\|key` | `amlkeys::WorkspaceKeys` | Nothing breaks; classify it in spec/overlay.json and give it an accessor if it is of use. |
"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn json_is_for_programs() {
    let excerpts = Excerpts::new();
    let output = diff(&["2025-09-01", &excerpts.newer(), "--format", "json"]);
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(report["old"], "2025-09-01");
    assert_eq!(report["new"], "2025-12-01");
    assert_eq!(report["breaking"], true);
    assert_eq!(
        report["changes"][0],
        json!({
            "class": "reader-break", "kind": "property-renamed", "operation": "Workspaces_ListKeys",
            "in": "response", "pointer": "/userStorageResourceId",
            "old": "userStorageResourceId", "new": "userStorageArmId",
            "rust": "amlkeys::WorkspaceKeys::user_storage_resource_id",
            "advice": report["changes"][0]["advice"],
        })
    );
    assert_eq!(report["changes"][1]["class"], "secrecy");
    assert_eq!(report["changes"][2]["old"], Value::Null);
    assert_eq!(report["changes"].as_array().unwrap().len(), 3);
    assert_eq!(output.status.code(), Some(1));

    let output = diff(&["2025-09-01", "2025-09-01", "--format", "json"]);
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    let nothing =
        json!({ "old": "2025-09-01", "new": "2025-09-01", "breaking": false, "changes": [] });
    assert_eq!(report, nothing);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_a_document_says_does_not_steer_the_terminal() {
    let excerpts = Excerpts::new();
    let text = std::fs::read_to_string(project().join("spec/2025-09-01.json")).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["info"]["title"] = json!("a\u{1b}[2Jb");
    let output = diff(&[
        "2025-09-01",
        &excerpts.file("a.json", &document.to_string()),
    ]);
    assert!(stdout(&output).contains("a\u{fffd}[2Jb"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn bad_input_is_told_and_ends_with_2() {
    let excerpts = Excerpts::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!(
        "{{\"openapi\": \"3.0.3\", \"x\": \"{}\"}}",
        "x".repeat(10 << 20)
    );
    let folder = excerpts.0.path().to_str().unwrap();
    for (argument, message, hint) in [
        (
            "2019-01-01",
            "is neither a file nor an api-version of spec/",
            "2025-09-01",
        ),
        (folder, "is a folder, not an excerpt", ""),
        (
            &excerpts.file("empty.json", ""),
            "cannot be read as JSON",
            "",
        ),
        (
            &excerpts.file("text.json", "keys: 1"),
            "cannot be read as JSON",
            "",
        ),
        (
            &excerpts.file("deep.json", &deep),
            "cannot be read as JSON: recursion limit exceeded",
            "",
        ),
        (
            &excerpts.file("other.json", "{}"),
            "this is not an OpenAPI 3.0 document",
            "",
        ),
        (
            &excerpts.file("later.json", "{\"openapi\": \"3.1.0\"}"),
            "expected OpenAPI 3.0, found 3.1.0",
            "",
        ),
        (
            &excerpts.file("old.json", "\u{feff}{\"swagger\": \"2.0\"}"),
            "is Swagger 2.0, an excerpt is OpenAPI 3.0",
            "hint: convert it with `cargo xtask import`",
        ),
        (
            &excerpts.file("large.json", &large),
            "has 10 MiB, an excerpt at most 8",
            "hint: trim it",
        ),
    ] {
        for arguments in [[argument, "2025-09-01"], ["2025-09-01", argument]] {
            let output = diff(&arguments);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.starts_with("error: "), "{stderr}");
            assert!(
                stderr.contains(message),
                "{stderr}\ndoes not say: {message}"
            );
            assert!(stderr.contains(hint), "{stderr}\ndoes not say: {hint}");
            assert_eq!(output.stdout, b"");
            assert_eq!(output.status.code(), Some(2), "{argument}");
        }
    }
    let output = diff(&["2025-09-01"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_has_examples_and_exit_codes() {
    let output = diff(&["--help"]);
    let help = stdout(&output);
    for part in [
        "cargo xtask diff 2023-10-01 2025-09-01",
        "Exit code: 0",
        "--format",
    ] {
        assert!(help.contains(part), "{help}");
    }
    assert_eq!(output.status.code(), Some(0));
}
