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
