use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::generated::documented::{EXAMPLES, Example};

/// What exists.
pub(crate) struct State {
    subscription_id: String,
    api_versions: BTreeSet<&'static str>,
    subscriptions: Named<Subscription>,
}

#[derive(Default)]
pub(crate) struct Subscription {
    pub(crate) resource_groups: Named<ResourceGroup>,
}

#[derive(Default)]
pub(crate) struct ResourceGroup {
    pub(crate) workspaces: Named<Workspace>,
}

#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) keys: Keys,
    pub(crate) computes: Named<Keys>,
}

impl State {
    /// The documented resources in every documented subscription, and the invented ones of
    /// `state/invented.json` beside them.
    pub(crate) fn documented() -> Self {
        let examples: Vec<Documented> = EXAMPLES.iter().map(Documented::parse).collect();
        let mut subscriptions = Named::default();
        for example in &examples {
            let subscription = subscriptions.entry(&example.parameters.subscription_id);
            add_documented(subscription, &examples);
            add_invented(subscription);
        }
        Self {
            subscription_id: examples[0].parameters.subscription_id.clone(),
            api_versions: EXAMPLES.iter().map(|example| example.api_version).collect(),
            subscriptions,
        }
    }

    /// One of those that exist.
    pub(crate) fn subscription_id(&self) -> &str {
        &self.subscription_id
    }

    /// All that has keys in the subscription [`subscription_id`](Self::subscription_id).
    pub(crate) fn resource_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let subscription_id = self.subscription_id();
        let subscription = self.subscription(subscription_id).into_iter();
        for (group, resource_group) in subscription.flat_map(|it| it.resource_groups.iter()) {
            for (name, workspace) in resource_group.workspaces.iter() {
                let id = format!(
                    "/subscriptions/{subscription_id}/resourceGroups/{group}/providers\
                     /Microsoft.MachineLearningServices/workspaces/{name}"
                );
                let computes = workspace.computes.iter();
                let computes = computes.map(|(compute, _)| format!("{id}/computes/{compute}"));
                let computes = Vec::from_iter(computes);
                ids.push(id);
                ids.extend(computes);
            }
        }
        ids
    }

    /// Those that are answered, oldest first.
    pub(crate) fn api_versions(&self) -> impl Iterator<Item = &'static str> {
        self.api_versions.iter().copied()
    }

    pub(crate) fn subscription(&self, subscription_id: &str) -> Option<&Subscription> {
        self.subscriptions.get(subscription_id)
    }
}

/// Things by name. Names compare without regard to case (ARM RPC, common-api-details.md).
pub(crate) struct Named<T>(BTreeMap<String, T>);

impl<T> Named<T> {
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.0.get(&name.to_lowercase())
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, thing)| (name.as_str(), thing))
    }

    fn entry(&mut self, name: &str) -> &mut T
    where
        T: Default,
    {
        self.0.entry(name.to_lowercase()).or_default()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// The keys of one resource: a body for each api-version that has one of its own.
#[derive(Default)]
pub(crate) struct Keys(BTreeMap<&'static str, Bytes>);

impl Keys {
    /// The body of this api-version, else of the newest other.
    pub(crate) fn at(&self, api_version: &str) -> Option<Bytes> {
        let newest = || self.0.values().next_back();
        self.0.get(api_version).or_else(newest).cloned()
    }

    /// Keeps the bytes as they are written, spaces included.
    fn set(&mut self, api_version: &'static str, body: &'static RawValue) {
        let body = Bytes::from_static(body.get().as_bytes());
        self.0.insert(api_version, body);
    }
}

/// A file of `spec/examples`.
struct Documented {
    api_version: &'static str,
    operation_id: &'static str,
    parameters: Parameters,
    body: &'static RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    subscription_id: String,
    resource_group_name: String,
    workspace_name: String,
    compute_name: Option<String>,
}

impl Documented {
    fn parse(example: &Example) -> Self {
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

        let file: File<'static> = serde_json::from_str(example.text)
            .expect("an example has the parameters of its operation and a body for 200");
        Self {
            api_version: example.api_version,
            operation_id: example.operation_id,
            parameters: file.parameters,
            body: file.responses.ok.body,
        }
    }
}

fn add_documented(subscription: &mut Subscription, examples: &[Documented]) {
    for example in examples {
        let parameters = &example.parameters;
        let workspace = subscription
            .resource_groups
            .entry(&parameters.resource_group_name)
            .workspaces
            .entry(&parameters.workspace_name);
        let keys = match (example.operation_id, &parameters.compute_name) {
            ("Workspaces_ListKeys", None) => &mut workspace.keys,
            ("Compute_ListKeys", Some(compute)) => workspace.computes.entry(compute),
            (other, _) => unreachable!("spec/examples holds an example of {other}"),
        };
        keys.set(example.api_version, example.body);
    }
}

/// What no document describes, by resource group and workspace.
type Invented<'a> = BTreeMap<String, BTreeMap<String, InventedWorkspace<'a>>>;

#[derive(Deserialize)]
struct InventedWorkspace<'a> {
    #[serde(borrow)]
    keys: Option<&'a RawValue>,
    #[serde(borrow, default)]
    computes: BTreeMap<String, &'a RawValue>,
}

fn add_invented(subscription: &mut Subscription) {
    const ANY_API_VERSION: &str = "";

    let invented: Invented<'static> = serde_json::from_str(include_str!("state/invented.json"))
        .expect("invented.json has resource groups of workspaces");
    for (resource_group, workspaces) in invented {
        let resource_group = subscription.resource_groups.entry(&resource_group);
        for (workspace, invented) in workspaces {
            let workspace = resource_group.workspaces.entry(&workspace);
            if let Some(body) = invented.keys {
                workspace.keys.set(ANY_API_VERSION, body);
            }
            for (compute, body) in invented.computes {
                workspace
                    .computes
                    .entry(&compute)
                    .set(ANY_API_VERSION, body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_of_another_version_is_answered_when_the_asked_one_has_none() {
        let mut keys = Keys::default();
        assert!(keys.at("2025-09-01").is_none());
        keys.0.insert("2023-10-01", Bytes::from("2023"));
        keys.0.insert("2024-10-01", Bytes::from("2024"));
        assert_eq!(keys.at("2023-10-01").unwrap(), "2023");
        assert_eq!(keys.at("2025-09-01").unwrap(), "2024");
    }
}
