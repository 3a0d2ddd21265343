//! Prints, as JSON, where the examples of an api-version differ from their
//! schemas or hold what the client does not carry, and `known-deviations.json`
//! does not say so: entries for that file.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

#[path = "../tests/support/mod.rs"]
mod support;

use anyhow::{Context, Result};
use serde_json::json;
use support::{Deviations, Example, Excerpt, not_carried, spec_folder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
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
        let mut lost = not_carried(&example).await?;
        lost.retain(|place| !known.not_carried(&example.name).contains(&place.as_str()));
        if !lost.is_empty() {
            let reason = "The public types do not have it, or not for this computeType.";
            entries.push(json!({
                "examples": [example.name], "not_carried": lost, "reason": reason,
            }));
        }
    }
    println!("{:#}", json!(entries));
    Ok(())
}
