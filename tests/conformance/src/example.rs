use std::sync::LazyLock;

use serde_json::Value;

use crate::case::{Names, Operation};
use crate::embedded;

/// A documented example of `spec/examples`.
#[derive(Debug)]
pub(crate) struct Example {
    /// Its file below `spec/examples`.
    pub(crate) place: &'static str,
    pub(crate) api_version: &'static str,
    pub(crate) operation: Operation,
    pub(crate) names: Names,
    /// The body of the documented 200.
    pub(crate) body: Value,
}

impl Example {
    /// All of them, ordered by their places.
    pub(crate) fn all() -> &'static [Self] {
        static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| {
            let examples = embedded::examples().iter();
            examples
                .map(|(place, text)| {
                    Example::read(place, text).expect("the tests read every example")
                })
                .collect()
        });
        &EXAMPLES
    }

    fn read(place: &'static str, text: &str) -> Option<Self> {
        let mut steps = place.split('/');
        let (api_version, operation) = (steps.next()?, steps.next()?);
        let file: Value = serde_json::from_str(text).ok()?;
        let name = |name: &str| file["parameters"][name].as_str().map(str::to_owned);
        Some(Self {
            place,
            api_version,
            operation: Operation::of_id(operation)?,
            names: Names {
                subscription_id: name("subscriptionId"),
                resource_group: name("resourceGroupName"),
                workspace: name("workspaceName"),
                compute: name("computeName"),
            },
            body: file.pointer("/responses/200/body")?.clone(),
        })
    }
}
