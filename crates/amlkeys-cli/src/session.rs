//! Whom to ask, as whom, and about which resource.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use amlkeys::{
    ApiVersion, Client, Cloud, ComputeId, ComputeSecrets, Secret, StaticCredential, WorkspaceId,
    WorkspaceKeys,
};
use amlkeys_emulator::Emulator;

use crate::args::{ComputeNames, Global, WorkspaceNames};
use crate::config::Config;
use crate::failure::{Failure, Resource};
use crate::suggestion::closest;

/// A client that is ready to call, with what the flags and az's files say about
/// every call.
pub(crate) struct Session {
    client: Client,
    /// Kept running as long as the session.
    emulator: Option<Emulator>,
    cloud: Cloud,
    subscription: Option<String>,
    resource_group: Option<String>,
    workspace: Option<String>,
}

/// A resource of either kind.
#[derive(Clone, Debug)]
pub(crate) enum ResourceId {
    Workspace(WorkspaceId),
    Compute(ComputeId),
}

impl FromStr for ResourceId {
    type Err = amlkeys::Error;

    fn from_str(text: &str) -> Result<Self, amlkeys::Error> {
        const OF_A_COMPUTE: usize = 10;

        match text.matches('/').count() {
            OF_A_COMPUTE => text.parse().map(Self::Compute),
            _ => text.parse().map(Self::Workspace),
        }
    }
}

impl Session {
    pub(crate) async fn start(global: &Global, config: &Config) -> Result<Self, Failure> {
        let cloud = match global.emulator {
            true => Cloud::public(),
            false => config.cloud()?,
        };
        let mut builder = Client::builder().with_cloud(cloud.clone()).with_pacing();
        if let Some(version) = &global.api_version {
            let version = ApiVersion::from_str(version).map_err(Failure::input)?;
            builder = builder.with_api_version(version);
        }
        if let Some(timeout) = global.timeout {
            builder = builder.with_timeout(timeout);
        }
        if let Some(endpoint) = &global.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let mut subscription = config.subscription.get().map(str::to_owned);
        let mut emulator = None;
        // From here on there is no difference between the emulator and Azure:
        // another address, another authority to trust, another credential.
        if global.emulator {
            let started = Emulator::start().await;
            let started = started.map_err(|error| Failure::other("cannot start", &error))?;
            let token = Secret::new(started.token());
            let credential = StaticCredential::new(token, SystemTime::now() + ONE_DAY);
            builder = builder
                .with_endpoint(started.endpoint())
                .with_ca_pem(started.ca_pem())
                .with_credential(Arc::new(credential));
            // One's own subscription is none of the emulator's.
            if global.subscription.is_none() {
                subscription = Some(started.subscription_id());
            }
            emulator = Some(started);
        }
        Ok(Self {
            client: builder.build().map_err(Failure::input)?,
            emulator,
            cloud,
            subscription,
            resource_group: config.resource_group.get().map(str::to_owned),
            workspace: config.workspace.get().map(str::to_owned),
        })
    }

    pub(crate) fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The workspaces that the flags name, all of them before the first is asked
    /// for.
    pub(crate) fn workspace_ids(&self, names: WorkspaceNames) -> Result<Vec<WorkspaceId>, Failure> {
        match names.ids.is_empty() {
            true => Ok(vec![self.workspace_id(
                names.name,
                names.resource_group,
                "-n",
            )?]),
            false => resource_ids(&names.ids),
        }
    }

    /// The computes that the flags name.
    pub(crate) fn compute_ids(&self, names: ComputeNames) -> Result<Vec<ComputeId>, Failure> {
        let Some(compute) = names.name else {
            return resource_ids(&names.ids);
        };
        let workspace = self.workspace_id(names.workspace_name, names.resource_group, "-w")?;
        let id = ComputeId::new(workspace, &compute);
        Ok(vec![id.map_err(|error| refused(error, &[&compute]))?])
    }

    /// The workspace of a command that needs no flag for it.
    pub(crate) fn default_workspace_id(&self) -> Option<WorkspaceId> {
        self.workspace_id(None, None, "").ok()
    }

    pub(crate) async fn workspace_keys(&self, id: &WorkspaceId) -> Result<WorkspaceKeys, Failure> {
        let keys = self.client.workspaces_list_keys(id).await;
        keys.map_err(|error| self.failed(error, Resource::of_workspace(id)))
    }

