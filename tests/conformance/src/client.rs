//! Role `client`: answers a client in any language as the cases say, and compares what it sent and
//! what it made of the answers.

mod adapter;
mod answer;
mod front_door;
mod protocol;
mod run;
mod verdict;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::case::{Case, Role};
use crate::contract::Contract;
use crate::embedded;
use crate::error::{Error, Result};
use crate::known_failures::KnownFailures;
use crate::report::{CaseReport, Report, Verdict};

use adapter::{Adapter, Conversation, Trouble};
use front_door::{Arrived, Authority, FrontDoor};
use protocol::{Hello, Outcomes};
use run::Run;
use verdict::Conduct;

pub use adapter::Connect;

/// A check of a client, which an adapter drives: a program that reads what to call on its standard
/// input and says on its standard output what came of it.
///
/// ```no_run
/// # async fn run() -> amlkeys_conformance::Result<()> {
/// let check = amlkeys_conformance::ClientCheck::of_command("python3 adapter.py")?;
/// let report = check.with_jobs(2).run(|_| {}).await?;
/// assert!(report.is_success());
/// # Ok(())
/// # }
/// ```
pub struct ClientCheck {
    adapter: Adapter,
    jobs: usize,
    filter: Option<String>,
    known_failures: KnownFailures,
    answer_within: Duration,
    is_plain: bool,
}

impl ClientCheck {
    /// A check of the client that this command line drives. No shell reads it.
    ///
    /// # Errors
    ///
    /// If its quotes are not closed, or if it is empty.
    pub fn of_command(command: &str) -> Result<Self> {
        Adapter::command(command).map(Self::of).map_err(Error)
    }

    /// A check of a client in this process: `connect` makes both ends of a pipe for each job, and
    /// gives one to an adapter.
    pub fn of_connection(name: impl Into<String>, connect: Connect) -> Self {
        Self::of(Adapter::InProcess {
            name: name.into(),
            connect,
        })
    }

    /// Runs so many adapters at the same time. Default: 1.
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Takes only the cases whose id holds this text.
    pub fn with_filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// What is known to fail.
    pub fn with_known_failures(mut self, known_failures: KnownFailures) -> Self {
        self.known_failures = known_failures;
        self
    }

    /// Limits how long the adapter may take for an answer; after it, the adapter is ended and the
    /// case has failed. Default: 30 seconds.
    pub fn with_answer_within(mut self, limit: Duration) -> Self {
        self.answer_within = limit;
        self
    }

    /// Answers over http, for a client that cannot be told whom to trust.
    pub fn with_plain_http(mut self) -> Self {
        self.is_plain = true;
        self
    }

