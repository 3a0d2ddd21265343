//! What the tests of the binary share.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `amlkeys` with nothing of who runs the tests in its environment.
pub(crate) fn amlkeys(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amlkeys"));
    command
        .args(args)
        .env_clear()
        .env("AZURE_CONFIG_DIR", "no-such-folder")
        .stdin(Stdio::null());
    command
}

/// Exit code, stdout and stderr.
#[allow(dead_code, reason = "a terminal has one stream")]
pub(crate) fn end(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Writes a file and the folders that it is in.
#[allow(dead_code, reason = "not every test needs files")]
pub(crate) fn write(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// `amlkeys` that signs in to the emulator and asks it, as it does with Azure.
#[allow(dead_code, reason = "not every test needs another process")]
pub(crate) fn signed_in(
    args: &[&str],
    emulator: &amlkeys_emulator::Emulator,
    folder: &Path,
) -> Command {
    let ca_file = folder.join("ca.pem");
    std::fs::write(&ca_file, emulator.ca_pem()).unwrap();
    let mut command = amlkeys(&[args, &["--endpoint", emulator.endpoint()]].concat());
    command
        .env("SSL_CERT_FILE", ca_file)
        .env("AZURE_AUTHORITY_HOST", emulator.endpoint())
        .env("AZURE_TENANT_ID", "99999999-aaaa-4bbb-8ccc-dddddddddddd")
        .env("AZURE_CLIENT_ID", "99999999-aaaa-4bbb-8ccc-000000000002")
        .env("AZURE_CLIENT_SECRET", "invented-client-secret");
    command
}
