use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use anyhow::anyhow;

use super::{Report, har, html, json, junit, sarif, text};
use crate::error::{Error, Result};

/// How a report is written.
///
/// ```
/// use amlkeys_conformance::{Format, Report, Role};
///
/// let report = Report::new(Role::Server, "https://127.0.0.1:1");
/// let mut page = Vec::new();
/// report.write(Format::Html, &mut page)?;
/// assert!(page.starts_with(b"<!doctype html>"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people: what is not as it should be, and the counts.
    Text,
    /// The same in colours. It is for the writer to take them away where nobody wants them, as
    /// `anstream` does for NO_COLOR and pipes.
    Terminal,
    /// The whole report, for programs.
    Json,
    /// JUnit's XML, for CI servers.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// HAR 1.2, for the tools of browsers: the exchanges with findings.
    Har,
    /// One page for sharing, with nothing outside of it.
    Html,
}

impl Format {
    /// Those that a file can have, that is all but [`Format::Terminal`].
    pub const OF_FILES: [Self; 6] = [
        Self::Text,
        Self::Json,
        Self::Junit,
        Self::Sarif,
        Self::Har,
        Self::Html,
    ];

    /// Its name, as in `--report junit=report.xml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Terminal => "terminal",
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Har => "har",
            Self::Html => "html",
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    /// Reads the name of one that a file can have.
    fn from_str(name: &str) -> Result<Self> {
        let mut formats = Self::OF_FILES.into_iter();
        let found = formats.find(|format| format.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let known = Self::OF_FILES.map(Self::name).join(", ");
            Error(anyhow!("there is no format `{name}`; there are {known}"))
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Report {
    /// Writes it in a format. Secrets are in none of them: they never got into the report.
    ///
    /// # Errors
    ///
    /// If `out` cannot be written.
    pub fn write(&self, format: Format, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Text => text::write(self, false, out),
            Format::Terminal => text::write(self, true, out),
            Format::Json => json::write(self, out),
            Format::Junit => junit::write(self, out),
            Format::Sarif => sarif::write(self, out),
            Format::Har => har::write(self, out),
            Format::Html => html::write(self, out),
        }
    }
}
