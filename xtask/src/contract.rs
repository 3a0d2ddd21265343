//! The excerpts with the overlay on them, for the conformance suite to hold others against.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;

use crate::output::Generated;
use crate::overlay::checked_in_with_overlay;
use crate::spec::checked_in;

const CONTRACTS: &str = "tests/conformance/src/generated";

/// One JSON document for each api-version.
pub(crate) fn files(root: &Path) -> Result<Vec<Generated>> {
    let upstream = checked_in(root)?.into_iter();
    let overlaid = checked_in_with_overlay(root)?.into_iter();
    let files = overlaid.zip(upstream).map(|(mut spec, upstream)| {
        let path = PathBuf::from(CONTRACTS).join(format!("{}.json", spec.api_version()?));
        mark_added(&mut spec.document, &upstream.document);
        let text = format!("{:#}\n", spec.document);
        Ok(Generated { path, text })
    });
    files.collect()
}

/// Marks each object that upstream does not have.
fn mark_added(node: &mut Value, upstream: &Value) {
    match (node, upstream) {
        (Value::Object(fields), _) => {
            for (name, field) in fields {
                match (upstream.get(name), field) {
                    (Some(upstream), field) => mark_added(field, upstream),
                    (None, Value::Object(added)) => {
                        added.insert("x-amlkeys-added".into(), true.into());
                    }
                    (None, _) => {}
                }
            }
        }
        (Value::Array(elements), Value::Array(upstream)) => {
            for (element, upstream) in elements.iter_mut().zip(upstream) {
                mark_added(element, upstream);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_upstream_does_not_have_is_marked_once() {
        let upstream = json!({ "a": [{ "b": {} }] });
        let mut overlaid = json!({ "a": [{ "b": { "c": { "d": {} }, "e": 1 } }] });
        mark_added(&mut overlaid, &upstream);
        let marked = json!({ "d": {}, "x-amlkeys-added": true });
        assert_eq!(overlaid, json!({ "a": [{ "b": { "c": marked, "e": 1 } }] }));
    }
}