    /// The ids of the cases.
    pub fn list(&self) -> Vec<&'static str> {
        self.cases().map(|case| case.id.as_str()).collect()
    }

    /// Runs the cases. `done` is told of each as it ends, in any order; the report has them ordered.
    ///
    /// # Errors
    ///
    /// If the adapter cannot be started, or does not introduce itself. What it does wrong later is
    /// in the report.
    pub async fn run(&self, done: impl FnMut(&CaseReport)) -> Result<Report> {
        let authority = Authority::new().map_err(Error)?;
        let first = self.adapter.start(&authority, self.answer_within).await;
        let first = first.map_err(Error)?;
        let runs = self.runs(first.hello());
        let queue = RefCell::new(runs.iter());
        let mut conversations = vec![Some(first)];
        conversations.resize_with(self.jobs.min(runs.len().max(1)), || None);
        let report = RefCell::new(Report::new(Role::Client, self.adapter.name()));
        let done = RefCell::new(done);
        let finished = |case: CaseReport, exchanges: usize| {
            let case = self.known_failures.applied(case);
            done.borrow_mut()(&case);
            let mut report = report.borrow_mut();
            report.summary.exchanges += exchanges;
            report.add(case);
        };
        let jobs = conversations
            .into_iter()
            .map(|conversation| self.job(conversation, &queue, &authority, &finished));
        join_all(jobs).await;
        let mut report = report.into_inner();
        report.cases.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(report)
    }

    fn of(adapter: Adapter) -> Self {
        Self {
            adapter,
            jobs: 1,
            filter: None,
            known_failures: KnownFailures::default(),
            answer_within: Duration::from_secs(30),
            is_plain: false,
        }
    }

    fn runs(&self, hello: &Hello) -> Vec<Run> {
        let known: Vec<&str> = Contract::get()
            .api_versions()
            .filter(|version| hello.knows(version))
            .collect();
        self.cases()
            .flat_map(|case| Run::all_of(case, &known))
            .collect()
    }

    fn cases(&self) -> impl Iterator<Item = &'static Case> {
        let filter = self.filter.as_deref().unwrap_or_default();
        let cases = embedded::cases().iter();
        cases.filter(move |case| case.role() == Role::Client && case.id.contains(filter))
    }

    /// One adapter, for as many cases as it gets to; it is started anew after a case that it did
    /// not come through.
    async fn job(
        &self,
        mut conversation: Option<Conversation>,
        queue: &RefCell<std::slice::Iter<'_, Run>>,
        authority: &Authority,
        finished: &impl Fn(CaseReport, usize),
    ) {
        loop {
            let Some(run) = queue.borrow_mut().next() else {
                return;
            };
            let began = Instant::now();
            let mut arrived = Vec::new();
            let played = match self.adapter_of(conversation.take(), authority).await {
                Ok(mut adapter) => {
                    let played = self.play(run, &mut adapter, authority, &mut arrived).await;
                    conversation = played.is_ok().then_some(adapter);
                    played
                }
                Err(_) => Err(Trouble::Died),
            };
            let report = reported(run, played, &arrived, began.elapsed());
            finished(report, arrived.len());
        }
    }

    async fn adapter_of(
        &self,
        kept: Option<Conversation>,
        authority: &Authority,
    ) -> anyhow::Result<Conversation> {
        match kept {
            Some(conversation) => Ok(conversation),
            None => self.adapter.start(authority, self.answer_within).await,
        }
    }

    /// Plays one case through; `arrived` gets what the client sent, whatever comes of it.
    async fn play(
        &self,
        run: &Run,
        conversation: &mut Conversation,
        authority: &Authority,
        arrived: &mut Vec<Arrived>,
    ) -> Result<Played, Trouble> {
        if let Some(reason) = run.skip_reason(conversation.hello()) {
            return Ok(Played::Skipped(reason));
        }
        let door = FrontDoor::open(run, authority, self.is_plain).await;
        let door = door.map_err(|_| Trouble::NoPort)?;
        let played = self.converse(run, conversation, &door).await;
        *arrived = door.close();
        played
    }

    async fn converse(
        &self,
        run: &Run,
        conversation: &mut Conversation,
        door: &FrontDoor,
    ) -> Result<Played, Trouble> {
        if let Some(reason) = conversation.begin(run, door.endpoint()).await? {
            return Ok(Played::Skipped(reason));
        }
        let mut conduct = Conduct::default();
        for (after_seconds, calls) in run.rounds() {
            let before = door.arrived();
            let Outcomes {
                outcomes,
                token_requests,
            } = conversation.call(after_seconds, calls).await?;
            conduct.outcomes.extend(outcomes);
            conduct.token_requests = token_requests;
            conduct.attempts.push(door.arrived() - before);
        }
        conduct.log = conversation.take_log();
        Ok(Played::Through(conduct))
    }
}

/// How far a case came.
enum Played {
    Through(Conduct),
    Skipped(String),
}

fn reported(
    run: &Run,
    played: Result<Played, Trouble>,
    arrived: &[Arrived],
    duration: Duration,
) -> CaseReport {
    let case = run.case();
    let mut report = CaseReport {
        id: run.id(),
        title: case.title.clone(),
        level: case.level,
        sources: case.sources.clone(),
        verdict: Verdict::Passed,
        reason: None,
        findings: Vec::new(),
        exchanges: Vec::new(),
        duration,
    };
    match played {
        Ok(Played::Skipped(reason)) => {
            report.verdict = Verdict::Skipped;
            report.reason = Some(reason);
            return report;
        }
        Ok(Played::Through(conduct)) => report.findings = conduct.findings(run, arrived),
        Err(trouble) => report.findings = vec![trouble.finding()],
    }
    report.verdict = Verdict::of(&report.findings);
    if !report.findings.is_empty() {
        report.exchanges = arrived.iter().map(Arrived::redacted).collect();
    }
    report
}
