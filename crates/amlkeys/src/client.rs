use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;

use crate::api_version::ApiVersion;
use crate::call::{COMPUTE_LIST_KEYS, Call, WORKSPACES_LIST_KEYS};
use crate::clock::{Clock, SystemClock};
use crate::cloud::Cloud;
use crate::compute_secrets::ComputeSecrets;
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::pace::Pace;
use crate::resource_id::{ComputeId, WorkspaceId};
use crate::retry::Limits;
use crate::shared::Shared;
use crate::token::TokenCache;
use crate::workspace_keys::WorkspaceKeys;
use crate::{tls, versions};

/// Calls the two operations of Azure Machine Learning that hand out keys.
///
/// Cloning is cheap; clones share connections and token, which is renewed before
/// it ends while calls go on. A client never sends a token over anything but
/// https and follows no redirect. It repeats a request
/// that failed in passing (408, 429, 500, 502, 503, 504, a broken connection)
/// up to three times, after the wait that the service asks for, and gives up
/// within its [timeout](ClientBuilder::with_timeout).
///
/// ```no_run
/// # async fn run() -> amlkeys::Result<()> {
/// use amlkeys::{Client, ComputeId, ComputeSecrets};
///
/// let client = Client::builder().build()?;
/// let id: ComputeId = "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/testrg123\
///     /providers/Microsoft.MachineLearningServices/workspaces/workspaces123/computes/compute123".parse()?;
/// if let ComputeSecrets::Aks(aks) = client.compute_list_keys(&id).await? {
///     std::fs::write("kubeconfig", aks.admin_kube_config().map_or("", |it| it.expose())).ok();
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

/// Options for a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use amlkeys::{ApiVersion, Client, Cloud};
///
/// let client = Client::builder()
///     .with_cloud(Cloud::us_government())
///     .with_api_version(ApiVersion::V2025_09_01)
///     .with_timeout(Duration::from_secs(30))
///     .build()?;
/// # Ok::<(), amlkeys::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct ClientBuilder {
    credential: Option<Arc<dyn TokenCredential>>,
    cloud: Cloud,
    endpoint: Option<String>,
    is_insecure_loopback: bool,
    certificate_authorities: Vec<Vec<u8>>,
    api_version: Option<ApiVersion>,
    limits: Limits,
    is_paced: bool,
    clock: Option<Arc<dyn Clock>>,
}

impl Client {
    /// A client of the public cloud that signs in with `credential`.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`].
    pub fn new(credential: Arc<dyn TokenCredential>) -> Result<Self> {
        Self::builder().with_credential(credential).build()
    }

    /// Starts from the defaults: the public cloud, and the
    /// `DefaultCredential` of feature `identity`.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Gets the secrets of one compute (`Compute_ListKeys`): kubeconfigs of an
    /// AKS cluster, the token of a Databricks workspace, the administrator of a
    /// virtual machine.
    ///
    /// Needs the action
    /// `Microsoft.MachineLearningServices/workspaces/computes/listKeys/action`.
    ///
    /// # Errors
    ///
    /// Any of [`Error`](crate::Error)'s predicates; [`is_not_found`](crate::Error::is_not_found) for
    /// a compute, workspace, group or subscription that does not exist. A
    /// `computeType` that is not known is no error:
    /// [`ComputeSecrets::Unknown`].
    pub fn compute_list_keys<'a>(&'a self, id: &'a ComputeId) -> ComputeListKeys<'a> {
        ComputeListKeys {
            client: self,
            id,
            api_version: None,
        }
    }

    /// Gets the keys of a workspace (`Workspaces_ListKeys`): of its storage
    /// account, its Application Insights, its container registry and its
    /// notebooks.
    ///
    /// Needs the action
    /// `Microsoft.MachineLearningServices/workspaces/listKeys/action`.
    ///
    /// # Errors
    ///
    /// Any of [`Error`](crate::Error)'s predicates; [`is_not_found`](crate::Error::is_not_found) for
    /// a workspace, group or subscription that does not exist.
    pub fn workspaces_list_keys<'a>(&'a self, id: &'a WorkspaceId) -> WorkspacesListKeys<'a> {
        WorkspacesListKeys {
            client: self,
            id,
            api_version: None,
        }
    }
}

