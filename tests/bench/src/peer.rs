//! The servers that are measured, as processes.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::load::Target;

pub(crate) enum Program {
    Emulator {
        tls: bool,
    },
    Bare {
        tls: bool,
    },
    /// It answers from a description, too.
    Prism,
}

/// A server that runs until it is dropped.
pub(crate) struct Peer {
    child: Child,
    ready: Value,
}

impl Peer {
    /// Starts it and waits until it says that it is ready; the bare server repeats `answer`.
    pub(crate) async fn start(program: &Program, answer: Option<&[u8]>) -> Result<Self> {
        let folder = beside_this("bench-certificates")?;
        match program {
            Program::Emulator { tls } => {
                let mut command = Command::new(beside_this("amlkeys")?);
                command.args(["emulator", "--port", "0", "-o", "json", "--throttle", "off"]);
                if *tls {
                    command.arg("--tls").arg("--cert-dir").arg(&folder);
                }
                Self::that_says_ready(command, b"")
            }
            Program::Bare { tls } => {
                fs::create_dir_all(&folder)?;
                let ca_file = format!("{folder}/bare.pem");
                let mut command = Command::new(env::current_exe()?);
                command.arg("bare-server").args(tls.then_some(&ca_file));
                let mut peer = Self::that_says_ready(command, answer.context("no answer")?)?;
                if *tls {
                    peer.ready["ca"] = json!(ca_file);
                }
                Ok(peer)
            }
            Program::Prism => Self::prism().await,
        }
    }

    fn that_says_ready(mut command: Command, input: &[u8]) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        child.stdin.take().context("stdin")?.write_all(input)?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        let ready = serde_json::from_str(&line).context("it did not get ready")?;
        Ok(Self { child, ready })
    }

    /// Prism is ready when it answers.
    async fn prism() -> Result<Self> {
        const PATIENCE: Duration = Duration::from_secs(60);

        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(prism()?)
            .args(["mock", "spec/2025-09-01.json", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let peer = Self {
            child,
            ready: json!({
                "url": format!("http://127.0.0.1:{port}"), "token": "t", "subscription": "s",
            }),
        };
        let target = peer.workspace_target()?;
        let begin = Instant::now();
        while let Err(error) = target.ask_once().await {
            ensure!(begin.elapsed() < PATIENCE, "Prism does not start: {error}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(peer)
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// What it said of itself.
    pub(crate) fn fact(&self, name: &str) -> Result<&str> {
        self.ready[name]
            .as_str()
            .with_context(|| format!("no {name}"))
    }

    /// Whom to trust, over https.
    pub(crate) fn ca_pem(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.ready["ca"].as_str().map(fs::read).transpose()?)
    }

    /// The resource ID of a workspace.
    pub(crate) fn workspace(&self, name: &str) -> Result<String> {
        Ok(format!(
            "/subscriptions/{}/resourceGroups/testrg123/providers/\
             Microsoft.MachineLearningServices/workspaces/{name}",
            self.fact("subscription")?,
        ))
    }

    /// Asks for the keys of the documented workspace.
    pub(crate) fn workspace_target(&self) -> Result<Target> {
        self.target(&self.workspace("workspaces123")?)
    }

    /// Asks for the keys of a resource.
    pub(crate) fn target(&self, resource_id: &str) -> Result<Target> {
        let (_, address) = self.fact("url")?.split_once("://").context("a URL")?;
        let request = format!(
            "POST {resource_id}/listKeys?api-version=2025-09-01 HTTP/1.1\r\nhost: {address}\r\n\
             authorization: Bearer {}\r\naccept: application/json\r\ncontent-length: 0\r\n\r\n",
            self.fact("token")?,
        );
        Target::new(address, self.ca_pem()?.as_deref(), request)
    }

    /// The memory that it has, in KiB. `VmRSS` may be some hundred off: each core counts for itself
    /// first (proc_pid_status(5)).
    pub(crate) fn memory(&self) -> Result<u64> {
        self.account("smaps_rollup", "Rss:")
    }

    /// The most memory that it has had, in KiB.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        self.account("status", "VmHWM:")
    }

    /// A line of what the kernel says of the process.
    fn account(&self, file: &str, name: &str) -> Result<u64> {
        let lines = fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?;
        let line = lines.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(value.context("no such line")?.parse()?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What cargo has put beside this program.
pub(crate) fn beside_this(name: &str) -> Result<String> {
    let path = env::current_exe()?.with_file_name(name);
    path.into_os_string()
        .into_string()
        .ok()
        .context("a path that is UTF-8")
}

/// Installs Prism where nothing else sees it, unless that has been done; its program.
pub(crate) fn prism() -> Result<PathBuf> {
    let folder = PathBuf::from(beside_this("prism")?);
    let program = folder.join("node_modules/.bin/prism");
    if !program.exists() {
        let installed = Command::new("npm")
            .args([
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "@stoplight/prism-cli@5",
            ])
            .arg("--prefix")
            .arg(&folder)
            .output()?;
        ensure!(installed.status.success(), "npm cannot install it");
    }
    Ok(program)
}
