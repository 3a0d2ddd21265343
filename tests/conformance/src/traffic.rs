//! Judges recorded exchanges, with no I/O but reading.

mod har;
mod lines;

use std::io::BufRead;
use std::time::Duration;

use crate::case::{Level, Role};
use crate::exchange::Exchange;
use crate::finding::{Finding, Place};
use crate::judge::Judge;
use crate::redaction::{RedactedExchange, Secrets};
use crate::report::{CaseReport, Report, Verdict};
use crate::rule::Rule;

/// Judges the exchanges of a recording: a HAR 1.2 file, or one JSON object for each exchange.
///
/// An object is `{"request": {"method", "url", "headers"}, "response": {"status", "headers",
/// "body"}}`: headers as an object or in HAR's form; a body is its JSON, or a string for any other
/// text. Objects stand one to a line, and memory does not grow with their number; a file may also
/// hold just one, over several lines. Requests of other operations are passed over.
///
/// ```
/// let recording = r#"{"request": {"method": "POST", "headers": {}, "url":
///   "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/abc/listKeys?api-version=2025-09-01"},
///   "response": {"status": 403, "headers": {}, "body": {"code": "AuthorizationFailed"}}}"#;
/// let report = amlkeys_conformance::judge_traffic("one.json", recording.as_bytes())?;
/// assert!(report.findings().any(|finding| finding.rule.id() == "error-flat"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the recording cannot be read. What cannot be understood in it is a finding.
pub fn judge_traffic(name: &str, mut recording: impl BufRead) -> std::io::Result<Report> {
    let mut judging = Judging::new(name);
    match har::is_har(recording.fill_buf()?) {
        true => har::read(recording, &mut judging)?,
        false => lines::read(recording, &mut judging)?,
    }
    Ok(judging.report)
}

/// What the readers hand exchanges to.
struct Judging<'n> {
    name: &'n str,
    judge: Judge,
    report: Report,
    seen: usize,
}

impl<'n> Judging<'n> {
    fn new(name: &'n str) -> Self {
        Self {
            name,
            judge: Judge::default(),
            report: Report::new(Role::Traffic, name),
            seen: 0,
        }
    }

    fn exchange(&mut self, exchange: &Exchange<'_>) {
        self.seen += 1;
        let Some(findings) = self.judge.judge(exchange) else {
            return;
        };
        self.report.summary.exchanges += 1;
        self.add(findings, Some(exchange));
    }

    /// Something in the recording that is no exchange; why must not quote it.
    fn unreadable(&mut self, why: &str) {
        self.seen += 1;
        let expected = "a recorded exchange";
        let finding = Finding::new(Rule::Unreadable, Place::Body, expected, why);
        self.add(vec![finding], None);
    }

    fn add(&mut self, findings: Vec<Finding>, exchange: Option<&Exchange<'_>>) {
        /// Beyond so many, exchanges with findings are only counted, or a recording in which
        /// everything is wrong would fill the memory.
        const KEPT: usize = 10_000;

        let verdict = Verdict::of(&findings);
        if verdict == Verdict::Passed || self.report.cases.len() >= KEPT {
            return self.report.summary.count(verdict);
        }
        let secrets = exchange.map(Secrets::of).unwrap_or_default();
        let findings = findings.into_iter();
        let findings: Vec<Finding> = findings.map(|it| secrets.scrubbed_finding(it)).collect();
        let exchanges = exchange.map(|it| RedactedExchange::without(&secrets, it));
        let level = findings.iter().map(|it| it.level).max();
        self.report.add(CaseReport {
            id: format!("{}#{}", self.name, self.seen),
            title: "The recorded exchange is as documented".into(),
            level: level.unwrap_or(Level::Must),
            sources: Vec::new(),
            verdict,
            reason: None,
            findings,
            exchanges: exchanges.into_iter().collect(),
            duration: Duration::ZERO,
        });
    }
}
