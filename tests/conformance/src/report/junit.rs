//! The XML that CI servers take from JUnit: a suite for each group, a test for each case.

use std::io::{self, Write};
use std::time::Duration;

use super::markup::Escaped;
use super::{CaseReport, Report, Verdict, rfc3339};

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let groups = report.groups();
    let unlisted = report.passed_unlisted();
    let (_, failed, skipped) = report.summary.totals();
    let name = format!("amlkeys conformance: {} {}", report.role, report.subject);
    let counts = Counts {
        tests: report.cases.len() + usize::from(unlisted > 0),
        failed,
        skipped,
        duration: report.duration(),
    };
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    open(out, "testsuites", &name, &counts, report)?;
    for (group, cases) in groups {
        open(out, "testsuite", group, &Counts::of(&cases), report)?;
        for case in cases {
            write_case(case, out)?;
        }
        writeln!(out, "</testsuite>")?;
    }
    if unlisted > 0 {
        write_unlisted(report, unlisted, out)?;
    }
    writeln!(out, "</testsuites>")
}

struct Counts {
    tests: usize,
    failed: usize,
    skipped: usize,
    duration: Duration,
}

impl Counts {
    fn of(cases: &[&CaseReport]) -> Self {
        let count = |verdicts: [Verdict; 2]| {
            let cases = cases.iter();
            cases.filter(|it| verdicts.contains(&it.verdict)).count()
        };
        Self {
            tests: cases.len(),
            failed: count([Verdict::Failed, Verdict::UnexpectedPass]),
            skipped: count([Verdict::Skipped, Verdict::KnownFailure]),
            duration: cases.iter().map(|case| case.duration).sum(),
        }
    }
}

fn open(
    out: &mut impl Write,
    element: &str,
    name: &str,
    counts: &Counts,
    report: &Report,
) -> io::Result<()> {
    let Counts {
        tests,
        failed,
        skipped,
        duration,
    } = counts;
    let (name, started) = (Escaped(name), rfc3339(report.started));
    let seconds = duration.as_secs_f64();
    writeln!(
        out,
        r#"<{element} name="{name}" tests="{tests}" failures="{failed}" errors="0" skipped="{skipped}" time="{seconds:.3}" timestamp="{started}">"#
    )
}

/// Of a recording, what is as documented is only counted.
fn write_unlisted(report: &Report, unlisted: usize, out: &mut impl Write) -> io::Result<()> {
    let counts = Counts {
        tests: 1,
        failed: 0,
        skipped: 0,
        duration: Duration::ZERO,
    };
    open(out, "testsuite", "as documented", &counts, report)?;
    let name = format!("{unlisted} exchanges without findings");
    writeln!(
        out,
        r#"<testcase name="{name}" classname="as documented" time="0.000"/>"#
    )?;
    writeln!(out, "</testsuite>")
}

fn write_case(case: &CaseReport, out: &mut impl Write) -> io::Result<()> {
    let classname = case.group().replace('/', ".");
    let seconds = case.duration.as_secs_f64();
    writeln!(
        out,
        r#"<testcase name="{}" classname="{}" time="{seconds:.3}">"#,
        Escaped(&case.id),
        Escaped(&classname)
    )?;
    let reason = case.reason.as_deref().unwrap_or_default();
    match case.verdict {
        Verdict::Passed => {}
        Verdict::Failed => {
            let rules = case.findings.iter().max_by_key(|finding| finding.level);
            let rule = rules.map_or("", |finding| finding.rule.id());
            write_element(out, "failure", &case.title, rule, Some(case))?;
        }
        Verdict::UnexpectedPass => {
            let message = format!("it passes, but is known to fail: {reason}");
            write_element(out, "failure", &message, "unexpected-pass", None)?;
        }
        Verdict::Skipped | Verdict::KnownFailure => {
            writeln!(out, r#"<skipped message="{}"/>"#, Escaped(reason))?;
            write_output(case, out)?;
        }
        Verdict::Warned => write_output(case, out)?,
    }
    writeln!(out, "</testcase>")
}

fn write_element(
    out: &mut impl Write,
    element: &str,
    message: &str,
    kind: &str,
    told: Option<&CaseReport>,
) -> io::Result<()> {
    let message = Escaped(message);
    write!(out, r#"<{element} message="{message}" type="{kind}">"#)?;
    if let Some(case) = told {
        write_lines(case, out)?;
    }
    writeln!(out, "</{element}>")
}

fn write_output(case: &CaseReport, out: &mut impl Write) -> io::Result<()> {
    if case.findings.is_empty() {
        return Ok(());
    }
    write!(out, "<system-out>")?;
    write_lines(case, out)?;
    writeln!(out, "</system-out>")
}

fn write_lines(case: &CaseReport, out: &mut impl Write) -> io::Result<()> {
    for line in case.to_string().lines() {
        writeln!(out, "{}", Escaped(line))?;
    }
    Ok(())
}
