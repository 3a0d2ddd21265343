//! The two streams: data on stdout, everything else on stderr. Nothing else in
//! this program prints.

use std::io::{self, ErrorKind, Write};

use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::args::Format;
use crate::failure::Failure;

/// Writes the result.
pub(crate) fn data(document: &Value, format: Format) -> Result<(), Failure> {
    let text = match format {
        Format::Json => format!("{document:#}\n"),
        Format::Table => table(document),
    };
    bytes(text.as_bytes())
}

/// Writes to stdout as it is. A reader that closed the pipe has had enough:
/// that is no failure.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) => write_failed(&error).map_or(Ok(()), Err),
    }
}

/// Writes a line to stderr for whoever is there.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The failure that a failed write is, `None` for a closed pipe.
pub(crate) fn write_failed(error: &io::Error) -> Option<Failure> {
    (error.kind() != ErrorKind::BrokenPipe).then(|| Failure::output(error))
}

/// Writes why the command failed. If stderr is gone too, nobody is listening.
pub(crate) fn failure(failure: &Failure, json: bool) {
    let text = match json {
        true => serde_json::to_string_pretty(failure).map(|json| json + "\n"),
        false => Ok(failure.to_text()),
    };
    let _ = io::stderr().write_all(text.unwrap_or_else(|_| failure.to_text()).as_bytes());
}

/// Shows what the SDK reports of itself: facts, never a token or a body.
pub(crate) fn verbose() {
    show("amlkeys", LevelFilter::DEBUG);
}

/// Shows what goes wrong in the emulator, and on demand a line for each request.
pub(crate) fn access_log(verbose: bool) {
    let level = match verbose {
        true => LevelFilter::INFO,
        false => LevelFilter::WARN,
    };
    show("amlkeys_emulator", level);
}

fn show(library: &str, level: LevelFilter) {
    let ours = Targets::new()
        .with_target("amlkeys_emulator", LevelFilter::OFF)
        .with_target(library, level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time();
    tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .init();
}

/// One line for each value, its place in the document first.
fn table(document: &Value) -> String {
    let mut rows = vec![("Name".to_owned(), "Value".to_owned())];
    leaves(String::new(), document, &mut rows);
    let width = |column: fn(&(String, String)) -> &str| {
        let widths = rows.iter().map(|row| column(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let (names, values) = (width(|row| &row.0), width(|row| &row.1));
    rows.insert(1, ("-".repeat(names), "-".repeat(values)));
    rows.iter()
        .map(|(name, value)| format!("{}\n", format!("{name:names$}  {value}").trim_end()))
        .collect()
}

fn leaves(place: String, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, value) in object {
                let inner = match place.as_str() {
                    "" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                leaves(inner, value, rows);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                leaves(format!("{place}[{index}]"), value, rows);
            }
        }
        Value::Null => rows.push((place, String::new())),
        Value::String(text) => rows.push((place, on_one_line(text))),
        other => rows.push((place, other.to_string())),
    }
}

/// A value that spans lines, such as a kubeconfig, with its line ends and other
/// control characters escaped.
fn on_one_line(text: &str) -> String {
    text.chars()
        .flat_map(|it| match it.is_control() {
            true => it.escape_default().collect::<Vec<char>>(),
            false => vec![it],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_names_the_place_of_each_value() {
        let document = json!({"a": null, "b": {"c": [{"d": "x\ny"}, true]}, "e": [], "f": {}});
        assert_eq!(
            table(&document),
            "Name      Value\n--------  -----\na\nb.c[0].d  x\\ny\nb.c[1]    true\ne         []\nf         {}\n"
        );
    }
}
