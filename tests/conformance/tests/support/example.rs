use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// A documented example: one file of `spec/examples/<api-version>/<operationId>/`.
pub struct Example {
    /// Where it is, below `spec/examples`.
    pub name: String,
    /// The folder's name.
    pub api_version: String,
    /// The folder's name.
    pub operation_id: String,
    /// What the documented request says: path parameters and `api-version`.
    pub parameters: Map<String, Value>,
    /// The body of the documented 200.
    pub body: Value,
    /// The file's text.
    pub text: String,
}

impl Example {
    /// Reads an example's file.
    ///
    /// # Errors
    ///
    /// If it is not where an example belongs, or lacks a part of one.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)?;
        let file: Value = serde_json::from_str(&text).context("not JSON")?;
        let mut steps = path
            .iter()
            .rev()
            .map(|step| step.to_string_lossy().into_owned());
        let (Some(file_name), Some(operation_id), Some(api_version)) =
            (steps.next(), steps.next(), steps.next())
        else {
            bail!("expected <api-version>/<operationId>/<file>");
        };
        let parameters = file.get("parameters").and_then(Value::as_object);
        let body = file.pointer("/responses/200/body");
        Ok(Self {
            name: format!("{api_version}/{operation_id}/{file_name}"),
            api_version,
            operation_id,
            parameters: parameters.context("no #/parameters")?.clone(),
            body: body.context("no #/responses/200/body")?.clone(),
            text,
        })
    }

    /// Reads every example below a folder of `spec/examples`, in order.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn all(folder: &Path) -> Result<Vec<Self>> {
        let mut paths = Vec::new();
        for operation in std::fs::read_dir(folder)? {
            for file in std::fs::read_dir(operation?.path())? {
                paths.push(file?.path());
            }
        }
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// A parameter that must be there and be a string.
    pub(crate) fn parameter(&self, name: &str) -> Result<&str> {
        let value = self.parameters.get(name).and_then(Value::as_str);
        value.with_context(|| format!("no parameter `{name}`"))
    }
}