impl ClientBuilder {
    /// Signs in with this credential instead of the default one.
    pub fn with_credential(mut self, credential: Arc<dyn TokenCredential>) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Talks to this cloud instead of the public one.
    pub fn with_cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = cloud;
        self
    }

    /// Sends requests to this URL instead of the cloud's. It must be https,
    /// unless [`with_insecure_loopback`](Self::with_insecure_loopback) says
    /// otherwise, and gets tokens of the cloud's audience, so it must be trusted with them.
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Allows an endpoint of this machine to be http: one whose host is
    /// `localhost` or a loopback address. For an emulator without TLS; every
    /// program on the machine may be listening there, so let the token be an
    /// invented one.
    ///
    /// Such requests go past any proxy, and `localhost` is this machine whatever
    /// a resolver says.
    ///
    /// ```
    /// use amlkeys::Client;
    ///
    /// let client = Client::builder()
    ///     .with_endpoint("http://localhost:8080")
    ///     .with_insecure_loopback()
    ///     .build()?;
    /// # Ok::<(), amlkeys::Error>(())
    /// ```
    pub fn with_insecure_loopback(mut self) -> Self {
        self.is_insecure_loopback = true;
        self
    }

    /// Trusts the certificate authorities in this PEM text besides the
    /// system's.
    pub fn with_ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificate_authorities.push(pem.into());
        self
    }

    /// Uses this api-version for both operations instead of each one's
    /// documented version.
    pub fn with_api_version(mut self, api_version: ApiVersion) -> Self {
        self.api_version = Some(api_version);
        self
    }

    /// Limits a whole call, all its attempts and waits included. Default: 120
    /// seconds.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Limits one attempt. Default: 60 seconds, the time that Azure Resource
    /// Manager gives a service to answer.
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.limits.attempt_timeout = timeout;
        self
    }

    /// Limits how often a request is sent; 1 for no retries. Default: 4.
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.limits.max_attempts = attempts;
        self
    }

    /// Limits the wait that a service may ask for before the next attempt: when
    /// it asks for a longer one, the call ends with what it answered. Default:
    /// 60 seconds.
    pub fn with_max_retry_after(mut self, wait: Duration) -> Self {
        self.limits.max_retry_after = wait;
        self
    }

    /// Limits the size of a response in bytes. Default: 1 MiB.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.limits.max_body = bytes;
        self
    }

    /// Keeps to the throttle that Azure Resource Manager announces instead of
    /// running into it: for many calls, at once or one after the other.
    ///
    /// For each subscription, requests wait for their turn, first come first
    /// served, while `x-ms-ratelimit-remaining-subscription-writes` says that
    /// next to nothing is left, and after a 429 until its `Retry-After` has
    /// passed. How fast there is more is learnt from the answers, so what other
    /// programs use is allowed for. Waiting for a turn does not count towards
    /// the call's timeout.
    pub fn with_pacing(mut self) -> Self {
        self.is_paced = true;
        self
    }

    /// Tells the time and waits by this clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Builds the client. Nothing is sent and nobody signs in before the first
    /// call.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) for an endpoint that is no
    /// https URL, a certificate authority that cannot be read, or when there is
    /// no credential and feature `identity` is off.
    pub fn build(self) -> Result<Client> {
        let endpoint = self.endpoint.as_deref().unwrap_or(self.cloud.endpoint());
        let endpoint = Endpoint::parse(endpoint, self.is_insecure_loopback)?;
        let http = tls::http_client(&self.certificate_authorities)?;
        let credential = match self.credential {
            Some(credential) => credential,
            None => default_credential(&self.cloud, &http)?,
        };
        let clock = self
            .clock
            .unwrap_or_else(|| Arc::new(SystemClock::default()));
        Ok(Client {
            shared: Arc::new(Shared {
                http: match endpoint.is_https() {
                    true => http,
                    false => tls::direct_client()?,
                },
                endpoint,
                tokens: TokenCache::new(credential, self.cloud.scope(), clock.clone()),
                clock,
                limits: self.limits,
                pace: self.is_paced.then(Pace::default),
                api_version: self.api_version,
            }),
        })
    }
}

#[cfg(feature = "identity")]
fn default_credential(cloud: &Cloud, http: &reqwest::Client) -> Result<Arc<dyn TokenCredential>> {
    Ok(Arc::new(crate::DefaultCredential::from_environment(
        cloud, http,
    )?))
}

#[cfg(not(feature = "identity"))]
fn default_credential(_: &Cloud, _: &reqwest::Client) -> Result<Arc<dyn TokenCredential>> {
    Err(crate::Error::invalid_input(
        "no credential",
        "give one to `with_credential`, or enable feature `identity`",
    ))
}

/// A call of `Compute_ListKeys` that is sent when awaited.
#[must_use = "nothing is sent until it is awaited"]
#[derive(Debug)]
pub struct ComputeListKeys<'a> {
    client: &'a Client,
    id: &'a ComputeId,
    api_version: Option<ApiVersion>,
}

impl ComputeListKeys<'_> {
    /// Uses this api-version for this call.
    pub fn with_api_version(mut self, api_version: ApiVersion) -> Self {
        self.api_version = Some(api_version);
        self
    }
}

impl<'a> IntoFuture for ComputeListKeys<'a> {
    type Output = Result<ComputeSecrets>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let shared = &self.client.shared;
        let call = Call::new(shared.clone(), &COMPUTE_LIST_KEYS);
        let version = self
            .api_version
            .or_else(|| shared.api_version.clone())
            .unwrap_or_else(ApiVersion::of_compute_list_keys);
        Box::pin(async move { versions::compute_list_keys(&call, self.id, &version).await })
    }
}

/// A call of `Workspaces_ListKeys` that is sent when awaited.
#[must_use = "nothing is sent until it is awaited"]
#[derive(Debug)]
pub struct WorkspacesListKeys<'a> {
    client: &'a Client,
    id: &'a WorkspaceId,
    api_version: Option<ApiVersion>,
}

impl WorkspacesListKeys<'_> {
    /// Uses this api-version for this call.
    pub fn with_api_version(mut self, api_version: ApiVersion) -> Self {
        self.api_version = Some(api_version);
        self
    }
}

impl<'a> IntoFuture for WorkspacesListKeys<'a> {
    type Output = Result<WorkspaceKeys>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let shared = &self.client.shared;
        let call = Call::new(shared.clone(), &WORKSPACES_LIST_KEYS);
        let version = self
            .api_version
            .or_else(|| shared.api_version.clone())
            .unwrap_or_else(ApiVersion::of_workspaces_list_keys);
        Box::pin(async move { versions::workspaces_list_keys(&call, self.id, &version).await })
    }
}
