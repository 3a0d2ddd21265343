//! One page with nothing outside of it, that reads without scripts, in the light and in the dark.

mod exchange;

use std::io::{self, Write};

use super::markup::Escaped;
use super::{CaseReport, Report, Verdict, rfc3339};

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let subject = Escaped(&report.subject);
    // The policy forbids what the page does not do: load anything, run anything.
    write!(
        out,
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="{generator}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>{verdict}: conformance of {subject}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#cases">Skip to the cases</a>
"##,
        generator = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        verdict = word_of(report),
        style = include_str!("html/style.css"),
    )?;
    write_header(report, out)?;
    writeln!(out, "<main id=\"cases\">")?;
    for part in &PARTS {
        write_part(report, part, out)?;
    }
    write_unlisted(report, out)?;
    write!(
        out,
        "</main>\n<footer><p>Written by amlkeys {}. Of bodies only what the documents call public \
         is shown, of all else type and length; headers are shown by an allow-list, and of a query \
         only the api-version.</p></footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn word_of(report: &Report) -> &'static str {
    match report.is_success() {
        true => "Passed",
        false => "Failed",
    }
}

/// A part of the page: the cases of which one thing came.
struct Part {
    verdict: Verdict,
    title: &'static str,
    means: &'static str,
    /// Whether its groups stand open, and its cases unless they are many.
    is_open: bool,
}

impl Part {
    /// Of many cases, the titles are more than enough to begin with.
    fn opens_cases(&self, report: &Report) -> bool {
        const MANY: usize = 25;
        self.is_open && count_of(report, self) <= MANY
    }
}

fn open_if(is_open: bool) -> &'static str {
    match is_open {
        true => " open",
        false => "",
    }
}

/// What matters most comes first.
const PARTS: [Part; 6] = [
    Part {
        verdict: Verdict::Failed,
        title: "Failures",
        means: "Something that MUST be otherwise.",
        is_open: true,
    },
    Part {
        verdict: Verdict::UnexpectedPass,
        title: "Unexpected passes",
        means: "Known to fail, and passed: take them out of the file of known failures.",
        is_open: true,
    },
    Part {
        verdict: Verdict::Warned,
        title: "Warnings",
        means: "Something that SHOULD be otherwise. They fail nothing.",
        is_open: false,
    },
    Part {
        verdict: Verdict::KnownFailure,
        title: "Known failures",
        means: "They fail, for a reason that is known.",
        is_open: false,
    },
    Part {
        verdict: Verdict::Skipped,
        title: "Skipped",
        means: "They could not be checked.",
        is_open: false,
    },
    Part {
        verdict: Verdict::Passed,
        title: "Passed",
        means: "Nothing was found.",
        is_open: false,
    },
];

fn write_header(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let (passed, failed, skipped) = report.summary.totals();
    let class = match report.is_success() {
        true => "passed",
        false => "failed",
    };
    let headline = match (report.is_success(), failed) {
        (true, _) => "Everything that must pass passes".to_owned(),
        (false, 1) => "1 case fails".to_owned(),
        (false, failed) => format!("{failed} cases fail"),
    };
    write!(
        out,
        r#"<header class="{class}">
<p class="kind">amlkeys conformance · {role}</p>
<h1>{headline}</h1>
<p class="subject"><code>{subject}</code></p>
<p class="facts">{passed} passed, {failed} failed, {skipped} skipped · {exchanges} · <time datetime="{started}">{day} {hour} UTC</time></p>
"#,
        role = report.role,
        subject = Escaped(&report.subject),
        exchanges = report.summary.told(),
        started = rfc3339(report.started),
        day = &rfc3339(report.started)[..10],
        hour = &rfc3339(report.started)[11..16],
    )?;
    write_bar(report, out)?;
    writeln!(out, "</header>")
}

/// The counts as a bar and as a list.
fn write_bar(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let counts = PARTS.each_ref().map(|part| (part, count_of(report, part)));
    write!(out, "<div class=\"bar\" aria-hidden=\"true\">")?;
    for (part, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let class = class_of(part.verdict);
        write!(
            out,
            "<span class=\"{class}\" style=\"flex:{count}\"></span>"
        )?;
    }
    writeln!(out, "</div>\n<ul class=\"counts\">")?;
    for (part, count) in counts {
        let class = class_of(part.verdict);
        let label = part.verdict.counted();
        let content = format!("<b>{count}</b> {label}");
        match count {
            0 => writeln!(out, "<li class=\"none\">{content}</li>")?,
            _ => writeln!(
                out,
                "<li class=\"{class}\"><a href=\"#{class}\">{content}</a></li>"
            )?,
        }
    }
    writeln!(out, "</ul>")
}