    pub(crate) async fn compute_secrets(&self, id: &ComputeId) -> Result<ComputeSecrets, Failure> {
        let secrets = self.client.compute_list_keys(id).await;
        secrets.map_err(|error| self.failed(error, Resource::of_compute(id)))
    }

    fn workspace_id(
        &self,
        workspace: Option<String>,
        resource_group: Option<String>,
        flag: &str,
    ) -> Result<WorkspaceId, Failure> {
        let workspace = workspace
            .or_else(|| self.workspace.clone())
            .ok_or_else(|| missing("workspace", flag, "workspace"))?;
        let group = resource_group
            .or_else(|| self.resource_group.clone())
            .ok_or_else(|| missing("resource group", "-g", "group"))?;
        let subscription = self.subscription.clone().ok_or_else(no_subscription)?;
        WorkspaceId::new(&subscription, &group, &workspace)
            .map_err(|error| refused(error, &[&subscription, &group, &workspace]))
    }

    fn failed(&self, error: amlkeys::Error, resource: Resource<'_>) -> Failure {
        let failure = Failure::of_call(&error, &resource);
        match &self.emulator {
            Some(emulator) if error.is_not_found() => failure.with_hint(known(emulator, &resource)),
            _ => failure,
        }
    }
}

/// Reads the values of `--ids`.
fn resource_ids<T: FromStr<Err = amlkeys::Error>>(texts: &[String]) -> Result<Vec<T>, Failure> {
    let id = |text: &String| text.parse().map_err(|error| refused(error, &[text]));
    texts.iter().map(id).collect()
}

/// A name that cannot be one; if only white space around it is wrong, this says
/// what was meant.
fn refused(error: amlkeys::Error, names: &[&str]) -> Failure {
    let failure = Failure::input(error);
    match names.iter().find(|name| name.trim() != **name) {
        Some(name) if !name.trim().is_empty() => {
            failure.with_hint(format!("did you mean `{}`?", name.trim()))
        }
        _ => failure,
    }
}

/// `setting` is az's name for it.
fn missing(what: &str, flag: &str, setting: &str) -> Failure {
    let value = setting.to_uppercase();
    Failure::usage(
        &format!("the {what} is missing"),
        &format!(
            "give {flag} {value}, set AZURE_DEFAULTS_{value} or run `az configure --defaults {setting}={value}`"
        ),
    )
}

fn no_subscription() -> Failure {
    Failure::usage(
        "the subscription is missing",
        "give --subscription, set AZURE_SUBSCRIPTION_ID or run `az login`",
    )
}

/// What the emulator has instead of a resource that it does not have.
fn known(emulator: &Emulator, missing: &Resource<'_>) -> String {
    let ids = emulator.resource_ids();
    let computes: Vec<ComputeId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let siblings: Vec<&str> = computes
        .iter()
        .filter(|id| missing.is_in(id.workspace_id()))
        .map(ComputeId::compute)
        .collect();
    if !siblings.is_empty() {
        let known = format!("the emulator's computes there are {}", siblings.join(", "));
        return meant(missing.name(), &siblings) + &known;
    }
    let workspaces: Vec<WorkspaceId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let paths: Vec<String> = workspaces
        .iter()
        .map(|id| format!("{}/{}", id.resource_group(), id.workspace()))
        .collect();
    format!(
        "{}the emulator has these groups and workspaces, in subscription {}: {}",
        workspace_meant(missing, &workspaces),
        emulator.subscription_id(),
        paths.join(", ")
    )
}

/// Another workspace of the group, or another group.
fn workspace_meant(missing: &Resource<'_>, known: &[WorkspaceId]) -> String {
    let group = missing.workspace_id().resource_group();
    let neighbours: Vec<&str> = known
        .iter()
        .filter(|id| id.resource_group().eq_ignore_ascii_case(group))
        .map(WorkspaceId::workspace)
        .collect();
    if neighbours.is_empty() {
        let groups: Vec<&str> = known.iter().map(WorkspaceId::resource_group).collect();
        return meant(group, &groups);
    }
    meant(missing.workspace_id().workspace(), &neighbours)
}

fn meant(name: &str, known: &[&str]) -> String {
    let closest = closest(name, known);
    closest.map_or(String::new(), |it| format!("did you mean `{it}`? "))
}

const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);
