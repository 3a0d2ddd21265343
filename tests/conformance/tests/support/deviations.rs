use anyhow::{Context, Result};
use serde::Deserialize;

use super::excerpt::Finding;

/// The places where a documented example is known to differ from its schema, or
/// to hold what the client does not carry, each with the reason:
/// `known-deviations.json`.
#[derive(Deserialize)]
pub struct Deviations(Vec<Deviation>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    examples: Vec<String>,
    #[serde(default)]
    pointers: Vec<String>,
    #[serde(default)]
    not_carried: Vec<String>,
    #[serde(rename = "reason")]
    _reason: String,
}

impl Deviations {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn read() -> Result<Self> {
        let text = include_str!("../../known-deviations.json");
        serde_json::from_str(text).context("known-deviations.json")
    }

    /// What is found and not known, and what is known and not found: a line for
    /// each.
    pub fn compare(&self, example: &str, findings: &[Finding]) -> Vec<String> {
        let known: Vec<&str> = self.known(example).collect();
        let unknown = findings
            .iter()
            .filter(|finding| !known.contains(&finding.pointer.as_str()))
            .map(|finding| format!("{}: {}", finding.pointer, finding.message));
        let mended = known
            .iter()
            .filter(|pointer| findings.iter().all(|finding| finding.pointer != **pointer))
            .map(|pointer| {
                format!("{pointer}: passes unexpectedly; take it out of known-deviations.json")
            });
        unknown.chain(mended).collect()
    }

    /// Whether a finding is known.
    pub fn covers(&self, example: &str, pointer: &str) -> bool {
        self.known(example).any(|known| known == pointer)
    }

    /// The places of an example's body that the client is known not to carry.
    pub fn not_carried(&self, example: &str) -> Vec<&str> {
        let of_example = self.of(example);
        of_example
            .flat_map(|it| it.not_carried.iter().map(String::as_str))
            .collect()
    }

    /// The examples that are named.
    pub fn examples(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|deviation| deviation.examples.iter().map(String::as_str))
    }

    fn known(&self, example: &str) -> impl Iterator<Item = &str> {
        let of_example = self.of(example);
        of_example.flat_map(|deviation| deviation.pointers.iter().map(String::as_str))
    }

    fn of(&self, example: &str) -> impl Iterator<Item = &Deviation> {
        let is_named = move |it: &&Deviation| it.examples.iter().any(|name| name == example);
        self.0.iter().filter(is_named)
    }
}
