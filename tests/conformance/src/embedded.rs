//! What `build.rs` put into the crate.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::case::Case;

/// Every case of `cases/`, ordered by id.
///
/// ```
/// use amlkeys_conformance::Role;
///
/// let cases = amlkeys_conformance::cases();
/// assert!(cases.iter().any(|case| case.role() == Role::Client));
/// ```
pub fn cases() -> &'static [Case] {
    &EMBEDDED.cases
}

/// The api-versions that `spec/` has, oldest first.
///
/// ```
/// assert!(amlkeys_conformance::api_versions().contains(&"2025-09-01"));
/// ```
pub fn api_versions() -> Vec<&'static str> {
    EMBEDDED.versions.keys().map(String::as_str).collect()
}

/// Each excerpt of `spec/` with the overlay on it, by api-version.
pub(crate) fn versions() -> &'static BTreeMap<String, Value> {
    &EMBEDDED.versions
}

/// The text of each file of `spec/examples`, by its place there.
pub(crate) fn examples() -> &'static BTreeMap<String, String> {
    &EMBEDDED.examples
}

#[derive(Deserialize)]
struct Embedded {
    versions: BTreeMap<String, Value>,
    examples: BTreeMap<String, String>,
    cases: Vec<Case>,
}

static EMBEDDED: LazyLock<Embedded> = LazyLock::new(|| {
    let text = include_str!(concat!(env!("OUT_DIR"), "/embedded.json"));
    let mut embedded: Embedded = serde_json::from_str(text).expect("the tests read every case");
    embedded.cases.sort_by(|a, b| a.id.cmp(&b.id));
    embedded
});
