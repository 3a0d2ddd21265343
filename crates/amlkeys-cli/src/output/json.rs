//! JSON, its keys in the document's order.

use std::io;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

pub(crate) fn plain(document: &Value) -> String {
    format!("{document:#}\n")
}

pub(crate) fn coloured(document: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Coloured::default());
    document
        .serialize(&mut serializer)
        .expect("a document is JSON and memory does not fail");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// serde_json's own layout, with colours around names and values.
#[derive(Default)]
struct Coloured<'a> {
    layout: PrettyFormatter<'a>,
    is_name: bool,
}

const NAME: Style = AnsiColor::Blue.on_default().bold();
const STRING: Style = AnsiColor::Green.on_default();
const OTHER: Style = AnsiColor::Cyan.on_default();

fn painted<W: io::Write + ?Sized>(writer: &mut W, style: Style, text: &str) -> io::Result<()> {
    write!(writer, "{style}{text}{style:#}")
}

impl Formatter for Coloured<'_> {
    fn write_null<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        painted(writer, OTHER, "null")
    }

    fn write_bool<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: bool) -> io::Result<()> {
        painted(writer, OTHER, if value { "true" } else { "false" })
    }

    fn write_i64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        painted(writer, OTHER, &value.to_string())
    }

    fn write_u64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        painted(writer, OTHER, &value.to_string())
    }

    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        painted(writer, OTHER, &Value::from(value).to_string())
    }

    fn begin_string<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        let style = if self.is_name { NAME } else { STRING };
        write!(writer, "{style}\"")
    }

    fn end_string<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        write!(writer, "\"{STRING:#}")
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_array(writer)
    }

    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.layout.begin_array_value(writer, first)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_array_value(writer)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_object(writer)
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.is_name = true;
        self.layout.begin_object_key(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.is_name = false;
        self.layout.begin_object_value(writer)
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn without_its_colours_coloured_json_is_plain_json() {
        let document =
            json!({"a": [1, -2, 2.5, null, true], "\u{1b}[1m": {"b": "\u{1b}[2m\n"}, "e": {}});
        let coloured = coloured(&document);
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(
            anstream::adapter::strip_str(&coloured).to_string(),
            plain(&document)
        );
    }
}
