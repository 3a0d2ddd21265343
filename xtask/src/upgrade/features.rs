use anyhow::{Context, Result};
use toml_edit::{Array, DocumentMut};

use super::project::Copy;
use crate::generate::module_name;

/// Adds a version's cargo feature to the generated crate and to the SDK; on by
/// default if it is the newest.
pub(super) fn add(copy: &Copy, version: &str, by_default: bool) -> Result<()> {
    let feature = module_name(version);
    copy.edit("crates/amlkeys-client/Cargo.toml", |text| {
        add_to(text, &feature, Array::new(), &lists(by_default, false))
    })?;
    copy.edit("crates/amlkeys/Cargo.toml", |text| {
        let enables = Array::from_iter([format!("amlkeys-client/{feature}")]);
        add_to(text, &feature, enables, &lists(by_default, true))
    })
}

/// The lists of features that a version belongs to.
fn lists(by_default: bool, has_all: bool) -> Vec<&'static str> {
    let all = has_all.then_some("all-versions");
    by_default
        .then_some("default")
        .into_iter()
        .chain(all)
        .collect()
}

fn add_to(manifest: &str, feature: &str, enables: Array, lists: &[&str]) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse()?;
    let features = manifest
        .get_mut("features")
        .and_then(|it| it.as_table_like_mut());
    let features = features.context("it has no [features]")?;
    features.insert(feature, toml_edit::value(enables));
    for list in lists {
        let list = features.get_mut(list).and_then(|it| it.as_array_mut());
        let list = list.context("a list of features is missing")?;
        if list.iter().all(|it| it.as_str() != Some(feature)) {
            list.push(feature);
        }
    }
    Ok(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_added_once_and_keeps_what_is_there() {
        let manifest = "[features]\n# why\ndefault = [\"a\"]\na = []\n";
        let once = add_to(manifest, "v1", Array::new(), &["default"]).unwrap();
        assert_eq!(
            once,
            "[features]\n# why\ndefault = [\"a\", \"v1\"]\na = []\nv1 = []\n"
        );
        assert_eq!(
            add_to(&once, "v1", Array::new(), &["default"]).unwrap(),
            once
        );
    }
}
