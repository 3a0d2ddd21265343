//! `list-keys` over many resources: what is printed when, and how it ends.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, Fault, FaultRule, ManualClock, Throttle};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use support::{end, signed_in};

const SUBSCRIPTION: &str = "34adfa4f-cedf-4dc0-ba29-b6d1a69ab345";

/// An emulator whose answers about `virtualmachine` come when the clock has
/// moved by 30 s.
struct Slow {
    emulator: Emulator,
    clock: Arc<ManualClock>,
    folder: tempfile::TempDir,
}

impl Slow {
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::default());
        let arm = Arm::builder()
            .with_clock(clock.clone())
            .with_throttle(Throttle::off())
            // No token ends, however far the clock has moved.
            .with_token_lifetime(Duration::from_secs(1_000_000_000))
            .build();
        let delay = Fault::delay(Duration::from_secs(30));
        arm.add_fault(FaultRule::new(delay).with_resource("virtualmachine"));
        let emulator = Emulator::builder().with_arm(arm).start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            emulator,
            clock,
            folder,
        }
    }

    fn spawn(&self, args: &[&str], ids: &[String]) -> Child {
        let input = self.folder.path().join("ids");
        std::fs::write(&input, ids.join("\n")).unwrap();
        let args = [&["list-keys", "--ids", "-"], args].concat();
        let command = signed_in(&args, &self.emulator, self.folder.path());
        Command::from(command)
            .stdin(std::fs::File::open(input).unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// Waits until the slow one has been asked for.
    async fn asked(&self) {
        let is_slow = |path: &str| path.contains("/virtualmachine/");
        while !(self.emulator.requests().iter()).any(|it| is_slow(it.path_and_query())) {
            tokio::task::yield_now().await;
        }
    }

    /// Lets the slow one be answered.
    async fn output(&self, child: Child) -> Output {
        let output = child.wait_with_output();
        let mut output = std::pin::pin!(output);
        loop {
            tokio::select! {
                biased;
                output = &mut output => return output.unwrap(),
                () = tokio::task::yield_now() => self.clock.advance(Duration::from_secs(30)),
            }
        }
    }
}

fn compute(name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/workspaces123/computes/{name}"
    )
}

fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-s", name, &id]).status().unwrap().success());
}

/// The names of the computes that were printed, those that failed with a `!`.
fn printed(stdout: &str) -> Vec<String> {
    let name = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let name = line["id"].as_str().unwrap().rsplit('/').next().unwrap();
        match line.get("error") {
            Some(_) => format!("{name}!"),
            None => name.to_owned(),
        }
    };
    stdout.lines().map(name).collect()
}

#[tokio::test]
async fn a_line_is_printed_as_soon_as_it_is_done() {
    let slow = Slow::start().await;
    let ids = ["virtualmachine", "aks", "nope", "databricks"].map(compute);
    let mut child = slow.spawn(&["--jobs", "2"], &ids);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut early = String::new();
    for _ in 0..3 {
        stdout.read_line(&mut early).await.unwrap();
    }
    assert_eq!(printed(&early), ["aks", "nope!", "databricks"]);
    let output = slow.output(child).await;
    let mut late = String::new();
    stdout.read_to_string(&mut late).await.unwrap();
    assert_eq!(printed(&late), ["virtualmachine"]);
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn ordered_lines_wait_for_those_before_them() {
    let slow = Slow::start().await;
    let ids = ["virtualmachine", "aks", "nope", "databricks"].map(compute);
    let child = slow.spawn(&["--ordered"], &ids);
    slow.asked().await;
    let output = slow.output(child).await;
    let (code, stdout, stderr) = end(&output);
    assert_eq!(
        printed(stdout),
        ["virtualmachine", "aks", "nope!", "databricks"]
    );
    assert_eq!(code, Some(1), "{stderr}");
    for secret in ["-token", "invented-private-key", "-password"] {
        assert!(!stdout.contains(secret), "{stdout}");
    }
}

#[tokio::test]
async fn an_interrupted_run_ends_what_is_in_flight_and_says_how_to_go_on() {
    let slow = Slow::start().await;
    let ids = ["aks", "virtualmachine", "databricks", "kubernetes"].map(compute);
    let mut child = slow.spawn(&["--jobs", "1"], &ids);
    slow.asked().await;
    signal(&child, "INT");
    let mut note = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut note).await.unwrap();
    assert_eq!(
        note,
        "interrupted: waiting for 1 in flight, Ctrl-C again ends at once\n"
    );
    let output = slow.output(child).await;
    let (code, stdout, _) = end(&output);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).await.unwrap();
    assert_eq!(code, Some(130), "{rest}");
    assert_eq!(printed(stdout), ["aks", "virtualmachine"]);
    let (summary, error) = rest.split_once('\n').unwrap();
    assert!(summary.starts_with("2 listed, 0 failed, in "), "{summary}");
    assert!(
        summary.ends_with("; 2 lines of the input are done: go on with --resume 2"),
        "{summary}"
    );
    assert_eq!(error, "error: interrupted\n");

    let resumed = slow.spawn(&["--resume", "2", "--ordered"], &ids);
    let output = resumed.wait_with_output().await.unwrap();
    assert_eq!(printed(end(&output).1), ["databricks", "kubernetes"]);
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn a_second_interrupt_ends_at_once() {
    let slow = Slow::start().await;
    let ids = ["aks", "virtualmachine", "databricks"].map(compute);
    let mut child = slow.spawn(&["--jobs", "2", "-o", "json"], &ids);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..2 {
        stdout.read_line(&mut String::new()).await.unwrap();
    }
    slow.asked().await;
    signal(&child, "TERM");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut String::new()).await.unwrap();
    signal(&child, "INT");
    assert_eq!(child.wait().await.unwrap().code(), Some(130));
    let mut summary = String::new();
    stderr.read_line(&mut summary).await.unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    // The third line is done too, but it is not known to one who counts lines.
    assert_eq!(
        (&summary["listed"], &summary["resume"]),
        (&2.into(), &1.into())
    );
}

#[tokio::test]
async fn a_reader_that_has_had_enough_ends_it_quietly() {
    let slow = Slow::start().await;
    let ids = ["aks", "databricks", "kubernetes"].map(compute);
    let mut child = slow.spawn(&["--jobs", "1"], &ids);
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(end(&output), (Some(0), "", ""));
    let requests = slow.emulator.requests();
    let asked = (requests.iter()).filter(|it| it.path_and_query().contains("/listKeys"));
    assert_eq!(asked.count(), 1);
}

#[tokio::test]
async fn without_a_sign_in_it_ends_at_the_first_call() {
    let mut child = Command::from(support::amlkeys(&["list-keys", "--ids", "-"]))
        .env("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ids = ["nonsense".into(), compute("aks"), compute("databricks")].join("\n");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(ids.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let (code, stdout, stderr) = end(&output);
    assert_eq!(code, Some(4), "{stderr}");
    assert_eq!(printed(stdout), ["nonsense!"]);
    assert!(
        stderr.contains("go on with --resume 1\nerror: "),
        "{stderr}"
    );
}
