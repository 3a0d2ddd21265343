use super::classification::Guess;
use super::project::Change;
use crate::diff;
use crate::generate::module_name;

/// What was done, what changed for consumers, and what is left for a person.
pub(super) struct Report<'a> {
    pub(super) version: &'a str,
    pub(super) is_newer: bool,
    pub(super) files: &'a [Change],
    pub(super) changes: &'a diff::Report,
    pub(super) warnings: &'a [String],
    pub(super) guesses: &'a [Guess],
    pub(super) deviations: &'a [String],
    pub(super) dry_run: bool,
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = format!("\n{}\n\nfiles\n", self.summary());
        for file in self.files {
            let verb = if file.is_new { "new    " } else { "changed" };
            text += &format!("  {verb}  {}\n", file.path.display());
        }
        text += "\nchanges for consumers\n";
        for line in self.changes.text().lines() {
            text += format!("  {line}").trim_end();
            text += "\n";
        }
        text += "\nleft for a person\n";
        for item in self.left() {
            text += &format!("  - {item}\n");
        }
        text
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!("## Api-version {}\n\n{}.\n\n", self.version, self.summary());
        text += &self.changes.markdown();
        text += "\n### Left for a person\n\n";
        for item in self.left() {
            text += &format!("- [ ] {item}\n");
        }
        text
    }

    fn summary(&self) -> String {
        let module = module_name(self.version);
        let when = if self.is_newer { "on" } else { "off" };
        let done = if self.dry_run {
            "would be added"
        } else {
            "is added"
        };
        format!(
            "api-version {} {done}: feature `{module}`, {when} by default, `ApiVersion::{}`",
            self.version,
            module.to_uppercase()
        )
    }

    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        if self.changes.breaking {
            left.push(
                "decide on each break above; the public types of `amlkeys` have not changed".into(),
            );
        }
        for guess in self.guesses {
            let guess = guess.to_string();
            left.push(format!(
                "confirm in spec/overlay.json: {}",
                guess.trim_start()
            ));
        }
        for deviation in self.deviations {
            left.push(format!(
                "look at an example, now a known deviation: {deviation}"
            ));
        }
        for warning in self.warnings {
            left.push(format!("import warned: {warning}"));
        }
        left.push("read the difference and commit it".into());
        left
    }
}
