//! On a terminal: secrets are not painted on the screen, and colours come only
//! if they are wanted.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, Fault, FaultRule, ManualClock};
use rexpect::process::WaitStatus;

use support::amlkeys;

const AKS: [&str; 7] = [
    "--emulator",
    "-n",
    "aks",
    "-w",
    "workspaces123",
    "-g",
    "testrg123",
];
const WORKSPACE: [&str; 5] = ["--emulator", "-n", "fullworkspace", "-g", "testrg123"];

/// Runs on a pseudo-terminal: exit code, and what the screen gets.
fn on_terminal(args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let mut command = amlkeys(args);
    command.env("TERM", "xterm").envs(env.iter().copied());
    let mut session = rexpect::session::spawn_command(command, None).unwrap();
    let screen = session.exp_eof().unwrap();
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (code, screen),
        other => panic!("{other:?}: {screen}"),
    }
}

#[test]
fn no_verb_paints_a_secret_on_the_screen() {
    for (verb, names) in [
        (&["compute", "kubeconfig"][..], &AKS[..]),
        (&["compute", "kubeconfig", "--admin"], &AKS),
        (&["workspace", "env"], &WORKSPACE),
        (&["workspace", "env", "--format", "github"], &WORKSPACE),
        (&["workspace", "docker-login", "--print"], &WORKSPACE),
    ] {
        let args = [verb, names].concat();
        let (code, screen) = on_terminal(&args, &[("GITHUB_ACTIONS", "true")]);
        assert_eq!(code, 2, "{verb:?}: {screen}");
        assert!(
            screen.starts_with("error: the result is a secret"),
            "{screen}"
        );
        assert!(screen.contains("--show-secrets"), "{screen}");
        let (code, screen) = on_terminal(&[&args[..], &["--show-secrets"]].concat(), &[]);
        assert_eq!(code, 0, "{verb:?}: {screen}");
        assert!(!screen.contains("hint:"), "{screen}");
    }
}

#[test]
fn list_keys_are_masked_on_the_screen_in_every_format() {
    for format in ["json", "jsonc", "yaml", "table", "tsv"] {
        let verb = ["workspace", "list-keys", "-o", format];
        let (code, screen) = on_terminal(&[&verb[..], &WORKSPACE].concat(), &[]);
        assert_eq!(code, 0, "{screen}");
        for secret in ["storage-key", "registry-password", "notebook-key"] {
            assert!(!screen.contains(secret), "{format}: {screen}");
        }
    }
}

#[test]
fn jsonc_is_coloured_only_if_that_is_wanted() {
    let args = ["version", "-o", "jsonc"];
    assert!(on_terminal(&args, &[]).1.contains("\u{1b}["));
    for env in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let (_, screen) = on_terminal(&args, &[env]);
        assert!(!screen.contains('\u{1b}'), "{env:?}: {screen}");
    }
    let piped = |env: &[(&str, &str)]| {
        let output = amlkeys(&args).envs(env.iter().copied()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!piped(&[]).contains('\u{1b}'));
    assert!(piped(&[("CLICOLOR_FORCE", "1")]).contains('\u{1b}'));
}

/// Runs `list-keys` for one resource that answers once the screen shows
/// `expected`; what it shows from then on.
fn many_on_terminal(expected: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clock = Arc::new(ManualClock::default());
    let arm = Arm::builder().with_clock(clock.clone()).build();
    arm.add_fault(FaultRule::new(Fault::delay(Duration::from_secs(30))));
    let emulator = Emulator::builder().with_arm(arm).start();
    let emulator = runtime.block_on(emulator).unwrap();
    let id = format!(
        "/subscriptions/{}/resourceGroups/testrg123/providers/Microsoft.MachineLearningServices/workspaces/fullworkspace",
        emulator.subscription_id()
    );
    let folder = tempfile::tempdir().unwrap();
    let mut command = support::signed_in(&["list-keys", "--ids", &id], &emulator, folder.path());
    command.env("TERM", "xterm");
    let mut session = rexpect::session::spawn_command(command, Some(60_000)).unwrap();
    session.exp_string(expected).unwrap();
    let mut screen = String::new();
    loop {
        clock.advance(Duration::from_secs(30));
        match session.try_read() {
            Some(read) => screen.push(read),
            None if session.process().status() != Some(WaitStatus::StillAlive) => break,
            None => std::thread::yield_now(),
        }
    }
    screen + &session.exp_eof().unwrap_or_default()
}

#[test]
fn progress_is_drawn_on_the_screen_and_cleared_before_data() {
    let screen = many_on_terminal("\r[....................] 0/1  0.0/s\u{1b}[K");
    let (_, data) = screen.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(data.starts_with("{\"id\":"), "{screen}");
    assert!(data.contains("\r\n1 listed, 0 failed, in "), "{screen}");
    assert!(!screen.contains("invented-storage-key"), "{screen}");
}
