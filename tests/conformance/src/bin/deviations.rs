//! Prints, as JSON, where the examples of an api-version differ from their
//! schemas and `known-deviations.json` does not say so: entries for that file.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use amlkeys_conformance::{Deviations, Example, Excerpt, spec_folder};
use anyhow::{Context, Result};
use serde_json::json;

fn main() -> Result<()> {
    let version = std::env::args()
        .nth(1)
        .context("usage: deviations API_VERSION")?;
    let excerpt = Excerpt::read(&version)?;
    let known = Deviations::read()?;
    let mut entries = Vec::new();
    for example in Example::all(&spec_folder().join("examples").join(&version))? {
        let mut findings = excerpt.findings(&example)?;
        findings.retain(|finding| !known.covers(&example.name, &finding.pointer));
        let mut pointers: Vec<&str> = findings.iter().map(|it| it.pointer.as_str()).collect();
        pointers.dedup();
        if let Some(first) = findings.first() {
            let reason = format!("The official example is published so: {}", first.message);
            entries.push(json!({
                "examples": [example.name], "pointers": pointers, "reason": reason,
            }));
        }
    }
    println!("{:#}", json!(entries));
    Ok(())
}
