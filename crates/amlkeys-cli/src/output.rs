//! The two streams: data on stdout, everything else on stderr. Nothing else in
//! this program prints.

#[cfg(test)]
mod as_az;
mod json;
mod table;
mod tsv;
mod yaml;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::args::Format;
use crate::failure::Failure;
use crate::query::Query;

pub(crate) use table::Table;

/// How the one document of a command is printed.
pub(crate) struct Printer {
    pub(crate) format: Format,
    pub(crate) query: Option<Query>,
}

impl Printer {
    /// Applies the query and writes what it finds.
    pub(crate) fn print(&self, document: &Value, table: Table) -> Result<(), Failure> {
        bytes(self.render(document, table)?.as_bytes())
    }

    /// One document of many, in one line. Nothing if the query finds null.
    pub(crate) fn line(&self, document: &Value) -> Result<String, Failure> {
        let found = match &self.query {
            None => None,
            Some(query) => Some(query.search(document)?),
        };
        let document = found.as_ref().unwrap_or(document);
        match self.format {
            _ if document.is_null() => Ok(String::new()),
            Format::None => Ok(String::new()),
            // Each element of a list would be a line.
            Format::Tsv => {
                let makes_objects = self.query.as_ref().is_some_and(Query::makes_objects);
                let row = Value::Array(vec![document.clone()]);
                Ok(tsv::tsv(&row, makes_objects))
            }
            _ => Ok(format!("{document}\n")),
        }
    }

    /// Nothing if the query finds null, as in az.
    fn render(&self, document: &Value, table: Table) -> Result<String, Failure> {
        let found = match &self.query {
            None => None,
            Some(query) => Some(query.search(document)?),
        };
        let makes_objects = self.query.as_ref().is_some_and(Query::makes_objects);
        let table = if found.is_some() { Table::Rows } else { table };
        let document = found.as_ref().unwrap_or(document);
        if document.is_null() {
            return Ok(String::new());
        }
        match self.format {
            Format::Json => Ok(json::plain(document)),
            Format::Jsonc if has_colours() => Ok(json::coloured(document)),
            Format::Jsonc => Ok(json::plain(document)),
            Format::Yaml => yaml::yaml(document),
            Format::Table => Ok(table.render(document)),
            Format::Tsv => Ok(tsv::tsv(document, makes_objects)),
            Format::None => Ok(String::new()),
        }
    }
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

/// Writes one of many lines to stdout, while other things go on. False if the
/// reader closed the pipe.
pub(crate) async fn line(line: &str) -> Result<bool, Failure> {
    if line.is_empty() {
        return Ok(true);
    }
    let mut stdout = tokio::io::stdout();
    let written = match stdout.write_all(line.as_bytes()).await {
        Ok(()) => stdout.flush().await,
        failed => failed,
    };
    match written {
        Ok(()) => Ok(true),
        Err(error) => write_failed(&error).map_or(Ok(false), Err),
    }
}

/// Steers the terminal that stderr is.
pub(crate) fn terminal(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// Writes a text in colours to stdout, and leaves them out where nobody wants them.
pub(crate) fn coloured(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = AutoStream::auto(io::stdout().lock());
    let written = stdout.write_all(text).and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) => write_failed(&error).map_or(Ok(()), Err),
    }
}

/// Writes a line to stderr for whoever is there.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// NO_COLOR, CLICOLOR_FORCE and TERM=dumb, and whether stdout is a terminal.
fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
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

/// Writes help and version to stdout, a usage error to stderr.
pub(crate) fn clap(error: &clap::Error, json: bool) -> ExitCode {
    let is_usage = error.exit_code() != 0
        && error.kind() != clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if json && is_usage {
        failure(&Failure::usage_of(error), true);
    } else if let Err(error) = error.print() {
        return write_failed(&error).map_or(ExitCode::SUCCESS, |failure| {
            ExitCode::from(failure.exit_code())
        });
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
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

/// One line on a terminal's stderr that says how far it is; anywhere else, nothing.
pub(crate) struct Progress {
    started: Option<Instant>,
    total: usize,
    done: usize,
    is_shown: bool,
}

impl Progress {
    pub(crate) fn of(total: usize) -> Self {
        Self {
            started: io::stderr().is_terminal().then(Instant::now),
            total,
            done: 0,
            is_shown: false,
        }
    }

    /// One more is done. What takes less than half a second needs no progress.
    pub(crate) fn step(&mut self) {
        const PATIENCE: Duration = Duration::from_millis(500);
        self.done += 1;
        if self.started.is_some_and(|it| it.elapsed() > PATIENCE) {
            self.is_shown = true;
            let _ = write!(io::stderr(), "\r{} of {}\x1b[K", self.done, self.total);
        }
    }
}

/// Clears the line, so that data comes after nothing.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
