//! Sends the server cases to a server and judges what it answers.

mod expectation;
mod fixture;
mod plan;
mod raw;
mod send;

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};

use crate::case::{Level, Role, Script, ServerExchange, ServerScript};
use crate::error::{Error, Result};
use crate::exchange::{Exchange, Response};
use crate::finding::{Finding, Place};
use crate::judge::Judge;
use crate::known_failures::KnownFailures;
use crate::redaction::{RedactedExchange, Secrets};
use crate::report::{CaseReport, Report, Verdict};
use crate::rule::Rule;

pub use fixture::{Fixture, FixtureResource};
use plan::Instance;
use send::Sender;

/// Checks a server: the emulator, a mock, a proxy, or a live workspace.
///
/// Only the two operations are called, which change nothing.
///
/// ```no_run
/// # async fn run() -> amlkeys_conformance::Result<()> {
/// use amlkeys_conformance::ServerCheck;
///
/// let report = ServerCheck::new("http://127.0.0.1:8080", "a-token")?.run(|_| {}).await;
/// for finding in report.findings() {
///     eprintln!("{finding}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ServerCheck {
    sender: Sender,
    fixture: Fixture,
    known_failures: KnownFailures,
    filter: Option<String>,
    jobs: usize,
}

impl ServerCheck {
    /// For a server at an https URL, or an http one on loopback, with a token that it accepts.
    ///
    /// # Errors
    ///
    /// If the URL is none of these.
    pub fn new(base_url: &str, token: impl Into<String>) -> Result<Self> {
        Ok(Self {
            sender: Sender::new(base_url, token.into()).map_err(Error)?,
            fixture: Fixture::documented(),
            known_failures: KnownFailures::default(),
            filter: None,
            jobs: 16,
        })
    }

    /// What exists there, in place of the documented examples.
    pub fn with_fixture(mut self, fixture: Fixture) -> Self {
        self.fixture = fixture;
        self
    }

    /// What is known to fail.
    pub fn with_known_failures(mut self, known_failures: KnownFailures) -> Self {
        self.known_failures = known_failures;
        self
    }

    /// Only cases with this text in their ids.
    pub fn with_filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// How many cases at once; 16 unless told otherwise.
    pub fn with_jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// How long to wait for an answer; 30 seconds unless told otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.sender.timeout = timeout;
        self
    }

    /// Trusts the certificate authorities of a PEM file too.
    ///
    /// # Errors
    ///
    /// If there is none in it.
    pub fn with_ca_pem(mut self, pem: &[u8]) -> Result<Self> {
        self.sender = self.sender.trusting(pem).map_err(Error)?;
        Ok(self)
    }

    /// The ids of what would be run, with what each is repeated for.
    pub fn list(&self) -> Vec<String> {
        self.instances().into_iter().map(|it| it.id).collect()
    }

    /// Runs the cases. `done` is told of each as it ends, in any order; the report has them ordered.
    pub async fn run(&self, mut done: impl FnMut(&CaseReport)) -> Report {
        let judge = Judge::default();
        let instances = self.instances();
        // Throttling would be felt by every other case, so it comes alone and last.
        let (last, first): (Vec<_>, Vec<_>) = instances.into_iter().partition(Instance::throttles);
        let mut report = Report::new(Role::Server, &self.sender.base_url);
        for (instances, jobs) in [(first, self.jobs), (last, 1)] {
            let runs = instances.iter().map(|it| self.run_one(it, &judge));
            let mut runs = stream::iter(runs).buffer_unordered(jobs);
            while let Some((case, exchanges)) = runs.next().await {
                let case = self.known_failures.applied(case);
                done(&case);
                report.summary.exchanges += exchanges;
                report.add(case);
            }
        }
        let all = plan::instances(&self.fixture);
        let ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
        self.known_failures.report_stale(&ids, &mut report);
        report.cases.sort_by(|a, b| a.id.cmp(&b.id));
        report
    }

    fn instances(&self) -> Vec<Instance> {
        let mut instances = plan::instances(&self.fixture);
        if let Some(filter) = &self.filter {
            instances.retain(|it| it.id.contains(filter));
        }
        instances
    }

    async fn run_one(&self, instance: &Instance, judge: &Judge) -> (CaseReport, usize) {
        let case = instance.case;
        let Script::Server(script) = &case.script else {
            unreachable!("the plan has server cases only");
        };
        let started = Instant::now();
        let mut run = Run {
            check: self,
            instance,
            judge,
            findings: Vec::new(),
            exchanges: Vec::new(),
            secrets: Secrets::default(),
            first: None,
        };
        if instance.skipped.is_none() {
            run.script(script).await;
        }
        let Run {
            findings,
            exchanges,
            ..
        } = run;
        let verdict = match instance.skipped {
            Some(_) => Verdict::Skipped,
            None => Verdict::of(&findings),
        };
        let count = exchanges.len();
        let report = CaseReport {
            id: instance.id.clone(),
            title: case.title.clone(),
            level: case.level,
            sources: case.sources.clone(),
            verdict,
            reason: instance.skipped.clone(),
            exchanges: match findings.is_empty() {
                true => Vec::new(),
                false => exchanges,
            },
            findings,
            duration: started.elapsed(),
        };
        (report, count)
    }
}

