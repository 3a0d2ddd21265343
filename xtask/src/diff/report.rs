//! The findings as text for people, as markdown for a pull request, as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::finding::{Class, Finding};

/// What changed between two excerpts.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) breaking: bool,
    /// Worst first.
    pub(crate) changes: Vec<Finding>,
}

impl Report {
    pub(super) fn new(old: String, new: String, changes: Vec<Finding>) -> Self {
        Self {
            breaking: changes.iter().any(|change| change.class.breaks()),
            old,
            new,
            changes,
        }
    }

    pub(crate) fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("strings and flags are JSON");
        json + "\n"
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if self.changes.is_empty() {
            return self.summary() + "\n";
        }
        let rows: Vec<[String; 4]> = self.changes.iter().map(row).collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or_default()
        };
        let (kinds, operations, places) = (width(0), width(1), width(2));
        for class in Class::ALL {
            let of_class = self.changes.iter().zip(&rows);
            let mut head = format!("{class}\n");
            for (change, row) in of_class.filter(|(change, _)| change.class == class) {
                text += &std::mem::take(&mut head);
                let [kind, operation, place, values] = row;
                let line =
                    format!("  {kind:kinds$}  {operation:operations$}  {place:places$}  {values}");
                let _ = writeln!(text, "{}", line.trim_end());
                let item = change.rust.as_deref();
                let item = item.map(|item| format!("{item}: ")).unwrap_or_default();
                let _ = writeln!(text, "      {}{}", shown(&item), change.advice);
            }
            if head.is_empty() {
                text.push('\n');
            }
        }
        text + &self.summary() + "\n"
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("### API changes from {} to {}\n\n", self.old, self.new);
        text += &self.summary();
        text.push('\n');
        for class in Class::ALL {
            let of_class = self.changes.iter().filter(|change| change.class == class);
            let mut head = format!(
                "\n#### {class}\n\n| change | operation | place | old → new | Rust item | what to do |\n|---|---|---|---|---|---|\n"
            );
            for change in of_class {
                text += &std::mem::take(&mut head);
                let [kind, operation, place, values] = row(change);
                let item = change.rust.as_deref().map(code).unwrap_or_default();
                let _ = writeln!(
                    text,
                    "| {kind} | {} | {} | {} | {item} | {} |",
                    cell(&operation),
                    code(&place),
                    code(&values),
                    cell(&change.advice)
                );
            }
        }
        text
    }

    fn summary(&self) -> String {
        let (old, new) = (shown(&self.old), shown(&self.new));
        if self.changes.is_empty() {
            return format!("Nothing changed from {old} to {new}.");
        }
        let counts: Vec<String> = Class::ALL
            .iter()
            .filter_map(|class| {
                let count = self.changes.iter().filter(|it| it.class == *class).count();
                (count > 0).then(|| format!("{count} {class}"))
            })
            .collect();
        let changes = match self.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        let verdict = match self.breaking {
            true => "it breaks",
            false => "nothing breaks",
        };
        format!(
            "{old} → {new}: {changes} ({}); {verdict}.",
            counts.join(", ")
        )
    }
}

/// Kind, operation, place and values of one finding.
fn row(change: &Finding) -> [String; 4] {
    let place = match (change.pointer.as_str(), &change.variant) {
        ("", None) => String::new(),
        (pointer, None) => pointer.to_owned(),
        (pointer, Some(variant)) => format!("{pointer} [{variant}]").trim_start().to_owned(),
    };
    let place = match change.part {
        super::finding::Part::Request | super::finding::Part::Error => {
            format!("{}: {place}", change.part)
        }
        _ => place,
    };
    let values = match (&change.old, &change.new) {
        (None, None) => String::new(),
        (old, new) => {
            let told = |value: &Option<String>| match value {
                Some(value) => shortened(value),
                None => "–".to_owned(),
            };
            format!("{} → {}", told(old), told(new))
        }
    };
    [
        change.kind.to_string(),
        shown(&change.operation),
        shown(&place),
        values,
    ]
}

/// Text of a stranger's document, safe for a terminal.
fn shown(text: &str) -> String {
    let plain = |character: char| match character.is_control() {
        true => char::REPLACEMENT_CHARACTER,
        false => character,
    };
    text.chars().map(plain).collect()
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 72;
    let text = shown(text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{}…", start.trim_end())
}

fn cell(text: &str) -> String {
    let text = shown(text);
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
}

fn code(text: &str) -> String {
    let text = shown(text).replace('`', "'").replace('|', "\\|");
    match text.as_str() {
        "" => text,
        text => format!("`{text}`"),
    }
}
