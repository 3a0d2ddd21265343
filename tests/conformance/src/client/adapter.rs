//! The other end of the protocol: a program, or a part of this process.

use std::io::ErrorKind;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream,
};
use tokio::process::{Child, ChildStderr, Command};

use super::front_door::Authority;
use super::protocol::{Answer, CallToMake, Hello, Outcomes, PROTOCOL, Say};
use super::run::Run;
use crate::finding::{Finding, Place};
use crate::rule::Rule;

/// Starts an adapter in this process and gives the suite its end of the pipe.
pub type Connect = Box<dyn Fn() -> DuplexStream + Send + Sync>;

/// How an adapter is started.
pub(super) enum Adapter {
    Command { text: String, words: Vec<String> },
    InProcess { name: String, connect: Connect },
}

/// An adapter that has introduced itself.
pub(super) struct Conversation {
    wire: Wire,
    hello: Hello,
    ca_file: String,
}

struct Wire {
    from_adapter: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    to_adapter: Box<dyn AsyncWrite + Send + Unpin>,
    log: Arc<Mutex<String>>,
    /// Ends with the conversation.
    _process: Option<Child>,
    answer_within: Duration,
}

/// Why a conversation cannot go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    Late,
    Died,
    /// A line that is no message, or not the one that is due.
    Garbled,
    NoPort,
}

impl Adapter {
    pub(super) fn command(text: &str) -> Result<Self> {
        let words = shlex::split(text).filter(|words| !words.is_empty());
        Ok(Self::Command {
            text: text.to_owned(),
            words: words.with_context(|| format!("`{text}` is no command"))?,
        })
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Command { text, .. } => text,
            Self::InProcess { name, .. } => name,
        }
    }

    pub(super) async fn start(
        &self,
        authority: &Authority,
        answer_within: Duration,
    ) -> Result<Conversation> {
        let mut wire = match self {
            Self::Command { words, .. } => Wire::of_process(words, authority, answer_within)?,
            Self::InProcess { connect, .. } => Wire::of_pipe(connect(), answer_within),
        };
        let ca_file = authority.ca_file().to_owned();
        let hello = Say::Hello {
            protocol: PROTOCOL,
            ca_file: &ca_file,
        };
        match wire.ask(&hello).await {
            Ok(Answer::Hello(hello)) if hello.protocol == PROTOCOL => Ok(Conversation {
                wire,
                hello,
                ca_file,
            }),
            Ok(Answer::Hello(hello)) => bail!(
                "the adapter speaks protocol {}, the suite {PROTOCOL}",
                hello.protocol
            ),
            Ok(_) => bail!("the adapter does not say hello"),
            // No secret has been handed out yet, so what it wrote can be shown.
            Err(trouble) => bail!(
                "the adapter does not say hello: {}\n{}",
                trouble.seen(),
                wire.take_log().trim_end()
            ),
        }
    }
}

impl Conversation {
    pub(super) fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Sets the client up for a case, or tells why that cannot be.
    pub(super) async fn begin(
        &mut self,
        run: &Run,
        endpoint: &str,
    ) -> Result<Option<String>, Trouble> {
        let script = run.script();
        let begin = Say::Begin {
            case: &run.id(),
            endpoint,
            ca_file: &self.ca_file,
            tokens: &script.credential.tokens,
            limits: &script.limits,
            starts_at: script.starts_at.as_deref(),
        };
        match self.wire.ask(&begin).await? {
            Answer::Ready => Ok(None),
            Answer::Skip { reason } => Ok(Some(reason)),
            _ => Err(Trouble::Garbled),
        }
    }

    /// Has calls made at the same time.
    pub(super) async fn call(
        &mut self,
        after_seconds: u64,
        calls: Vec<CallToMake<'_>>,
    ) -> Result<Outcomes, Trouble> {
        let due = calls.len();
        let call = Say::Call {
            after_seconds,
            calls,
        };
        match self.wire.ask(&call).await? {
            Answer::Outcomes(outcomes) if outcomes.outcomes.len() == due => Ok(outcomes),
            _ => Err(Trouble::Garbled),
        }
    }

    /// What the adapter wrote on its standard error since the last time.
    pub(super) fn take_log(&mut self) -> String {
        self.wire.take_log()
    }
}

impl Wire {
    fn of_process(
        words: &[String],
        authority: &Authority,
        answer_within: Duration,
    ) -> Result<Self> {
        let mut process = Command::new(&words[0])
            .args(&words[1..])
            .envs(TRUST.map(|variable| (variable, authority.ca_file())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start `{}`", words[0]))?;
        let log = Arc::default();
        let errors = process.stderr.take().expect("it is piped");
        tokio::spawn(keep(errors, Arc::clone(&log)));
        let reader = process.stdout.take().expect("it is piped");
        Ok(Self {
            from_adapter: BufReader::new(Box::new(reader)),
            to_adapter: Box::new(process.stdin.take().expect("it is piped")),
            log,
            _process: Some(process),
            answer_within,
        })
    }

    fn of_pipe(pipe: DuplexStream, answer_within: Duration) -> Self {
        let (reader, writer) = tokio::io::split(pipe);
        Self {
            from_adapter: BufReader::new(Box::new(reader)),
            to_adapter: Box::new(writer),
            log: Arc::default(),
            _process: None,
            answer_within,
        }
    }

    async fn ask(&mut self, message: &Say<'_>) -> Result<Answer, Trouble> {
        let limit = self.answer_within;
        match tokio::time::timeout(limit, self.ask_in_time(message)).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::Late),
        }
    }

    async fn ask_in_time(&mut self, message: &Say<'_>) -> Result<Answer, Trouble> {
        let mut line = serde_json::to_string(message).expect("a message is JSON");
        line.push('\n');
        let written = self.to_adapter.write_all(line.as_bytes()).await;
        written.map_err(|_| Trouble::Died)?;
        self.to_adapter.flush().await.map_err(|_| Trouble::Died)?;

        let mut answer = Vec::new();
        let mut bounded = (&mut self.from_adapter).take(LONGEST_LINE);
        match bounded.read_until(b'\n', &mut answer).await {
            Ok(0) => Err(Trouble::Died),
            Ok(_) => serde_json::from_slice(&answer).map_err(|_| Trouble::Garbled),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(Trouble::Garbled),
            Err(_) => Err(Trouble::Died),
        }
    }

    fn take_log(&self) -> String {
        let mut log = self.log.lock().expect("no one panics while holding it");
        std::mem::take(&mut *log)
    }
}

/// Where runtimes look for the authorities to trust: OpenSSL and Go, Node, Python's requests, curl.
const TRUST: [&str; 5] = [
    "AMLKEYS_CONFORMANCE_CA_FILE",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// An adapter that writes more in one line is in disorder.
const LONGEST_LINE: u64 = 16 << 20;

/// Keeps what a process writes, the last part of it.
async fn keep(errors: ChildStderr, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(errors).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let mut log = log.lock().expect("no one panics while holding it");
        if log.len() < LONGEST_LINE as usize {
            log.push_str(&String::from_utf8_lossy(&line));
            log.push('\n');
        }
    }
}

impl Trouble {
    pub(super) fn finding(self) -> Finding {
        let expected = "an answer of the adapter that the protocol knows";
        Finding::new(
            Rule::ClientSilent,
            Place::Outcome("adapter"),
            expected,
            self.seen(),
        )
    }

    fn seen(self) -> &'static str {
        match self {
            Self::Late => "nothing within the time limit",
            Self::Died => "it ended",
            Self::Garbled => "a line that is not the message that was due",
            Self::NoPort => "no free port on loopback to answer it from",
        }
    }
}
