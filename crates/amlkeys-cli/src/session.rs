//! Whom to ask, as whom, and about which resource.

use std::env;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use amlkeys::{ApiVersion, Client, ComputeId, Secret, StaticCredential, WorkspaceId};
use amlkeys_emulator::Emulator;
use serde::Serialize;
use serde_json::Value;

use crate::args::Global;
use crate::failure::{Failure, Resource};

/// A client that is ready to call, with what the flags say about every call.
pub(crate) struct Session {
    client: Client,
    /// Kept running as long as the session.
    emulator: Option<Emulator>,
    subscription: Option<String>,
    show_secrets: bool,
}

impl Session {
    pub(crate) async fn start(global: Global) -> Result<Self, Failure> {
        let mut builder = Client::builder().with_cloud(global.cloud);
        if let Some(version) = &global.api_version {
            let version = ApiVersion::from_str(version).map_err(Failure::input)?;
            builder = builder.with_api_version(version);
        }
        if let Some(timeout) = global.timeout {
            builder = builder.with_timeout(timeout);
        }
        if let Some(endpoint) = global.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let mut subscription = global.subscription;
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
            subscription.get_or_insert_with(|| started.subscription_id());
            emulator = Some(started);
        }
        Ok(Self {
            client: builder.build().map_err(Failure::input)?,
            emulator,
            subscription: subscription.or_else(|| variable("AZURE_SUBSCRIPTION_ID")),
            show_secrets: global.show_secrets,
        })
    }

    pub(crate) fn subscription(&self) -> Result<String, Failure> {
        self.subscription.clone().ok_or_else(|| {
            Failure::usage(
                "the subscription is missing",
                "give --subscription or set AZURE_SUBSCRIPTION_ID; `az account show --query id -o tsv` prints yours",
            )
        })
    }

    pub(crate) fn resource_group(&self, flag: Option<String>) -> Result<String, Failure> {
        flag.or_else(|| variable("AZURE_DEFAULTS_GROUP"))
            .ok_or_else(|| {
                Failure::usage(
                    "the resource group is missing",
                    "give -g GROUP or set AZURE_DEFAULTS_GROUP",
                )
            })
    }

    pub(crate) fn workspace(&self, flag: Option<String>) -> Result<String, Failure> {
        flag.or_else(|| variable("AZURE_DEFAULTS_WORKSPACE"))
            .ok_or_else(|| {
                Failure::usage(
                    "the workspace is missing",
                    "give -w WORKSPACE or set AZURE_DEFAULTS_WORKSPACE",
                )
            })
    }

    /// Reads the values of `--ids`, all of them before the first is asked for.
    pub(crate) fn resource_ids<T: FromStr<Err = amlkeys::Error>>(
        &self,
        texts: &[String],
    ) -> Result<Vec<T>, Failure> {
        texts
            .iter()
            .map(|text| text.parse().map_err(Failure::input))
            .collect()
    }

    pub(crate) async fn workspace_keys(&self, id: &WorkspaceId) -> Result<Value, Failure> {
        let keys = self.client.workspaces_list_keys(id).await;
        let keys = keys.map_err(|error| self.failed(error, Resource::of_workspace(id)))?;
        document(&if self.show_secrets {
            keys
        } else {
            keys.masked()
        })
    }

    pub(crate) async fn compute_secrets(&self, id: &ComputeId) -> Result<Value, Failure> {
        let secrets = self.client.compute_list_keys(id).await;
        let secrets = secrets.map_err(|error| self.failed(error, Resource::of_compute(id)))?;
        document(&if self.show_secrets {
            secrets
        } else {
            secrets.masked()
        })
    }

    fn failed(&self, error: amlkeys::Error, resource: Resource<'_>) -> Failure {
        let failure = Failure::of_call(&error, &resource);
        match &self.emulator {
            Some(emulator) if error.is_not_found() => failure.with_hint(known(emulator, &resource)),
            _ => failure,
        }
    }
}

/// What the emulator has beside a resource that it does not have.
fn known(emulator: &Emulator, missing: &Resource<'_>) -> String {
    let ids = emulator.resource_ids();
    let computes: Vec<ComputeId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let siblings: Vec<&str> = computes
        .iter()
        .filter(|id| missing.is_in(id.workspace_id()))
        .map(ComputeId::compute)
        .collect();
    if !siblings.is_empty() {
        return format!("the emulator's computes there are {}", siblings.join(", "));
    }
    let workspaces: Vec<String> = ids
        .iter()
        .filter_map(|id| id.parse::<WorkspaceId>().ok())
        .map(|id| format!("{}/{}", id.resource_group(), id.workspace()))
        .collect();
    format!(
        "the emulator has these groups and workspaces, in subscription {}: {}",
        emulator.subscription_id(),
        workspaces.join(", ")
    )
}

const ONE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn document(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::other("cannot print the keys", &error))
}
