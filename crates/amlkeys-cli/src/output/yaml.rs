//! YAML, its keys in the document's order.

use serde_json::Value;

use crate::failure::Failure;

pub(crate) fn yaml(document: &Value) -> Result<String, Failure> {
    // An ID has no place to fold it at.
    let unfolded = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let text = serde_saphyr::to_string_with_options(document, unfolded)
        .map_err(|error| Failure::other("cannot print the result as YAML", &error))?;
    Ok(text.trim_end_matches('\n').to_owned() + "\n")
}
