//! What a run found, redacted: what every format is made of.

mod text;

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::case::{Level, Role, Source};
use crate::finding::Finding;
use crate::redaction::RedactedExchange;

/// What a run found.
///
/// ```
/// let report = amlkeys_conformance::Report::new(amlkeys_conformance::Role::Server, "https://127.0.0.1:1");
/// assert!(report.is_success());
/// println!("{report}"); // for a person; `serde_json::to_string` for a machine
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Who was checked.
    pub role: Role,
    /// What was checked: a URL, a command, files.
    pub subject: String,
    /// One for each case, or for each recorded exchange or example with findings.
    pub cases: Vec<CaseReport>,
    /// The counts.
    pub summary: Summary,
}

/// What came of one case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// The case's id and what it was repeated for, as in
    /// `server/keys/compute[2025-09-01 compute123]`; or the place of a recorded exchange.
    pub id: String,
    /// The fact that it checks.
    pub title: String,
    /// How much it weighs.
    pub level: Level,
    /// Where the fact comes from.
    pub sources: Vec<Source>,
    /// What came of it.
    pub verdict: Verdict,
    /// Why it was skipped, or why its failure is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What went to and fro, if anything was found in it; [`Finding::exchange`] counts these.
    pub exchanges: Vec<RedactedExchange>,
    /// How long it took.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub duration: Duration,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing was found.
    Passed,
    /// Something that SHOULD be otherwise was found.
    Warned,
    /// Something that MUST be otherwise was found.
    Failed,
    /// It could not be checked; the reason is given.
    Skipped,
    /// It failed, and is known to; the reason is given.
    KnownFailure,
    /// It is known to fail, and did not.
    UnexpectedPass,
}

/// How often what came of the cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Exchanges that were judged.
    pub exchanges: usize,
    /// Cases, or recorded exchanges, in which nothing was found.
    pub passed: usize,
    /// That only warn.
    pub warned: usize,
    /// That fail.
    pub failed: usize,
    /// That were skipped.
    pub skipped: usize,
    /// That fail as known.
    pub known_failures: usize,
    /// That are known to fail, and passed.
    pub unexpected_passes: usize,
}

impl Report {
    /// An empty one.
    pub fn new(role: Role, subject: impl Into<String>) -> Self {
        Self {
            role,
            subject: subject.into(),
            cases: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Whether nothing failed, and nothing passed that is known to fail.
    pub fn is_success(&self) -> bool {
        self.summary.failed == 0 && self.summary.unexpected_passes == 0
    }

    /// The findings of all cases.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.cases.iter().flat_map(|case| &case.findings)
    }

    /// Takes in what came of a case.
    pub(crate) fn add(&mut self, case: CaseReport) {
        self.summary.count(case.verdict);
        self.cases.push(case);
    }
}

impl Summary {
    pub(crate) fn count(&mut self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Warned => &mut self.warned,
            Verdict::Failed => &mut self.failed,
            Verdict::Skipped => &mut self.skipped,
            Verdict::KnownFailure => &mut self.known_failures,
            Verdict::UnexpectedPass => &mut self.unexpected_passes,
        };
        *counter += 1;
    }
}

impl Verdict {
    /// What findings make of a case.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.level).max() {
            None => Self::Passed,
            Some(Level::Should) => Self::Warned,
            Some(Level::Must) => Self::Failed,
        }
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