fn count_of(report: &Report, part: &Part) -> usize {
    let summary = &report.summary;
    match part.verdict {
        Verdict::Passed => summary.passed,
        Verdict::Warned => summary.warned,
        Verdict::Failed => summary.failed,
        Verdict::Skipped => summary.skipped,
        Verdict::KnownFailure => summary.known_failures,
        Verdict::UnexpectedPass => summary.unexpected_passes,
    }
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Warned => "warned",
        Verdict::Failed => "failed",
        Verdict::Skipped => "skipped",
        Verdict::KnownFailure => "known",
        Verdict::UnexpectedPass => "mended",
    }
}

fn write_part(report: &Report, part: &Part, out: &mut impl Write) -> io::Result<()> {
    let count = count_of(report, part);
    if count == 0 {
        return Ok(());
    }
    let (class, title, means) = (class_of(part.verdict), part.title, part.means);
    write!(
        out,
        "<section id=\"{class}\" class=\"{class}\" aria-labelledby=\"{class}-title\">\n\
         <h2 id=\"{class}-title\">{title} <span class=\"count\">{count}</span></h2>\n\
         <p class=\"means\">{means}</p>\n"
    )?;
    for (group, mut cases) in report.groups() {
        cases.retain(|case| case.verdict == part.verdict);
        if !cases.is_empty() {
            write_group(report, group, &cases, part, out)?;
        }
    }
    writeln!(out, "</section>")
}

fn write_group(
    report: &Report,
    group: &str,
    cases: &[&CaseReport],
    part: &Part,
    out: &mut impl Write,
) -> io::Result<()> {
    let open = open_if(part.is_open);
    writeln!(
        out,
        "<details class=\"group\"{open}>\n<summary><h3>{}</h3> <span class=\"count\">{}</span></summary>",
        Escaped(group),
        cases.len()
    )?;
    match part.verdict {
        Verdict::Passed | Verdict::Skipped => write_table(cases, part, out)?,
        _ => {
            for case in cases {
                write_case(case, part.opens_cases(report), out)?;
            }
        }
    }
    writeln!(out, "</details>")
}

/// Cases of which there is no more to say than a line.
fn write_table(cases: &[&CaseReport], part: &Part, out: &mut impl Write) -> io::Result<()> {
    let is_skipped = part.verdict == Verdict::Skipped;
    let last = match is_skipped {
        true => "Reason",
        false => "Time",
    };
    writeln!(
        out,
        "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Case</th>\
         <th scope=\"col\">Fact</th><th scope=\"col\">{last}</th></tr></thead>\n<tbody>"
    )?;
    for case in cases {
        let last = match is_skipped {
            true => case.reason.clone().unwrap_or_default(),
            false => format!("{:.0} ms", case.duration.as_secs_f64() * 1000.0),
        };
        writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
            Escaped(&case.id),
            Escaped(&case.title),
            Escaped(&last)
        )?;
    }
    writeln!(out, "</tbody>\n</table></div>")
}

fn write_case(case: &CaseReport, is_open: bool, out: &mut impl Write) -> io::Result<()> {
    let (class, open) = (class_of(case.verdict), open_if(is_open));
    writeln!(
        out,
        "<details class=\"case {class}\"{open}>\n<summary><h4>{}</h4><code>{}</code></summary>",
        Escaped(&case.title),
        Escaped(&case.id)
    )?;
    if let Some(reason) = &case.reason {
        let reason = Escaped(reason);
        writeln!(out, "<p class=\"reason\"><b>Known:</b> {reason}</p>")?;
    }
    if !case.sources.is_empty() {
        let sources: Vec<String> = case.sources.iter().map(ToString::to_string).collect();
        let sources = sources.join("; ");
        let (level, sources) = (case.level, Escaped(&sources));
        writeln!(
            out,
            "<p class=\"means\">A {level} case. Source: {sources}</p>"
        )?;
    }
    // Findings of an example are in no exchange.
    for index in 0..case.exchanges.len().max(1) {
        exchange::write(case, index, out)?;
    }
    writeln!(out, "</details>")
}

fn write_unlisted(report: &Report, out: &mut impl Write) -> io::Result<()> {
    match report.passed_unlisted() {
        0 => Ok(()),
        count => writeln!(
            out,
            "<p class=\"means\">{count} recorded exchanges without findings are not listed.</p>"
        ),
    }
}
