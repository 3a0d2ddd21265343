//! `config show`: each value and its origin.

use serde_json::{Value, json};

use crate::config::Config;

pub(crate) fn document(config: &Config) -> Value {
    json!(config.settings())
}
