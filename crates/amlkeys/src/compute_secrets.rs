use serde::{Serialize, Serializer};

use amlkeys_secret::{Secret, SecretObject, SecretRef};

use crate::api_version::ApiVersion;
use crate::error::Result;
use crate::versions;

/// The secrets of a compute, as `Compute_ListKeys` answers them.
///
/// Only three kinds of compute carry secrets. Every other `computeType` is
/// [`Unknown`](Self::Unknown): one that has none, one that is newer than this
/// crate, one in other letters, or none at all. Nothing is lost and no call
/// fails for it.
///
/// `Serialize` writes the documented response with the real values; `Debug`
/// shows none of them, and [`masked`](Self::masked) is for showing the document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ComputeSecrets {
    /// An Azure Kubernetes Service cluster, `computeType` `AKS`.
    Aks(AksComputeSecrets),
    /// A Databricks workspace, `computeType` `Databricks`.
    Databricks(DatabricksComputeSecrets),
    /// A virtual machine, `computeType` `VirtualMachine`.
    VirtualMachine(VirtualMachineSecrets),
    /// Anything else, kept whole.
    Unknown(UnknownComputeSecrets),
}

/// The secrets of an Azure Kubernetes Service cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "computeType", rename = "AKS", rename_all = "camelCase")]
pub struct AksComputeSecrets {
    pub(crate) user_kube_config: Option<Secret>,
    pub(crate) admin_kube_config: Option<Secret>,
    pub(crate) image_pull_secret_name: Option<String>,
}

/// The secrets of a Databricks workspace.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "computeType", rename = "Databricks", rename_all = "camelCase")]
pub struct DatabricksComputeSecrets {
    pub(crate) databricks_access_token: Option<Secret>,
}

/// The secrets of a virtual machine.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "computeType",
    rename = "VirtualMachine",
    rename_all = "camelCase"
)]
pub struct VirtualMachineSecrets {
    pub(crate) administrator_account: Option<VirtualMachineSshCredentials>,
}

/// The administrator's account of a virtual machine.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineSshCredentials {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) public_key_data: Option<Secret>,
    pub(crate) private_key_data: Option<Secret>,
}

/// The answer for a compute whose `computeType` has no secrets that are known.
#[derive(Clone, Debug)]
pub struct UnknownComputeSecrets {
    pub(crate) body: SecretObject,
}

/// The property that tells the variants apart.
const TAG: &str = "computeType";

impl ComputeSecrets {
    /// Reads an answer that was recorded, as a call with this api-version would
    /// have.
    ///
    /// ```
    /// use amlkeys::{ApiVersion, ComputeSecrets};
    ///
    /// let body = br#"{"computeType":"Abacus"}"#;
    /// let secrets = ComputeSecrets::try_from_json(body, &ApiVersion::V2025_09_01)?;
    /// assert_eq!(secrets.compute_type(), Some("Abacus"));
    /// # Ok::<(), amlkeys::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`is_body`](crate::Error::is_body) if it is not the documented JSON.
    pub fn try_from_json(body: &[u8], api_version: &ApiVersion) -> Result<Self> {
        versions::compute_secrets(body, api_version)
    }

    /// The `computeType` as the service wrote it, `None` if it is missing or
    /// not a string.
    pub fn compute_type(&self) -> Option<&str> {
        match self {
            Self::Aks(_) => Some("AKS"),
            Self::Databricks(_) => Some("Databricks"),
            Self::VirtualMachine(_) => Some("VirtualMachine"),
            Self::Unknown(unknown) => unknown.compute_type(),
        }
    }

    /// A copy with [`MASK`](crate::MASK) in place of every secret.
    pub fn masked(&self) -> Self {
        match self {
            Self::Aks(aks) => Self::Aks(AksComputeSecrets {
                user_kube_config: masked(&aks.user_kube_config),
                admin_kube_config: masked(&aks.admin_kube_config),
                image_pull_secret_name: aks.image_pull_secret_name.clone(),
            }),
            Self::Databricks(databricks) => Self::Databricks(DatabricksComputeSecrets {
                databricks_access_token: masked(&databricks.databricks_access_token),
            }),
            Self::VirtualMachine(machine) => {
                let masked =
                    |account: &VirtualMachineSshCredentials| VirtualMachineSshCredentials {
                        username: account.username.clone(),
                        password: masked(&account.password),
                        public_key_data: masked(&account.public_key_data),
                        private_key_data: masked(&account.private_key_data),
                    };
                Self::VirtualMachine(VirtualMachineSecrets {
                    administrator_account: machine.administrator_account.as_ref().map(masked),
                })
            }
            Self::Unknown(unknown) => Self::Unknown(UnknownComputeSecrets {
                body: unknown.body.masked_except(&[TAG]),
            }),
        }
    }
}

impl AksComputeSecrets {
    /// A kubeconfig file with the rights of a user.
    pub fn user_kube_config(&self) -> Option<&Secret> {
        self.user_kube_config.as_ref()
    }

    /// A kubeconfig file with the rights of an administrator.
    pub fn admin_kube_config(&self) -> Option<&Secret> {
        self.admin_kube_config.as_ref()
    }

    /// The name of the Kubernetes Secret for pulling images.
    pub fn image_pull_secret_name(&self) -> Option<&str> {
        self.image_pull_secret_name.as_deref()
    }
}

impl DatabricksComputeSecrets {
    /// A personal access token.
    pub fn databricks_access_token(&self) -> Option<&Secret> {
        self.databricks_access_token.as_ref()
    }
}

impl VirtualMachineSecrets {
    /// The administrator's account.
    pub fn administrator_account(&self) -> Option<&VirtualMachineSshCredentials> {
        self.administrator_account.as_ref()
    }
}

impl VirtualMachineSshCredentials {
    /// The account's name.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The account's password.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The public half of the SSH key. The service's description calls it a
    /// secret, so it is kept as one.
    pub fn public_key_data(&self) -> Option<&Secret> {
        self.public_key_data.as_ref()
    }

    /// The private half of the SSH key.
    pub fn private_key_data(&self) -> Option<&Secret> {
        self.private_key_data.as_ref()
    }
}

impl UnknownComputeSecrets {
    /// The `computeType` as the service wrote it, `None` if it is missing or
    /// not a string.
    pub fn compute_type(&self) -> Option<&str> {
        self.body.get(TAG).and_then(SecretRef::expose)
    }

    /// The whole answer, all of it treated as secret.
    pub fn body(&self) -> &SecretObject {
        &self.body
    }
}

impl Serialize for ComputeSecrets {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Aks(aks) => aks.serialize(serializer),
            Self::Databricks(databricks) => databricks.serialize(serializer),
            Self::VirtualMachine(machine) => machine.serialize(serializer),
            Self::Unknown(unknown) => unknown.body.serialize(serializer),
        }
    }
}

pub(crate) fn masked(secret: &Option<Secret>) -> Option<Secret> {
    secret.as_ref().map(Secret::masked)
}
