use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::case::Level;
use crate::error::{Error, Result};
use crate::report::{CaseReport, Report, Verdict};

/// The cases that are known to fail, each with the reason.
///
/// ```
/// let known = r#"[{ "case": "server/path/", "reason": "the proxy lowers no paths" }]"#;
/// amlkeys_conformance::KnownFailures::parse(known)?;
/// # Ok::<(), amlkeys_conformance::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KnownFailures(Vec<KnownFailure>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownFailure {
    /// A case's id, with or without what it is repeated for; or the beginning of several, which ends
    /// in a slash.
    case: String,
    reason: String,
}

impl KnownFailures {
    /// Reads the file: a list of `{"case", "reason"}`. A case is named by its id, or by the
    /// beginning of several, which ends in a slash.
    ///
    /// # Errors
    ///
    /// If it is not JSON of this form, or a reason is missing.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(Error)
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let known: Vec<KnownFailure> =
            serde_json::from_str(text).context("the known failures cannot be read")?;
        for failure in &known {
            let has_reason = !failure.reason.trim().is_empty();
            ensure!(
                has_reason,
                "`{}` is known to fail for no reason",
                failure.case
            );
        }
        Ok(Self(known))
    }

    /// Tells a finished report of recordings or examples what is known.
    ///
    /// An entry in whose place nothing was found is an unexpected pass.
    ///
    /// ```
    /// use amlkeys_conformance::{KnownFailures, lint};
    ///
    /// let known = r#"[{ "case": "one.json", "reason": "it is a stub" }]"#;
    /// let mut report = lint("one.json", "{}");
    /// KnownFailures::parse(known)?.apply(&mut report);
    /// assert!(report.is_success() && report.summary.known_failures == 1);
    /// # Ok::<(), amlkeys_conformance::Error>(())
    /// ```
    pub fn apply(&self, report: &mut Report) {
        let cases = std::mem::take(&mut report.cases);
        let ids: Vec<String> = cases.iter().map(|case| case.id.clone()).collect();
        for case in cases {
            report.summary.uncount(case.verdict);
            report.add(self.applied(case));
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        self.report_stale(&ids, report);
    }

    /// Adds an unexpected pass for each entry that covers none of these.
    pub(crate) fn report_stale(&self, ids: &[&str], report: &mut Report) {
        let is_stale = |known: &&KnownFailure| !ids.iter().any(|id| known.covers(id));
        for known in self.0.iter().filter(is_stale) {
            report.add(CaseReport {
                id: known.case.clone(),
                title: "What is known to fail is there to fail".into(),
                level: Level::Must,
                sources: Vec::new(),
                verdict: Verdict::UnexpectedPass,
                reason: Some(format!("no such case; it was: {}", known.reason)),
                findings: Vec::new(),
                exchanges: Vec::new(),
                duration: Duration::ZERO,
            });
        }
    }

    /// What came of a case, in the light of what is known.
    pub(crate) fn applied(&self, mut case: CaseReport) -> CaseReport {
        let known = self.0.iter().find(|it| it.covers(&case.id));
        let Some(known) = known else {
            return case;
        };
        case.verdict = match case.verdict {
            Verdict::Failed => Verdict::KnownFailure,
            Verdict::Passed | Verdict::Warned => Verdict::UnexpectedPass,
            other => other,
        };
        case.reason.get_or_insert_with(|| known.reason.clone());
        case
    }
}

impl KnownFailure {
    fn covers(&self, id: &str) -> bool {
        match self.case.ends_with('/') {
            true => id.starts_with(&self.case),
            false => id == self.case || id.split('[').next() == Some(&self.case),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::case::Role;

    use super::*;

    fn case(id: &str, verdict: Verdict) -> CaseReport {
        CaseReport {
            id: id.into(),
            title: "A fact".into(),
            level: Level::Must,
            sources: Vec::new(),
            verdict,
            reason: None,
            findings: Vec::new(),
            exchanges: Vec::new(),
            duration: Duration::ZERO,
        }
    }

    fn known(entry: &str) -> KnownFailures {
        let text = format!(r#"[{{ "case": "{entry}", "reason": "a reason" }}]"#);
        KnownFailures::parse(&text).unwrap()
    }

    fn applied(entry: &str, id: &str, verdict: Verdict) -> Verdict {
        known(entry).applied(case(id, verdict)).verdict
    }

    #[test]
    fn a_failure_is_known_by_id_by_run_or_by_folder() {
        for entry in ["server/a/b", "server/a/b[2025-09-01 x]", "server/a/"] {
            let verdict = applied(entry, "server/a/b[2025-09-01 x]", Verdict::Failed);
            assert_eq!(verdict, Verdict::KnownFailure, "{entry}");
        }
        for entry in ["server/a", "server/a/b[2023-10-01 x]", "erver/a/"] {
            let verdict = applied(entry, "server/a/b[2025-09-01 x]", Verdict::Failed);
            assert_eq!(verdict, Verdict::Failed, "{entry}");
        }
    }

    #[test]
    fn a_pass_that_is_known_to_fail_is_unexpected_and_a_skip_stays_one() {
        for (verdict, becomes) in [
            (Verdict::Passed, Verdict::UnexpectedPass),
            (Verdict::Warned, Verdict::UnexpectedPass),
            (Verdict::Skipped, Verdict::Skipped),
        ] {
            assert_eq!(applied("a", "a", verdict), becomes);
        }
    }

    #[test]
    fn the_counts_follow_and_a_stale_entry_is_an_unexpected_pass() {
        let mut report = Report::new(Role::Traffic, "files");
        report.add(case("a.har#1", Verdict::Failed));
        known("a.har#1").apply(&mut report);
        assert!(report.is_success());
        assert_eq!(report.summary.failed, 0);
        assert_eq!(report.summary.known_failures, 1);

        known("a.har#2").apply(&mut report);
        assert!(!report.is_success());
        assert_eq!(report.summary.unexpected_passes, 1);
    }

    #[test]
    fn a_reason_is_asked_for() {
        for text in [
            r#"[{ "case": "a", "reason": " " }]"#,
            r#"[{ "case": "a" }]"#,
            r#"{ "a": "reason" }"#,
        ] {
            assert!(KnownFailures::parse(text).is_err(), "{text}");
        }
    }
}
