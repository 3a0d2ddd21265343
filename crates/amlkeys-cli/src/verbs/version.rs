//! `version`: what this binary is.

use amlkeys::ApiVersion;
use serde_json::{Value, json};

/// The version, and in detail what the binary was built with.
pub(crate) fn document(in_detail: bool) -> Value {
    let mut version = json!({ "amlkeys": env!("CARGO_PKG_VERSION") });
    if in_detail {
        let api_versions = ApiVersion::ALL.iter().map(ApiVersion::as_str);
        version["apiVersions"] = api_versions.collect();
    }
    version
}
