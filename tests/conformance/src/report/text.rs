use std::fmt;

use crate::finding::Finding;

use super::{CaseReport, Report, Verdict};

/// The report for a person: what failed and warned, with each finding, and the counts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.cases.iter().filter(|it| it.verdict != Verdict::Passed) {
            case.fmt(f)?;
        }
        let Self { summary, .. } = self;
        write!(f, "{}: {} exchanges", self.subject, summary.exchanges)?;
        for (count, word) in [
            (summary.passed, "passed"),
            (summary.warned, "warned"),
            (summary.failed, "failed"),
            (summary.skipped, "skipped"),
            (summary.known_failures, "known to fail"),
            (summary.unexpected_passes, "passed unexpectedly"),
        ] {
            if count > 0 || word == "failed" {
                write!(f, ", {count} {word}")?;
            }
        }
        writeln!(f)
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<8} {}", self.verdict.word(), self.id)?;
        writeln!(f, "         {}", self.title)?;
        if let Some(reason) = &self.reason {
            writeln!(f, "         reason: {reason}")?;
        }
        for finding in &self.findings {
            self.finding(finding, f)?;
        }
        Ok(())
    }
}

impl CaseReport {
    fn finding(&self, finding: &Finding, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {finding}")?;
        if let Some(exchange) = self.exchanges.get(finding.exchange) {
            let request = &exchange.request;
            let status = exchange.response.as_ref().map(|it| it.status.to_string());
            let status = status.unwrap_or_else(|| "no answer".into());
            writeln!(
                f,
                "    in:     {} {} -> {status}",
                request.method, request.url
            )?;
        }
        writeln!(f, "    source: {}", finding.source)
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
            Self::KnownFailure => "known",
            Self::UnexpectedPass => "MENDED",
        }
    }
}
