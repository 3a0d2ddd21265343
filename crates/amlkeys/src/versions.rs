//! Where the generated types of each api-version feed the public ones.
//!
//! The versions come from the table that `cargo xtask generate` writes. This
//! stops compiling when a property that the public types need disappears from
//! one of them, and when a `computeType` gets secrets that it had not. A property
//! that a version adds is not read until the public types have it.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::api_version::{ApiVersion, Shape};
use crate::call::Call;
use crate::compute_secrets::{
    AksComputeSecrets, ComputeSecrets, DatabricksComputeSecrets, UnknownComputeSecrets,
    VirtualMachineSecrets, VirtualMachineSshCredentials,
};
use crate::error::{Error, Result};
use crate::resource_id::{ComputeId, WorkspaceId};
use crate::workspace_keys::{
    ListNotebookKeysResult, Password, RegistryListCredentialsResult, WorkspaceKeys,
};

macro_rules! versions {
    ($($feature:tt $shape:ident $module:ident $version:tt,)*) => {
        pub(crate) async fn compute_list_keys(
            call: &Arc<Call>,
            id: &ComputeId,
            version: &ApiVersion,
        ) -> Result<ComputeSecrets> {
            match version.shape() {
                $(#[cfg(feature = $feature)]
                Shape::$shape => $module::compute_list_keys(call, id, version).await,)*
            }
        }

        pub(crate) async fn workspaces_list_keys(
            call: &Arc<Call>,
            id: &WorkspaceId,
            version: &ApiVersion,
        ) -> Result<WorkspaceKeys> {
            match version.shape() {
                $(#[cfg(feature = $feature)]
                Shape::$shape => $module::workspaces_list_keys(call, id, version).await,)*
            }
        }

        /// Reads a recorded answer with the shape of a version.
        pub(crate) fn compute_secrets(body: &[u8], version: &ApiVersion) -> Result<ComputeSecrets> {
            match version.shape() {
                $(#[cfg(feature = $feature)]
                Shape::$shape => Ok($module::compute_secrets(decode(body)?)),)*
            }
        }

        /// Reads a recorded answer with the shape of a version.
        pub(crate) fn workspace_keys(body: &[u8], version: &ApiVersion) -> Result<WorkspaceKeys> {
            match version.shape() {
                $(#[cfg(feature = $feature)]
                Shape::$shape => Ok($module::workspace_keys(decode(body)?)),)*
            }
        }

        $(#[cfg(feature = $feature)]
        version!($module);)*
    };
}

macro_rules! version {
    ($module:ident) => {
        mod $module {
            use amlkeys_client::$module::{Client, types};

            use super::*;

            pub(super) async fn compute_list_keys(
                call: &Arc<Call>,
                id: &ComputeId,
                version: &ApiVersion,
            ) -> Result<ComputeSecrets> {
                let workspace_id = id.workspace_id();
                let returned = client(call)
                    .compute_list_keys(
                        workspace_id.subscription_id(),
                        workspace_id.resource_group(),
                        workspace_id.workspace(),
                        id.compute(),
                        version.as_str(),
                    )
                    .await;
                Ok(compute_secrets(call.finish(returned).await?))
            }

            pub(super) async fn workspaces_list_keys(
                call: &Arc<Call>,
                id: &WorkspaceId,
                version: &ApiVersion,
            ) -> Result<WorkspaceKeys> {
                let returned = client(call)
                    .workspaces_list_keys(
                        id.subscription_id(),
                        id.resource_group(),
                        id.workspace(),
                        version.as_str(),
                    )
                    .await;
                Ok(workspace_keys(call.finish(returned).await?))
            }

            fn client(call: &Arc<Call>) -> Client {
                let shared = call.shared();
                Client::new_with_client(shared.endpoint.as_str(), shared.http.clone(), call.clone())
            }

            pub(super) fn compute_secrets(secrets: types::ComputeSecrets) -> ComputeSecrets {
                match secrets {
                    types::ComputeSecrets::Aks(types::AksComputeSecrets {
                        user_kube_config,
                        admin_kube_config,
                        image_pull_secret_name,
                        ..
                    }) => ComputeSecrets::Aks(AksComputeSecrets {
                        user_kube_config,
                        admin_kube_config,
                        image_pull_secret_name,
                    }),
                    types::ComputeSecrets::Databricks(types::DatabricksComputeSecrets {
                        databricks_access_token,
                        ..
                    }) => ComputeSecrets::Databricks(DatabricksComputeSecrets {
                        databricks_access_token,
                    }),
                    types::ComputeSecrets::VirtualMachine(types::VirtualMachineSecrets {
                        administrator_account,
                        ..
                    }) => ComputeSecrets::VirtualMachine(VirtualMachineSecrets {
                        administrator_account: administrator_account.map(administrator),
                    }),
                    types::ComputeSecrets::Unknown(body) => {
                        ComputeSecrets::Unknown(UnknownComputeSecrets { body })
                    }
                }
            }

            fn administrator(
                account: types::VirtualMachineSshCredentials,
            ) -> VirtualMachineSshCredentials {
                let types::VirtualMachineSshCredentials {
                    username,
                    password,
                    public_key_data,
                    private_key_data,
                    ..
                } = account;
                VirtualMachineSshCredentials {
                    username,
                    password,
                    public_key_data,
                    private_key_data,
                }
            }

            pub(super) fn workspace_keys(keys: types::ListWorkspaceKeysResult) -> WorkspaceKeys {
                let types::ListWorkspaceKeysResult {
                    user_storage_key,
                    user_storage_resource_id,
                    user_storage_arm_id,
                    app_insights_instrumentation_key,
                    container_registry_credentials,
                    notebook_access_keys,
                    ..
                } = keys;
                WorkspaceKeys {
                    user_storage_key,
                    // The overlay gives every version both names.
                    is_storage_arm_id: user_storage_resource_id.is_none()
                        && user_storage_arm_id.is_some(),
                    user_storage_resource_id: user_storage_resource_id.or(user_storage_arm_id),
                    app_insights_instrumentation_key,
                    container_registry_credentials: container_registry_credentials.map(registry),
                    notebook_access_keys: notebook_access_keys.map(notebooks),
                }
            }

            fn registry(
                registry: types::RegistryListCredentialsResult,
            ) -> RegistryListCredentialsResult {
                let types::RegistryListCredentialsResult {
                    location,
                    username,
                    passwords,
                    ..
                } = registry;
                let password = |types::Password { name, value, .. }| Password { name, value };
                RegistryListCredentialsResult {
                    location,
                    username,
                    passwords: passwords
                        .map(|passwords| passwords.into_iter().flatten().map(password).collect()),
                }
            }

            fn notebooks(keys: types::ListNotebookKeysResult) -> ListNotebookKeysResult {
                let types::ListNotebookKeysResult {
                    primary_access_key,
                    secondary_access_key,
                    ..
                } = keys;
                ListNotebookKeysResult {
                    primary_access_key,
                    secondary_access_key,
                }
            }
        }
    };
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    amlkeys_client::from_json(body).map_err(|error| Error::undecodable::<T>(body, &error))
}

amlkeys_client::api_versions!(versions);
