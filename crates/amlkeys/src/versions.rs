//! Where the generated types of each api-version feed the public ones.
//!
//! This is the one place that a new version touches: a line of `version!`, and
//! an arm in each of the two functions. It stops compiling when a property
//! that the public types need disappears.

use std::sync::Arc;

use amlkeys_secret::SecretObject;

use crate::api_version::{ApiVersion, Shape};
use crate::call::Call;
use crate::compute_secrets::{
    AksComputeSecrets, ComputeSecrets, DatabricksComputeSecrets, TAG, UnknownComputeSecrets,
    VirtualMachineSecrets, VirtualMachineSshCredentials,
};
use crate::error::Result;
use crate::resource_id::{ComputeId, WorkspaceId};
use crate::workspace_keys::{
    ListNotebookKeysResult, Password, RegistryListCredentialsResult, WorkspaceKeys,
};

pub(crate) async fn compute_list_keys(
    call: &Arc<Call>,
    id: &ComputeId,
    version: &ApiVersion,
) -> Result<ComputeSecrets> {
    match version.shape() {
        #[cfg(feature = "v2023_10_01")]
        Shape::V2023_10_01 => v2023_10_01::compute_list_keys(call, id, version).await,
        #[cfg(feature = "v2025_09_01")]
        Shape::V2025_09_01 => v2025_09_01::compute_list_keys(call, id, version).await,
    }
}

pub(crate) async fn workspaces_list_keys(
    call: &Arc<Call>,
    id: &WorkspaceId,
    version: &ApiVersion,
) -> Result<WorkspaceKeys> {
    match version.shape() {
        #[cfg(feature = "v2023_10_01")]
        Shape::V2023_10_01 => v2023_10_01::workspaces_list_keys(call, id, version).await,
        #[cfg(feature = "v2025_09_01")]
        Shape::V2025_09_01 => v2025_09_01::workspaces_list_keys(call, id, version).await,
    }
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
                let body = call.finish(returned).await?;
                compute_secrets(body).map_err(|error| call.undecodable(&error))
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
                Ok(call.finish(returned).await?.into())
            }

            fn client(call: &Arc<Call>) -> Client {
                let shared = call.shared();
                Client::new_with_client(&shared.endpoint, shared.http.clone(), call.clone())
            }

            /// Reads the variant that the tag names.
            fn compute_secrets(
                body: SecretObject,
            ) -> std::result::Result<ComputeSecrets, amlkeys_secret::DecodeError> {
                let tag = body
                    .get(TAG)
                    .and_then(|tag| Some(tag.as_secret()?.expose()));
                Ok(match tag {
                    Some("AKS") => {
                        let types::AksComputeSecrets {
                            user_kube_config,
                            admin_kube_config,
                            image_pull_secret_name,
                            compute_type: _,
                        } = body.decode()?;
                        ComputeSecrets::Aks(AksComputeSecrets {
                            user_kube_config,
                            admin_kube_config,
                            image_pull_secret_name,
                        })
                    }
                    Some("Databricks") => {
                        let types::DatabricksComputeSecrets {
                            databricks_access_token,
                            compute_type: _,
                        } = body.decode()?;
                        ComputeSecrets::Databricks(DatabricksComputeSecrets {
                            databricks_access_token,
                        })
                    }
                    Some("VirtualMachine") => {
                        let types::VirtualMachineSecrets {
                            administrator_account,
                            compute_type: _,
                        } = body.decode()?;
                        ComputeSecrets::VirtualMachine(VirtualMachineSecrets {
                            administrator_account: administrator_account.map(Into::into),
                        })
                    }
                    _ => ComputeSecrets::Unknown(UnknownComputeSecrets { body }),
                })
            }

            impl From<types::VirtualMachineSshCredentials> for VirtualMachineSshCredentials {
                fn from(account: types::VirtualMachineSshCredentials) -> Self {
                    let types::VirtualMachineSshCredentials {
                        username,
                        password,
                        public_key_data,
                        private_key_data,
                    } = account;
                    Self {
                        username,
                        password,
                        public_key_data,
                        private_key_data,
                    }
                }
            }

            impl From<types::ListWorkspaceKeysResult> for WorkspaceKeys {
                fn from(keys: types::ListWorkspaceKeysResult) -> Self {
                    let types::ListWorkspaceKeysResult {
                        user_storage_key,
                        user_storage_resource_id,
                        user_storage_arm_id,
                        app_insights_instrumentation_key,
                        container_registry_credentials,
                        notebook_access_keys,
                    } = keys;
                    let notebooks = |keys: types::ListNotebookKeysResult| ListNotebookKeysResult {
                        primary_access_key: keys.primary_access_key,
                        secondary_access_key: keys.secondary_access_key,
                    };
                    Self {
                        user_storage_key,
                        // The overlay gives every version both names.
                        user_storage_resource_id: user_storage_resource_id.or(user_storage_arm_id),
                        app_insights_instrumentation_key,
                        container_registry_credentials: container_registry_credentials
                            .map(Into::into),
                        notebook_access_keys: notebook_access_keys.map(notebooks),
                    }
                }
            }

            impl From<types::RegistryListCredentialsResult> for RegistryListCredentialsResult {
                fn from(registry: types::RegistryListCredentialsResult) -> Self {
                    let types::RegistryListCredentialsResult {
                        location,
                        username,
                        passwords,
                    } = registry;
                    let password = |password: types::Password| Password {
                        name: password.name,
                        value: password.value,
                    };
                    Self {
                        location,
                        username,
                        passwords: passwords.map(|passwords| {
                            passwords.into_iter().flatten().map(password).collect()
                        }),
                    }
                }
            }
        }
    };
}

#[cfg(feature = "v2023_10_01")]
version!(v2023_10_01);
#[cfg(feature = "v2025_09_01")]
version!(v2025_09_01);
