use std::fmt;
use std::io::{self, Write};

use serde_json::Value;

use crate::case::Level;
use crate::finding::{Finding, Place};
use crate::redaction::{RedactedBody, RedactedExchange, RedactedRequest, RedactedResponse};

use super::super::CaseReport;
use super::super::markup::Escaped;

/// One exchange of a case: what was found in it, then request and response side by side.
pub(super) fn write(case: &CaseReport, index: usize, out: &mut impl Write) -> io::Result<()> {
    let findings: Vec<&Finding> = case.findings_in(index).collect();
    for finding in &findings {
        write_finding(finding, out)?;
    }
    let Some(exchange) = case.exchanges.get(index) else {
        return Ok(());
    };
    if case.exchanges.len() > 1 && findings.is_empty() {
        writeln!(
            out,
            "<p class=\"means\">Nothing was found in this exchange.</p>"
        )?;
    }
    write_exchange(exchange, &findings, out)
}

fn write_finding(finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let Finding {
        rule,
        level,
        at,
        expected,
        seen,
        source,
        ..
    } = finding;
    let class = match level {
        Level::Must => "must",
        Level::Should => "should",
    };
    let at = at.to_string();
    writeln!(
        out,
        "<article class=\"finding {class}\">\n<h5><span class=\"level\">{level}</span> {title}</h5>\n\
         <dl>\n<dt>Expected</dt><dd>{expected}</dd>\n<dt>Seen</dt><dd>{seen}</dd>\n\
         <dt>At</dt><dd><code>{at}</code></dd>\n<dt>Rule</dt><dd><code>{rule}</code></dd>\n\
         <dt>Source</dt><dd>{source}</dd>\n</dl>\n</article>",
        title = Escaped(rule.title()),
        expected = Escaped(expected),
        seen = Escaped(seen),
        at = Escaped(&at),
        rule = Escaped(rule.id()),
        source = Escaped(source),
    )
}

fn write_exchange(
    exchange: &RedactedExchange,
    findings: &[&Finding],
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "<div class=\"exchange\">")?;
    write_request(&exchange.request, findings, out)?;
    match &exchange.response {
        Some(response) => write_response(response, findings, out)?,
        None => writeln!(
            out,
            "<section><h5>Response</h5><p class=\"means\">There was none.</p></section>"
        )?,
    }
    writeln!(out, "</div>")
}

fn write_request(
    request: &RedactedRequest,
    findings: &[&Finding],
    out: &mut impl Write,
) -> io::Result<()> {
    let is_at = findings.iter().any(|it| it.at == Place::Url);
    let line = format!("{} {}", request.method, request.url);
    writeln!(
        out,
        "<section><h5>Request</h5>\n<pre><b>{}</b>",
        Marked(&line, is_at)
    )?;
    for (name, value) in &request.headers {
        writeln!(out, "<i>{}:</i> {}", Escaped(name), Shown(value))?;
    }
    writeln!(out, "</pre></section>")
}

fn write_response(
    response: &RedactedResponse,
    findings: &[&Finding],
    out: &mut impl Write,
) -> io::Result<()> {
    let is_at = |place: &Place| findings.iter().any(|it| it.at == *place);
    let status = response.status.to_string();
    writeln!(
        out,
        "<section><h5>Response</h5>\n<pre><b>{}</b>",
        Marked(&status, is_at(&Place::Status))
    )?;
    for (name, value) in &response.headers {
        let is_at = is_at(&Place::header(name));
        let name = format!("{name}:");
        writeln!(out, "<i>{}</i> {}", Marked(&name, is_at), Shown(value))?;
    }
    match &response.body {
        RedactedBody::Empty => {}
        RedactedBody::Other { bytes } => {
            let text = format!("[redacted: {bytes} bytes that are not JSON]");
            writeln!(out, "\n{}", Shown(&text))?;
        }
        RedactedBody::Json(value) => {
            let body = Body {
                findings,
                pointer: String::new(),
                indent: 0,
            };
            writeln!(out)?;
            body.write(value, out)?;
            writeln!(out)?;
        }
    }
    writeln!(out, "</pre></section>")
}

/// A value of a body, and where it is.
struct Body<'b> {
    findings: &'b [&'b Finding],
    pointer: String,
    indent: usize,
}

impl Body<'_> {
    fn write(&self, value: &Value, out: &mut impl Write) -> io::Result<()> {
        match value {
            Value::Object(members) if !members.is_empty() => {
                write!(out, "{{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    let member = self.child(name);
                    member.new_line(index, out)?;
                    let shown = Value::from(name.as_str()).to_string();
                    write!(out, "{}: ", Marked(&shown, member.is_found()))?;
                    member.write(value, out)?;
                }
                write!(out, "\n{:1$}}}", "", self.indent)
            }
            Value::Array(elements) if !elements.is_empty() => {
                write!(out, "[")?;
                for (index, value) in elements.iter().enumerate() {
                    let element = self.child(&index.to_string());
                    element.new_line(index, out)?;
                    element.write(value, out)?;
                }
                write!(out, "\n{:1$}]", "", self.indent)
            }
            value => write!(out, "{}", Shown(&value.to_string())),
        }
    }

    fn child(&self, name: &str) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self {
            findings: self.findings,
            pointer: format!("{}/{name}", self.pointer),
            indent: self.indent + 2,
        }
    }

    fn new_line(&self, index: usize, out: &mut impl Write) -> io::Result<()> {
        let comma = match index {
            0 => "",
            _ => ",",
        };
        write!(out, "{comma}\n{:1$}", "", self.indent)
    }

    fn is_found(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|it| matches!(&it.at, Place::Pointer(at) if *at == self.pointer))
    }
}

/// A text, marked if something was found there.
struct Marked<'t>(&'t str, bool);

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, is_marked) = *self;
        match is_marked {
            true => write!(f, "<mark>{}</mark>", Escaped(text)),
            false => Escaped(text).fmt(f),
        }
    }
}

/// A value, set back if it is redacted.
struct Shown<'t>(&'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.contains("[redacted") {
            true => write!(f, "<span class=\"redacted\">{}</span>", Escaped(self.0)),
            false => Escaped(self.0).fmt(f),
        }
    }
}
