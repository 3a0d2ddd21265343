mod example;
mod principal;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::generated::documented::EXAMPLES;

use example::Documented;
pub use example::{Example, ExampleError};
pub(crate) use principal::{Denied, Principal};

/// What exists in an [`Arm`](crate::Arm): subscriptions down to computes with their keys, and the
/// principals that sign in.
///
/// ```
/// use amlkeys_emulator::{Arm, State};
///
/// let arm = Arm::builder().with_state(State::documented()).build();
/// # let _ = arm;
/// ```
pub struct State {
    subscription_id: String,
    api_versions: BTreeSet<String>,
    subscriptions: Named<Subscription>,
    /// Never empty: the first one holds the token that is handed out without a sign-in.
    principals: Vec<Principal>,
}

pub(crate) struct Subscription {
    /// Whether the Microsoft.MachineLearningServices resource provider is registered.
    pub(crate) registered: bool,
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
    /// The documented resources in every documented subscription, and the invented ones that the
    /// crate's front page lists.
    pub fn documented() -> Self {
        Self::of_examples(EXAMPLES).expect("generate has checked the examples of spec/")
    }

    /// The same with these examples in place of those of the project, and for their api-versions.
    ///
    /// # Errors
    ///
    /// If one of them is not an example of the two operations.
    pub fn of_examples(examples: &[Example<'_>]) -> Result<Self, ExampleError> {
        let documented: Result<Vec<Documented>, _> =
            examples.iter().map(Documented::read).collect();
        let documented = documented?;
        let mut state = Self {
            subscription_id: String::new(),
            api_versions: BTreeSet::new(),
            subscriptions: Named::default(),
            principals: vec![invented_principal()],
        };
        for example in &documented {
            let subscription_id = &example.parameters.subscription_id;
            if state.subscription_id.is_empty() {
                state.subscription_id.clone_from(subscription_id);
            }
            state.api_versions.insert(example.api_version.clone());
            let subscription = state.subscriptions.entry(subscription_id);
            add_documented(subscription, &documented);
            add_invented(subscription);
        }
        Ok(state)
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
    pub(crate) fn api_versions(&self) -> impl Iterator<Item = &str> {
        self.api_versions.iter().map(String::as_str)
    }

    pub(crate) fn subscription(&self, subscription_id: &str) -> Option<&Subscription> {
        self.subscriptions.get(subscription_id)
    }

    pub(crate) fn principals(&self) -> &[Principal] {
        &self.principals
    }

    pub(crate) fn principal(&self, object_id: &str) -> Option<&Principal> {
        let mut principals = self.principals.iter();
        principals.find(|principal| principal.object_id == object_id)
    }
}

/// Leaves keys and client secrets out.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("api_versions", &self.api_versions)
            .field("subscription_id", &self.subscription_id)
            .finish_non_exhaustive()
    }
}

fn invented_principal() -> Principal {
    Principal {
        tenant_id: "99999999-aaaa-4bbb-8ccc-dddddddddddd".into(),
        object_id: "99999999-aaaa-4bbb-8ccc-000000000001".into(),
        client_id: "99999999-aaaa-4bbb-8ccc-000000000002".into(),
        client_secret: "invented-client-secret".into(),
        client_secret_expires: None,
        tokens_valid_from: None,
        denied: Vec::new(),
    }
}

impl Default for Subscription {
    fn default() -> Self {
        Self {
            registered: true,
            resource_groups: Named::default(),
        }
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
pub(crate) struct Keys(BTreeMap<String, Bytes>);

impl Keys {
    /// The body of this api-version, else of the newest other.
    pub(crate) fn at(&self, api_version: &str) -> Option<Bytes> {
        let newest = || self.0.values().next_back();
        self.0.get(api_version).or_else(newest).cloned()
    }

    fn set(&mut self, api_version: &str, body: Bytes) {
        self.0.insert(api_version.to_owned(), body);
    }
}

fn add_documented(subscription: &mut Subscription, documented: &[Documented]) {
    for example in documented {
        let parameters = &example.parameters;
        let workspace = subscription
            .resource_groups
            .entry(&parameters.resource_group_name)
            .workspaces
            .entry(&parameters.workspace_name);
        let keys = match &parameters.compute_name {
            None => &mut workspace.keys,
            Some(compute) => workspace.computes.entry(compute),
        };
        keys.set(&example.api_version, example.body.clone());
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
                workspace.keys.set(ANY_API_VERSION, bytes(body));
            }
            for (compute, body) in invented.computes {
                workspace
                    .computes
                    .entry(&compute)
                    .set(ANY_API_VERSION, bytes(body));
            }
        }
    }
}

/// The body as it is written, spaces included.
fn bytes(body: &'static RawValue) -> Bytes {
    Bytes::from_static(body.get().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_of_another_version_is_answered_when_the_asked_one_has_none() {
        let mut keys = Keys::default();
        assert!(keys.at("2025-09-01").is_none());
        keys.set("2023-10-01", Bytes::from("2023"));
        keys.set("2024-10-01", Bytes::from("2024"));
        assert_eq!(keys.at("2023-10-01").unwrap(), "2023");
        assert_eq!(keys.at("2025-09-01").unwrap(), "2024");
    }
}
