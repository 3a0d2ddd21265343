//! Taking an invented api-version in, all the way and not. Like the oldest ones it
//! has no notebook keys, and like the newest ones another name for a storage id.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const VERSION: &str = "2099-01-01";

/// The invented version in a checkout of the official layout.
fn specs() -> TempDir {
    let specs = TempDir::new().unwrap();
    let folder = specs.path().join(
        "specification/machinelearningservices/resource-manager\
         /Microsoft.MachineLearningServices/MachineLearningServices/stable/2099-01-01",
    );
    fs::create_dir_all(folder.join("examples")).unwrap();
    fs::write(
        folder.join("openapi.json"),
        include_str!("upgrade/swagger.json"),
    )
    .unwrap();
    let parameters = json!({
        "subscriptionId": "00000000-0000-0000-0000-000000000000", "resourceGroupName": "group",
        "workspaceName": "workspace", "api-version": VERSION,
    });
    let mut of_compute = parameters.clone();
    of_compute["computeName"] = json!("machine");
    // Official examples have been as wrong as this.
    let machine = json!({
        "computeType": "AKS",
        "administratorAccount": {
            "username": "u", "password": "invented-password", "publicKeyData": null,
            "privateKeyData": "invented-key",
        },
    });
    let keys = json!({
        "userStorageKey": "invented-storage-key", "userStorageArmId": "/invented",
        "appInsightsInstrumentationKey": "invented-insights-key",
        "containerRegistryCredentials": { "location": "l", "username": "u", "passwords": [] },
    });
    for (operation, parameters, body) in [
        ("Compute_ListKeys", of_compute, machine),
        ("Workspaces_ListKeys", parameters, keys),
    ] {
        let example = json!({ "parameters": parameters, "responses": { "200": { "body": body } } });
        let path = folder.join(format!("examples/{operation}.json"));
        fs::write(path, format!("{example:#}\n")).unwrap();
    }
    specs
}

fn upgrade(root: &Path, specs: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["upgrade", "--api-version", VERSION, "--root"])
        .arg(root)
        .arg("--specs")
        .arg(specs)
        .args(more)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The project's `spec/` and what an upgrade reads before it compiles anything.
fn project() -> TempDir {
    let project = TempDir::new().unwrap();
    for file in files(&checkout().join("spec")) {
        let to = project.path().join(file.strip_prefix(checkout()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    project
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The files of a folder with their texts.
fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    files(folder).into_iter().map(read).collect()
}

#[test]
fn an_unclassified_string_stops_it_with_the_action_to_add_and_changes_nothing() {
    let (specs, project) = (specs(), project());
    let before = state(project.path());
    let output = upgrade(project.path(), specs.path(), &[]);
    let stderr = text(&output.stderr);
    assert!(!output.status.success());
    let place = "#/components/schemas/ListWorkspaceKeysResult/properties/inventedHandle";
    let guess = format!("{place}  probably secret: nothing says that it is public");
    assert!(stderr.contains(&guess), "{stderr}");
    let (_, actions) = stderr.split_once("--accept-guesses\n").unwrap();
    let actions: Vec<Value> = serde_json::from_str(actions).unwrap();
    assert_eq!(
        actions[0]["target"],
        "$.components.schemas.ListWorkspaceKeysResult.properties.inventedHandle"
    );
    assert_eq!(actions[0]["update"], json!({ "x-amlkeys-secret": true }));
    assert_eq!(state(project.path()), before);
}

#[test]
fn a_version_that_is_not_there_is_an_error_and_changes_nothing() {
    let (specs, project) = (TempDir::new().unwrap(), project());
    let before = state(project.path());
    let output = upgrade(project.path(), specs.path(), &[]);
    let stderr = text(&output.stderr);
    assert!(!output.status.success());
    assert!(
        stderr.contains("import failed, and nothing was changed"),
        "{stderr}"
    );
    assert!(stderr.contains(VERSION), "{stderr}");
    assert_eq!(state(project.path()), before);
}

/// Compiles and tests a copy of the project, which takes a while.
#[test]
fn a_version_goes_all_the_way_and_a_dry_run_keeps_nothing() {
    let specs = specs();
    let spec = checkout().join("spec");
    let before = state(&spec);
    let report = specs.path().join("report.md");
    let more = [
        "--accept-guesses",
        "--dry-run",
        "--markdown",
        report.to_str().unwrap(),
    ];
    let output = upgrade(checkout(), specs.path(), &more);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    for expected in [
        "api-version 2099-01-01 would be added: feature `v2099_01_01`, on by default",
        "new      crates/amlkeys-client/src/generated/v2099_01_01.rs",
        "new      spec/examples/2099-01-01/Compute_ListKeys/Compute_ListKeys.json",
        "– → inventedHandle",
        "notebookAccessKeys → –",
        "confirm in spec/overlay.json: #/components/schemas/ListWorkspaceKeysResult/properties/inventedHandle",
        "2099-01-01/Compute_ListKeys/Compute_ListKeys.json: /administratorAccount: The public types do not have it",
        "#/responses/200/body/administratorAccount",
    ] {
        assert!(stdout.contains(expected), "no `{expected}` in\n{stdout}");
    }
    assert!(
        fs::read_to_string(report)
            .unwrap()
            .contains("### Left for a person")
    );
    assert_eq!(state(&spec), before);
}
