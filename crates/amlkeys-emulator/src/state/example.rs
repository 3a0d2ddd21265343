use std::error::Error;
use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::reader::{COMPUTE_LIST_KEYS, WORKSPACES_LIST_KEYS};

/// One documented example: a file of `spec/examples/<api-version>/<operationId>/`.
///
/// ```
/// use amlkeys_emulator::{Arm, Example, State};
///
/// let example = Example {
///     api_version: "2025-09-01",
///     operation_id: "Compute_ListKeys",
///     text: r#"{
///         "parameters": {
///             "subscriptionId": "s", "resourceGroupName": "g",
///             "workspaceName": "abc", "computeName": "c"
///         },
///         "responses": { "200": { "body": { "computeType": "AKS" } } }
///     }"#,
/// };
/// let arm = Arm::builder().with_state(State::of_examples(&[example])?).build();
/// assert_eq!(arm.subscription_id(), "s");
/// # Ok::<(), amlkeys_emulator::ExampleError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// The api-version that documents it.
    pub api_version: &'a str,
    /// The operationId that it belongs to: `Compute_ListKeys` or `Workspaces_ListKeys`.
    pub operation_id: &'a str,
    /// The file's text, as published: `parameters` and `responses`. The body of the 200 is answered
    /// byte for byte.
    pub text: &'a str,
}

/// Why an [`Example`] cannot be answered from: which one it is, and in its source why.
#[derive(Debug)]
pub struct ExampleError {
    example: String,
    source: Box<dyn Error + Send + Sync>,
}

/// An example, read.
pub(crate) struct Documented {
    pub(crate) api_version: String,
    pub(crate) parameters: Parameters,
    pub(crate) body: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parameters {
    pub(crate) subscription_id: String,
    pub(crate) resource_group_name: String,
    pub(crate) workspace_name: String,
    pub(crate) compute_name: Option<String>,
}

impl Documented {
    pub(crate) fn read(example: &Example<'_>) -> Result<Self, ExampleError> {
        let refuse = |source| ExampleError {
            example: format!("{} of {}", example.operation_id, example.api_version),
            source,
        };
        let file: File<'_> = serde_json::from_str(example.text).map_err(|it| refuse(it.into()))?;
        let is_of_compute = file.parameters.compute_name.is_some();
        match (example.operation_id, is_of_compute) {
            (COMPUTE_LIST_KEYS, true) | (WORKSPACES_LIST_KEYS, false) => Ok(Self {
                api_version: example.api_version.to_owned(),
                parameters: file.parameters,
                body: Bytes::copy_from_slice(file.responses.ok.body.get().as_bytes()),
            }),
            (COMPUTE_LIST_KEYS | WORKSPACES_LIST_KEYS, _) => {
                Err(refuse("it has the parameters of another operation".into()))
            }
            _ => Err(refuse("ARM's front door has no such operation".into())),
        }
    }
}

impl Documented {
    pub(crate) fn operation_id(&self) -> &'static str {
        match self.parameters.compute_name {
            None => WORKSPACES_LIST_KEYS,
            Some(_) => COMPUTE_LIST_KEYS,
        }
    }
}

#[derive(Deserialize)]
struct File<'a> {
    parameters: Parameters,
    #[serde(borrow)]
    responses: Responses<'a>,
}

#[derive(Deserialize)]
struct Responses<'a> {
    #[serde(rename = "200", borrow)]
    ok: Response<'a>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
}

impl fmt::Display for ExampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot answer from the example of {}", self.example)
    }
}

impl Error for ExampleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_that_cannot_be_answered_from_is_named() {
        let compute = r#"{"parameters":{"subscriptionId":"s","resourceGroupName":"g","workspaceName":"w","computeName":"c"},"responses":{"200":{"body":{}}}}"#;
        for (operation_id, text) in [
            ("Compute_ListKeys", "{"),
            (
                "Compute_ListKeys",
                r#"{"parameters":{},"responses":{"200":{"body":{}}}}"#,
            ),
            ("Workspaces_ListKeys", compute),
            ("Compute_Get", compute),
        ] {
            let example = Example {
                api_version: "2025-09-01",
                operation_id,
                text,
            };
            let error = Documented::read(&example).err().unwrap();
            let named = format!("{operation_id} of 2025-09-01");
            assert!(error.to_string().contains(&named), "{error}");
            assert!(error.source().is_some());
        }
    }
}
