use std::io::{self, Write};

use serde::Serialize;

use super::Report;

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    pretty(report, out)
}

/// Over several lines, with one at the end.
pub(super) fn pretty(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}