/// One run of a case.
struct Run<'r> {
    check: &'r ServerCheck,
    instance: &'r Instance,
    judge: &'r Judge,
    findings: Vec<Finding>,
    exchanges: Vec<RedactedExchange>,
    /// Those of the last exchange.
    secrets: Secrets,
    /// The answer of the first exchange, for what later ones are compared with.
    first: Option<Response<'static>>,
}

impl Run<'_> {
    async fn script(&mut self, script: &ServerScript) {
        for exchange in &script.exchanges {
            match exchange.request.until_throttled {
                true => self.until_throttled(exchange).await,
                false => self.exchange(exchange).await,
            }
        }
    }

    async fn exchange(&mut self, exchange: &ServerExchange) {
        /// A server that throttles is asked again, as a client would.
        const ATTEMPTS: u32 = 4;
        for attempt in 1..=ATTEMPTS {
            let Some(answered) = self.send(exchange).await else {
                return;
            };
            let wait = retry_after(&answered.response);
            if let (429, Some(wait), false) = (answered.response.status, wait, attempt == ATTEMPTS)
            {
                tokio::time::sleep(wait).await;
                continue;
            }
            return self.check(exchange, answered.response);
        }
    }

    async fn until_throttled(&mut self, exchange: &ServerExchange) {
        let most = self.check.fixture.throttled_within.unwrap_or_default();
        for _ in 0..most {
            let Some(answered) = self.send(exchange).await else {
                return;
            };
            if answered.response.status == 429 {
                return self.check(exchange, answered.response);
            }
            if self.findings.is_empty() {
                self.exchanges.clear();
            }
        }
        let expected = format!("429 within {most} requests");
        let finding = Finding::new(Rule::NotThrottled, Place::Status, expected, "none");
        self.found(vec![finding]);
    }

    /// Sends a request once and judges the answer, whatever the case expects of it.
    async fn send(&mut self, exchange: &ServerExchange) -> Option<Exchange<'static>> {
        let request = self.instance.request(&exchange.request);
        let recorded = request.recorded(&self.check.sender);
        let answer = self.check.sender.send(&request).await;
        match answer {
            Ok(response) => {
                let exchange = Exchange {
                    request: recorded,
                    response,
                };
                self.secrets = Secrets::of(&exchange);
                self.secrets.add(&self.check.sender.token);
                let redacted = RedactedExchange::without(&self.secrets, &exchange);
                self.exchanges.push(redacted);
                let findings = self.judge.judge_any(&exchange);
                self.found(findings);
                Some(exchange)
            }
            Err(error) => {
                self.exchanges.push(RedactedExchange::unanswered(&recorded));
                let finding = Finding::new(
                    Rule::NoAnswer,
                    Place::Status,
                    "an answer",
                    error.to_string(),
                );
                self.found(vec![finding]);
                None
            }
        }
    }

    fn check(&mut self, exchange: &ServerExchange, response: Response<'static>) {
        let first = self.first.as_ref().unwrap_or(&response);
        let check = |expected, level| {
            let expectation = expectation::Expectation {
                instance: self.instance,
                request: &exchange.request,
                expected,
                level,
                token: &self.check.sender.token,
            };
            expectation.findings(&response, first)
        };
        let mut findings = check(&exchange.expected, self.instance.case.level);
        let is_other_answer = findings.iter().any(|it| it.at == Place::Status);
        if let (Some(should), false) = (&exchange.should, is_other_answer) {
            findings.extend(check(should, Level::Should));
        }
        self.found(findings);
        self.first.get_or_insert(response);
    }

    fn found(&mut self, findings: Vec<Finding>) {
        let exchange = self.exchanges.len().saturating_sub(1);
        let findings = findings.into_iter();
        self.findings.extend(findings.map(|finding| Finding {
            exchange,
            ..self.secrets.scrubbed_finding(finding)
        }));
    }
}

/// How long a throttled request is to wait, if that is bearable.
fn retry_after(response: &Response<'_>) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(30);
    let seconds = response.headers.get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|wait| *wait <= LONGEST)
}
