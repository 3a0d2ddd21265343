use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::{Names, Operation};
use crate::error::{Error, Result};
use crate::example::Example;
use crate::target::Target;

/// What exists in a server, and what it promises.
///
/// ```
/// use amlkeys_conformance::Fixture;
///
/// let fixture = Fixture::parse(r#"{
///     "resources": [{
///         "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/abc/computes/c",
///         "answers": { "computeType": "Databricks" }
///     }],
///     "api_versions": ["2025-09-01"]
/// }"#)?;
/// assert_eq!(fixture.resources.len(), 1);
/// # Ok::<(), amlkeys_conformance::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// The workspaces and computes whose keys can be listed.
    pub resources: Vec<FixtureResource>,
    /// Whether the documented examples are answered as documented.
    #[serde(default)]
    pub documented_examples: bool,
    /// The api-versions to ask for; all that `spec/` has if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_versions: Option<Vec<String>>,
    /// So many requests in a row are throttled; if absent, that is not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_within: Option<u32>,
}

/// A workspace or a compute.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FixtureResource {
    /// Its ARM resource ID.
    pub id: String,
    /// What its keys are: those of its answer that are given here must be there, whatever else is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Value>,
}

impl Fixture {
    /// The resources of the documented examples, which are answered as documented.
    pub fn documented() -> Self {
        let mut fixture = Self {
            documented_examples: true,
            ..Self::default()
        };
        for example in Example::all() {
            let id = resource_id(&example.names);
            if fixture.resources.iter().all(|it| it.id != id) {
                let answers = None;
                fixture.resources.push(FixtureResource { id, answers });
            }
        }
        fixture
    }

    /// Reads a fixture's file.
    ///
    /// # Errors
    ///
    /// If it is not JSON of this form, or one of its ids is no workspace's and no compute's.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(Error)
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let fixture: Self = serde_json::from_str(text).context("the fixture cannot be read")?;
        for resource in &fixture.resources {
            let names = resource.names();
            names.with_context(|| format!("`{}` is no workspace and no compute", resource.id))?;
        }
        ensure!(
            !fixture.resources.is_empty(),
            "the fixture has no resources"
        );
        Ok(fixture)
    }
}

impl FixtureResource {
    pub(crate) fn operation(&self) -> Operation {
        match self.names().and_then(|names| names.compute) {
            Some(_) => Operation::ComputeListKeys,
            None => Operation::WorkspacesListKeys,
        }
    }

    pub(crate) fn names(&self) -> Option<Names> {
        let path = format!("{}/listKeys", self.id);
        let called = Target::of(&path).called?;
        let mut names = Names::default();
        for (parameter, name) in called.decoded() {
            let place = match parameter {
                "subscriptionId" => &mut names.subscription_id,
                "resourceGroupName" => &mut names.resource_group,
                "workspaceName" => &mut names.workspace,
                _ => &mut names.compute,
            };
            *place = Some(name.into_owned());
        }
        Some(names)
    }
}

fn resource_id(names: &Names) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    let workspace = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
        name(&names.subscription_id),
        name(&names.resource_group),
        name(&names.workspace)
    );
    match &names.compute {
        Some(compute) => format!("{workspace}/computes/{compute}"),
        None => workspace,
    }
}
