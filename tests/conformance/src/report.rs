//! What a run found, redacted: what every format is made of.

mod format;
mod har;
mod html;
mod json;
mod junit;
mod markup;
mod sarif;
mod text;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::case::{Level, Role, Source};
use crate::finding::Finding;
use crate::redaction::RedactedExchange;

pub use format::Format;

/// What a run found.
///
/// ```
/// let report = amlkeys_conformance::Report::new(amlkeys_conformance::Role::Server, "https://127.0.0.1:1");
/// assert!(report.is_success());
/// println!("{report}"); // for a person; see `Report::write` for machines and for sharing
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Who was checked.
    pub role: Role,
    /// What was checked: a URL, a command, files.
    pub subject: String,
    /// When the check began.
    #[serde(serialize_with = "timestamp")]
    pub started: SystemTime,
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
            started: SystemTime::now(),
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

    /// Takes in another one: of a further file, say.
    ///
    /// ```
    /// use amlkeys_conformance::{Report, Role, lint};
    ///
    /// let mut report = Report::new(Role::Traffic, "2 examples");
    /// for name in ["one.json", "two.json"] {
    ///     report.absorb(lint(name, "{}"));
    /// }
    /// assert_eq!(report.summary.failed, 2);
    /// ```
    pub fn absorb(&mut self, other: Self) {
        self.summary.add(other.summary);
        self.cases.extend(other.cases);
    }

    /// Keeps, of what is listed, only these.
    ///
    /// ```
    /// let mut report = amlkeys_conformance::lint("one.json", "{}");
    /// report.retain(|case| case.id.contains("two"));
    /// assert!(report.is_success() && report.cases.is_empty());
    /// ```
    pub fn retain(&mut self, keep: impl Fn(&CaseReport) -> bool) {
        let summary = &mut self.summary;
        self.cases.retain(|case| {
            let is_kept = keep(case);
            if !is_kept {
                summary.uncount(case.verdict);
            }
            is_kept
        });
    }

    /// How long the cases took, one after the other.
    fn duration(&self) -> Duration {
        self.cases.iter().map(|case| case.duration).sum()
    }

    /// The cases by what they are about, in order.
    fn groups(&self) -> BTreeMap<&str, Vec<&CaseReport>> {
        let mut groups: BTreeMap<&str, Vec<&CaseReport>> = BTreeMap::new();
        for case in &self.cases {
            groups.entry(case.group()).or_default().push(case);
        }
        groups
    }

    /// How many passed that are not among the cases: of a recording only what has findings is.
    fn passed_unlisted(&self) -> usize {
        let listed = self.cases.iter();
        let listed = listed.filter(|case| case.verdict == Verdict::Passed);
        self.summary.passed.saturating_sub(listed.count())
    }

    /// Takes in what came of a case.
    pub(crate) fn add(&mut self, case: CaseReport) {
        self.summary.count(case.verdict);
        self.cases.push(case);
    }
}

impl CaseReport {
    /// What it is about: the folder of a case, or the file of a recorded exchange.
    fn group(&self) -> &str {
        let id = self.id.split('[').next().unwrap_or_default();
        match id.rsplit_once('#') {
            Some((file, _)) => file,
            None => id.rsplit_once('/').map_or(id, |(folder, _)| folder),
        }
    }

    /// Its findings in one of its exchanges.
    fn findings_in(&self, exchange: usize) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(move |finding| finding.exchange == exchange)
    }
}

impl Summary {
    /// Those that passed, failed and were skipped, where a warning passes, an unexpected pass fails
    /// and a known failure counts as skipped.
    pub fn totals(&self) -> (usize, usize, usize) {
        (
            self.passed + self.warned,
            self.failed + self.unexpected_passes,
            self.skipped + self.known_failures,
        )
    }

    /// How many exchanges there were.
    fn told(&self) -> String {
        match self.exchanges {
            1 => "1 exchange".to_owned(),
            count => format!("{count} exchanges"),
        }
    }

    fn add(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.passed += other.passed;
        self.warned += other.warned;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.known_failures += other.known_failures;
        self.unexpected_passes += other.unexpected_passes;
    }

    pub(crate) fn count(&mut self, verdict: Verdict) {
        *self.counter(verdict) += 1;
    }

    pub(crate) fn uncount(&mut self, verdict: Verdict) {
        *self.counter(verdict) -= 1;
    }

    fn counter(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Warned => &mut self.warned,
            Verdict::Failed => &mut self.failed,
            Verdict::Skipped => &mut self.skipped,
            Verdict::KnownFailure => &mut self.known_failures,
            Verdict::UnexpectedPass => &mut self.unexpected_passes,
        }
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

fn timestamp<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// To the second, in UTC.
fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at).truncate_to_second();
    at.format(&Rfc3339)
        .expect("a clock does not go beyond the year 9999")
}
