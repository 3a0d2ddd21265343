//! What `build.rs` put into the crate.

use std::sync::LazyLock;

use crate::case::Case;

mod files {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// Every case of `cases/`, ordered by id.
///
/// ```
/// use amlkeys_conformance::Role;
///
/// let cases = amlkeys_conformance::cases();
/// assert!(cases.iter().any(|case| case.role() == Role::Client));
/// ```
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let cases = files::CASES.iter().map(|(place, text)| {
            let case = serde_json::from_str(text);
            case.unwrap_or_else(|error| panic!("cases/{place}: {error}"))
        });
        let mut cases: Vec<Case> = cases.collect();
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        cases
    });
    &CASES
}

/// The api-versions that `spec/` has, oldest first.
///
/// ```
/// assert!(amlkeys_conformance::api_versions().contains(&"2025-09-01"));
/// ```
pub fn api_versions() -> Vec<&'static str> {
    contracts().map(|(api_version, _)| api_version).collect()
}

/// The text of each excerpt of `spec/` with the overlay on it, by api-version, oldest first.
pub(crate) fn contracts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let contracts = files::CONTRACTS.iter();
    contracts.map(|(place, text)| (place.trim_end_matches(".json"), *text))
}

/// The text of each file of `spec/examples`, by its place there.
pub(crate) fn examples() -> &'static [(&'static str, &'static str)] {
    files::EXAMPLES
}
