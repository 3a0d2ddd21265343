//! The table: what was measured, what was found, and whether it is what is wanted.

use std::io::{self, Write};

/// Whether a number is as good as it has to be.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) found: String,
    /// Empty for what is only stated.
    pub(crate) wanted: String,
    pub(crate) is_good: bool,
}

impl Row {
    /// A number that nothing is wanted of.
    pub(crate) fn stated(what: impl Into<String>, found: String) -> Self {
        Self {
            what: what.into(),
            found,
            wanted: String::new(),
            is_good: true,
        }
    }

    /// A ratio that must not be larger.
    pub(crate) fn at_most(what: impl Into<String>, ratio: f64, most: f64, found: String) -> Self {
        Self {
            what: what.into(),
            found,
            wanted: format!("{most:.2} at most"),
            is_good: ratio <= most,
        }
    }

    /// A ratio that must not be smaller.
    pub(crate) fn at_least(what: impl Into<String>, ratio: f64, least: f64, found: String) -> Self {
        Self {
            what: what.into(),
            found,
            wanted: format!("{least:.2} at least"),
            is_good: ratio >= least,
        }
    }
}

/// Rows as they are found, since some take minutes.
#[derive(Default)]
pub(crate) struct Table {
    missed: Vec<String>,
}

impl Table {
    pub(crate) fn section(&self, name: &str) -> io::Result<()> {
        writeln!(io::stdout(), "\n{name}")
    }

    pub(crate) fn add(&mut self, row: Row) -> io::Result<()> {
        let verdict = match (row.wanted.is_empty(), row.is_good) {
            (true, _) => "",
            (false, true) => "ok  ",
            (false, false) => "BAD ",
        };
        let Row { what, found, .. } = &row;
        let line = format!("  {what:42}  {found:52}  {verdict}{}", row.wanted);
        if !row.is_good {
            self.missed.push(row.what);
        }
        writeln!(io::stdout(), "{}", line.trim_end())
    }

    /// What was not as good as wanted.
    pub(crate) fn missed(&self) -> &[String] {
        &self.missed
    }
}
