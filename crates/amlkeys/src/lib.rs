#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_version;
mod call;
mod client;
mod clock;
mod cloud;
mod compute_secrets;
mod credential;
mod endpoint;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(feature = "identity")]
mod identity;
mod pace;
mod resource_id;
mod retry;
mod shared;
mod tls;
mod token;
mod versions;
mod workspace_keys;

pub use amlkeys_secret::{MASK, Secret, SecretObject, SecretRef};

pub use api_version::ApiVersion;
pub use client::{Client, ClientBuilder, ComputeListKeys, WorkspacesListKeys};
pub use clock::{Clock, SystemClock};
pub use cloud::Cloud;
pub use compute_secrets::{
    AksComputeSecrets, ComputeSecrets, DatabricksComputeSecrets, UnknownComputeSecrets,
    VirtualMachineSecrets, VirtualMachineSshCredentials,
};
pub use credential::{Claims, StaticCredential};
pub use error::{AdditionalInfo, Error, ErrorDetail, Result};
#[cfg(feature = "identity")]
pub use identity::DefaultCredential;
pub use resource_id::{ComputeId, WorkspaceId};
pub use workspace_keys::{
    ListNotebookKeysResult, Password, RegistryListCredentialsResult, WorkspaceKeys,
};

/// The trait that a credential implements, as azure_core defines it.
pub use azure_core::credentials::TokenCredential;
