use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::case::Level;
use crate::finding::Finding;

use super::markup::Plain;
use super::{CaseReport, Report, Verdict};

pub(super) fn write(report: &Report, coloured: bool, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}", Text { report, coloured })
}

/// The report for a person: what failed and warned, with each finding, and the counts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (report, coloured) = (self, false);
        Text { report, coloured }.fmt(f)
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (case, coloured) = (self, false);
        Case { case, coloured }.fmt(f)
    }
}

struct Text<'r> {
    report: &'r Report,
    coloured: bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, coloured } = *self;
        let cases = report.cases.iter();
        for case in cases.filter(|it| it.verdict != Verdict::Passed) {
            Case { case, coloured }.fmt(f)?;
        }
        let summary = &report.summary;
        write!(f, "{}: {}", Plain(&report.subject), summary.told())?;
        for (count, verdict) in [
            (summary.passed, Verdict::Passed),
            (summary.warned, Verdict::Warned),
            (summary.failed, Verdict::Failed),
            (summary.skipped, Verdict::Skipped),
            (summary.known_failures, Verdict::KnownFailure),
            (summary.unexpected_passes, Verdict::UnexpectedPass),
        ] {
            if count > 0 {
                write!(f, ", {count} {}", verdict.counted())?;
            }
        }
        let (passed, failed, skipped) = summary.totals();
        let style = match report.is_success() {
            true => Verdict::Passed.style(),
            false => Verdict::Failed.style(),
        };
        let line = format!("{passed} passed, {failed} failed, {skipped} skipped");
        writeln!(f, "\n{}", Painted(&line, style, coloured))
    }
}

struct Case<'r> {
    case: &'r CaseReport,
    coloured: bool,
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, coloured } = *self;
        let word = format!("{:<8}", case.verdict.word());
        let word = Painted(&word, case.verdict.style(), coloured);
        writeln!(f, "{word} {}", Plain(&case.id))?;
        writeln!(f, "         {}", Plain(&case.title))?;
        if let Some(reason) = &case.reason {
            writeln!(f, "         reason: {}", Plain(reason))?;
        }
        for finding in &case.findings {
            self.finding(finding, f)?;
        }
        Ok(())
    }
}

impl Case<'_> {
    fn finding(&self, finding: &Finding, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = finding.to_string();
        let level = finding.level.to_string();
        let rest = line.strip_prefix(&level).unwrap_or_default();
        let style = match finding.level {
            Level::Must => Verdict::Failed.style(),
            Level::Should => Verdict::Warned.style(),
        };
        let level = Painted(&level, style, self.coloured);
        writeln!(f, "  {level}{}", Plain(rest))?;
        if let Some(exchange) = self.case.exchanges.get(finding.exchange) {
            let request = &exchange.request;
            let status = exchange.response.as_ref().map(|it| it.status.to_string());
            let status = status.unwrap_or_else(|| "no answer".into());
            let line = format!("{} {} -> {status}", request.method, request.url);
            writeln!(f, "    in:     {}", Plain(&line))?;
        }
        writeln!(f, "    source: {}", Plain(&finding.source))
    }
}

/// A text from here in its style, if colours are wanted.
struct Painted<'t>(&'t str, Style, bool);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, style, coloured) = self;
        match coloured {
            true => write!(f, "{style}{text}{style:#}"),
            false => f.write_str(text),
        }
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

    /// What some are that it came of.
    pub(super) fn counted(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::KnownFailure => "known to fail",
            Self::UnexpectedPass => "passed unexpectedly",
        }
    }

    fn style(self) -> Style {
        let colour = match self {
            Self::Passed => AnsiColor::Green,
            Self::Warned => AnsiColor::Yellow,
            Self::Failed | Self::UnexpectedPass => AnsiColor::Red,
            Self::Skipped | Self::KnownFailure => AnsiColor::Cyan,
        };
        colour.on_default().bold()
    }
}
