//! Secrets in files: whole or not at all, and for their owner alone.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use support::{amlkeys, end};

const WHERE: [&str; 5] = ["--emulator", "-w", "workspaces123", "-g", "testrg123"];

fn kubeconfig(path: &Path, more: &[&str]) -> Output {
    let args = [
        "compute",
        "kubeconfig",
        "-n",
        "aks",
        "--file",
        path.to_str().unwrap(),
    ];
    amlkeys(&[&args, &WHERE[..], more].concat())
        .output()
        .unwrap()
}

/// The names in a folder, to see what is left there.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_kubeconfig_is_written_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kube");
    let (code, stdout, _) = (kubeconfig(&path, &["--admin"]).status.code(), "", "");
    assert_eq!((code, stdout), (Some(0), ""));
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.starts_with("apiVersion: v1\n"), "{written}");
    assert!(
        written.ends_with("    token: invented-admin-token\n"),
        "{written}"
    );
    let args = ["compute", "kubeconfig", "-n", "aks", "--admin"];
    let piped = amlkeys(&[&args, &WHERE[..]].concat()).output().unwrap();
    assert_eq!(end(&piped), (Some(0), written.as_str(), ""));
}

#[cfg(unix)]
#[test]
fn a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kube");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let output = kubeconfig(&path, &["--force"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(names(folder.path()), ["kube"]);
}

#[test]
fn what_exists_is_replaced_only_with_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kube");
    fs::write(&path, "old").unwrap();
    let refused = kubeconfig(&path, &[]);
    let (code, stdout, stderr) = end(&refused);
    assert_eq!((code, stdout), (Some(7), ""));
    assert!(
        stderr.contains("it exists") && stderr.contains("--force"),
        "{stderr}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(kubeconfig(&path, &["--force"]).status.code(), Some(0));
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains("invented-user-token")
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_neither_followed_nor_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (link, aim) = (folder.path().join("link"), folder.path().join("aim"));
    std::os::unix::fs::symlink(&aim, &link).unwrap();
    for more in [&[][..], &["--force"]] {
        let output = kubeconfig(&link, more);
        let (code, _, stderr) = end(&output);
        assert_eq!(code, Some(7));
        assert!(stderr.contains("symbolic link"), "{stderr}");
    }
    assert_eq!(names(folder.path()), ["link"]);
}

#[test]
fn a_place_that_cannot_be_written_is_exit_code_7() {
    let folder = tempfile::tempdir().unwrap();
    for path in [
        folder.path().join("no/such/folder"),
        folder.path().to_owned(),
    ] {
        let output = kubeconfig(&path, &["--force"]);
        let (code, stdout, stderr) = end(&output);
        assert_eq!((code, stdout), (Some(7), ""), "{stderr}");
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn nothing_is_written_when_the_call_fails() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["compute", "kubeconfig", "-n", "nope", "--file"];
    let path = folder.path().join("kube");
    let args = [&args, &[path.to_str().unwrap()][..], &WHERE].concat();
    assert_eq!(amlkeys(&args).output().unwrap().status.code(), Some(3));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn an_ssh_key_ends_with_a_line_end_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let path = path.to_str().unwrap();
    let args = ["compute", "ssh-key", "-n", "virtualmachine", "--file", path];
    let output = amlkeys(&[&args, &WHERE[..]].concat()).output().unwrap();
    let (code, stdout, stderr) = end(&output);
    assert_eq!((code, stdout), (Some(0), ""));
    assert_eq!(
        stderr,
        format!(
            "hint: ssh -i {path} invented-administrator@HOST; the public key: ssh-keygen -y -f {path}\n"
        )
    );
    let key = fs::read_to_string(path).unwrap();
    assert_eq!(
        key,
        "invented-private-key, line 1\ninvented-private-key, line 2\n"
    );
}

#[test]
fn an_env_file_has_all_keys_of_the_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let args = [
        "workspace",
        "env",
        "--emulator",
        "-n",
        "fullworkspace",
        "-g",
        "testrg123",
        "--file",
    ];
    let args = [&args, &[path.to_str().unwrap()][..]].concat();
    let output = amlkeys(&args).output().unwrap();
    assert_eq!(end(&output), (Some(0), "", ""));
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(
        text.contains("AZURE_STORAGE_KEY='invented-storage-key'\n"),
        "{text}"
    );
}
