use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use amlkeys_secret::Secret;

use crate::api_version::ApiVersion;
use crate::compute_secrets::masked;
use crate::error::Result;
use crate::versions;

/// The keys of a workspace, as `Workspaces_ListKeys` answers them.
///
/// Any of them may be missing or null; both read as `None`.
///
/// `Serialize` writes the documented response with the real values; `Debug`
/// shows none of them, and [`masked`](Self::masked) is for showing the document.
#[derive(Clone, Debug)]
pub struct WorkspaceKeys {
    pub(crate) user_storage_key: Option<Secret>,
    pub(crate) user_storage_resource_id: Option<String>,
    /// Whether the service called it `userStorageArmId`, as it does since
    /// 2025-12-01.
    pub(crate) is_storage_arm_id: bool,
    pub(crate) app_insights_instrumentation_key: Option<Secret>,
    pub(crate) container_registry_credentials: Option<RegistryListCredentialsResult>,
    pub(crate) notebook_access_keys: Option<ListNotebookKeysResult>,
}

/// How to sign in to the workspace's container registry.
#[derive(Clone, Debug, Serialize)]
pub struct RegistryListCredentialsResult {
    pub(crate) location: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) passwords: Option<Vec<Password>>,
}

/// One password of the container registry.
#[derive(Clone, Debug, Serialize)]
pub struct Password {
    pub(crate) name: Option<String>,
    pub(crate) value: Option<Secret>,
}

/// The keys of the workspace's notebooks.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListNotebookKeysResult {
    pub(crate) primary_access_key: Option<Secret>,
    pub(crate) secondary_access_key: Option<Secret>,
}

impl WorkspaceKeys {
    /// Reads an answer that was recorded, as a call with this api-version would
    /// have.
    ///
    /// ```
    /// use amlkeys::{ApiVersion, WorkspaceKeys};
    ///
    /// let body = br#"{"userStorageKey":"invented"}"#;
    /// let keys = WorkspaceKeys::try_from_json(body, &ApiVersion::V2025_09_01)?;
    /// assert!(keys.user_storage_key().is_some());
    /// # Ok::<(), amlkeys::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`is_body`](crate::Error::is_body) if it is not the documented JSON.
    pub fn try_from_json(body: &[u8], api_version: &ApiVersion) -> Result<Self> {
        versions::workspace_keys(body, api_version)
    }

    /// The key of the storage account.
    pub fn user_storage_key(&self) -> Option<&Secret> {
        self.user_storage_key.as_ref()
    }

    /// The ARM resource ID of the storage account, whichever of its two names,
    /// `userStorageResourceId` or `userStorageArmId`, the service used.
    pub fn user_storage_resource_id(&self) -> Option<&str> {
        self.user_storage_resource_id.as_deref()
    }

    /// The instrumentation key of Application Insights.
    pub fn app_insights_instrumentation_key(&self) -> Option<&Secret> {
        self.app_insights_instrumentation_key.as_ref()
    }

    /// How to sign in to the container registry.
    pub fn container_registry_credentials(&self) -> Option<&RegistryListCredentialsResult> {
        self.container_registry_credentials.as_ref()
    }

    /// The keys of the workspace's notebooks.
    pub fn notebook_access_keys(&self) -> Option<&ListNotebookKeysResult> {
        self.notebook_access_keys.as_ref()
    }

    /// A copy with [`MASK`](crate::MASK) in place of every secret.
    pub fn masked(&self) -> Self {
        let password = |password: &Password| Password {
            name: password.name.clone(),
            value: masked(&password.value),
        };
        let registry = |registry: &RegistryListCredentialsResult| RegistryListCredentialsResult {
            location: registry.location.clone(),
            username: registry.username.clone(),
            passwords: registry
                .passwords
                .as_ref()
                .map(|passwords| passwords.iter().map(password).collect()),
        };
        let notebooks = |keys: &ListNotebookKeysResult| ListNotebookKeysResult {
            primary_access_key: masked(&keys.primary_access_key),
            secondary_access_key: masked(&keys.secondary_access_key),
        };
        Self {
            user_storage_key: masked(&self.user_storage_key),
            user_storage_resource_id: self.user_storage_resource_id.clone(),
            is_storage_arm_id: self.is_storage_arm_id,
            app_insights_instrumentation_key: masked(&self.app_insights_instrumentation_key),
            container_registry_credentials: self
                .container_registry_credentials
                .as_ref()
                .map(registry),
            notebook_access_keys: self.notebook_access_keys.as_ref().map(notebooks),
        }
    }
}

impl Serialize for WorkspaceKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let storage_id = match self.is_storage_arm_id {
            true => "userStorageArmId",
            false => "userStorageResourceId",
        };
        let mut keys = serializer.serialize_struct("WorkspaceKeys", 5)?;
        keys.serialize_field("userStorageKey", &self.user_storage_key)?;
        keys.serialize_field(storage_id, &self.user_storage_resource_id)?;
        keys.serialize_field(
            "appInsightsInstrumentationKey",
            &self.app_insights_instrumentation_key,
        )?;
        keys.serialize_field(
            "containerRegistryCredentials",
            &self.container_registry_credentials,
        )?;
        keys.serialize_field("notebookAccessKeys", &self.notebook_access_keys)?;
        keys.end()
    }
}

impl RegistryListCredentialsResult {
    /// The region of the registry.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The name to sign in with.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The passwords, either of which opens the registry; empty if there are
    /// none.
    pub fn passwords(&self) -> &[Password] {
        self.passwords.as_deref().unwrap_or_default()
    }
}

impl Password {
    /// Which password it is: `password` or `password2`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The password itself.
    pub fn value(&self) -> Option<&Secret> {
        self.value.as_ref()
    }
}

impl ListNotebookKeysResult {
    /// The first key.
    pub fn primary_access_key(&self) -> Option<&Secret> {
        self.primary_access_key.as_ref()
    }

    /// The second key.
    pub fn secondary_access_key(&self) -> Option<&Secret> {
        self.secondary_access_key.as_ref()
    }
}
