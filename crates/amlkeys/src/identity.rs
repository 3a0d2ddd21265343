use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{
    AccessToken, Secret as AzureSecret, TokenCredential, TokenRequestOptions,
};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    AzureCliCredential, AzureDeveloperCliCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use tokio::sync::OnceCell;

use crate::cloud::{Authority, Cloud};
use crate::error::{Error, Result, shortened};

/// Where the metadata service of a virtual machine answers.
const METADATA_SERVICE: &str = "169.254.169.254:80";

/// Signs in the way the Azure SDKs of other languages do: with the first of
/// these that is set up.
///
/// | link | set up by |
/// |---|---|
/// | `EnvironmentCredential` | `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` |
/// | `WorkloadIdentityCredential` | `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE` |
/// | `ManagedIdentityCredential` | running in Azure; `AZURE_CLIENT_ID` chooses a user-assigned identity |
/// | `AzureCliCredential` | `az login` |
/// | `AzureDeveloperCliCredential` | `azd auth login` |
///
/// `AZURE_TOKEN_CREDENTIALS` narrows the choice to `prod` (the first three),
/// `dev` (the last two) or a single link by its name. Each link is built when
/// its turn comes; the one that answers first is kept. A link of the
/// environment that is set up but refused ends the search: a wrong secret is to
/// be seen, not covered up by someone else's sign-in.
pub struct DefaultCredential {
    links: Vec<Link>,
    options: ClientOptions,
    answered: OnceCell<Arc<dyn TokenCredential>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
    AzureDeveloperCli,
}

impl DefaultCredential {
    /// Signs in to a cloud; a [`Client`](crate::Client) without a credential does the same.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `AZURE_TOKEN_CREDENTIALS` names no
    /// link.
    pub fn new(cloud: &Cloud) -> Result<Self> {
        Self::from_environment(cloud, &crate::tls::http_client(&[])?)
    }

    /// Reads `AZURE_TOKEN_CREDENTIALS`; everything else is read when a token is
    /// needed.
    pub(crate) fn from_environment(cloud: &Cloud, http: &reqwest::Client) -> Result<Self> {
        let choice = env::var("AZURE_TOKEN_CREDENTIALS").unwrap_or_default();
        Ok(Self {
            links: Link::chosen(&choice)?,
            options: ClientOptions {
                transport: Some(Transport::new(Arc::new(http.clone()))),
                cloud: configuration(cloud).map(Arc::new),
                ..ClientOptions::default()
            },
            answered: OnceCell::new(),
        })
    }

    /// Asks each link in turn.
    async fn search(
        &self,
        scopes: &[&str],
        options: &Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<(Arc<dyn TokenCredential>, AccessToken)> {
        let mut reasons = Vec::new();
        for link in &self.links {
            let credential = match link.credential(&self.options).await {
                Ok(credential) => credential,
                Err(reason) => {
                    reasons.push(format!("{}: {reason}", link.name()));
                    continue;
                }
            };
            match credential.get_token(scopes, options.clone()).await {
                Ok(token) => {
                    tracing::info!(credential = link.name(), "signed in");
                    return Ok((credential, token));
                }
                Err(error) if link.ends_the_search() => return Err(error),
                // azure_identity's message begins with the credential's name.
                Err(error) => reasons.push(first_line(&error)),
            }
        }
        Err(azure_core::Error::with_message(
            ErrorKind::Credential,
            format!("nobody is signed in; {}", reasons.join("; ")),
        ))
    }
}

#[async_trait::async_trait]
impl TokenCredential for DefaultCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(credential) = self.answered.get() {
            return credential.get_token(scopes, options).await;
        }
        let (credential, token) = self.search(scopes, &options).await?;
        // Two first calls at once may both search; either answer will do.
        let _ = self.answered.set(credential);
        Ok(token)
    }
}

impl fmt::Debug for DefaultCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultCredential")
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}

impl Link {
    const ALL: [Self; 5] = [
        Self::Environment,
        Self::WorkloadIdentity,
        Self::ManagedIdentity,
        Self::AzureCli,
        Self::AzureDeveloperCli,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Environment => "EnvironmentCredential",
            Self::WorkloadIdentity => "WorkloadIdentityCredential",
            Self::ManagedIdentity => "ManagedIdentityCredential",
            Self::AzureCli => "AzureCliCredential",
            Self::AzureDeveloperCli => "AzureDeveloperCliCredential",
        }
    }

    /// The links that a value of `AZURE_TOKEN_CREDENTIALS` leaves.
    fn chosen(choice: &str) -> Result<Vec<Self>> {
        let choice = choice.trim();
        let is_for_development =
            |link: &Self| matches!(link, Self::AzureCli | Self::AzureDeveloperCli);
        let links: Vec<Self> = match choice.to_ascii_lowercase().as_str() {
            "" => Self::ALL.to_vec(),
            "dev" => Self::ALL.into_iter().filter(is_for_development).collect(),
            "prod" => Self::ALL
                .into_iter()
                .filter(|link| !is_for_development(link))
                .collect(),
            name => Self::ALL
                .into_iter()
                .filter(|link| link.name().eq_ignore_ascii_case(name))
                .collect(),
        };
        if links.is_empty() {
            return Err(Error::invalid_input(
                format!("AZURE_TOKEN_CREDENTIALS is `{}`", shortened(choice)),
                format!(
                    "expected dev, prod or one of {}",
                    Self::ALL.map(Self::name).join(", ")
                ),
            ));
        }
        Ok(links)
    }

    fn ends_the_search(self) -> bool {
        matches!(self, Self::Environment | Self::WorkloadIdentity)
    }

    /// Builds the credential, or says why it is not set up.
    async fn credential(
        self,
        options: &ClientOptions,
    ) -> std::result::Result<Arc<dyn TokenCredential>, String> {
        let options = options.clone();
        let built: azure_core::Result<Arc<dyn TokenCredential>> = match self {
            Self::Environment => {
                let tenant_id = variable("AZURE_TENANT_ID")?;
                let client_id = variable("AZURE_CLIENT_ID")?;
                let secret = AzureSecret::new(variable("AZURE_CLIENT_SECRET")?);
                let options = ClientSecretCredentialOptions {
                    client_options: options,
                };
                ClientSecretCredential::new(&tenant_id, client_id, secret, Some(options))
                    .map(|credential| credential as _)
            }
            Self::WorkloadIdentity => {
                let credential_options = ClientAssertionCredentialOptions {
                    client_options: options,
                };
                let options = WorkloadIdentityCredentialOptions {
                    tenant_id: Some(variable("AZURE_TENANT_ID")?),
                    client_id: Some(variable("AZURE_CLIENT_ID")?),
                    token_file_path: Some(variable("AZURE_FEDERATED_TOKEN_FILE")?.into()),
                    credential_options,
                };
                WorkloadIdentityCredential::new(Some(options)).map(|credential| credential as _)
            }
            Self::ManagedIdentity => {
                if env::var_os("IDENTITY_ENDPOINT").is_none() && !metadata_service_answers().await {
                    return Err("no managed identity here".into());
                }
                // Its token comes in clear, from this machine or the host below it.
                let http = crate::tls::direct_client().map_err(|error| error.to_string())?;
                let options = ClientOptions {
                    transport: Some(Transport::new(Arc::new(http))),
                    ..options
                };
                let options = ManagedIdentityCredentialOptions {
                    user_assigned_id: variable("AZURE_CLIENT_ID")
                        .ok()
                        .map(UserAssignedId::ClientId),
                    client_options: options,
                };
                ManagedIdentityCredential::new(Some(options)).map(|credential| credential as _)
            }
            Self::AzureCli => AzureCliCredential::new(None).map(|credential| credential as _),
            Self::AzureDeveloperCli => {
                AzureDeveloperCliCredential::new(None).map(|credential| credential as _)
            }
        };
        built.map_err(|error| first_line(&error))
    }
}

/// Outside Azure nothing listens there and a connection would hang, so this
/// asks for one second at most.
async fn metadata_service_answers() -> bool {
    let connect = tokio::net::TcpStream::connect(METADATA_SERVICE);
    let connected = tokio::time::timeout(Duration::from_secs(1), connect).await;
    matches!(connected, Ok(Ok(_)))
}

fn variable(name: &str) -> std::result::Result<String, String> {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| format!("{name} is not set"))
}

/// `None` for the public cloud: azure_identity then honours
/// `AZURE_AUTHORITY_HOST`.
fn configuration(cloud: &Cloud) -> Option<CloudConfiguration> {
    match cloud.authority() {
        Authority::Public => None,
        Authority::UsGovernment => Some(CloudConfiguration::AzureGovernment),
        Authority::China => Some(CloudConfiguration::AzureChina),
        Authority::Custom(authority) => {
            let mut custom = CustomConfiguration::default();
            custom.authority_host = authority.clone();
            Some(custom.into())
        }
    }
}

fn first_line(error: &azure_core::Error) -> String {
    let text = error.to_string();
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_narrows_the_links() {
        assert_eq!(Link::chosen("").unwrap(), Link::ALL);
        assert_eq!(Link::chosen("dev").unwrap(), Link::ALL[3..]);
        assert_eq!(Link::chosen(" PROD ").unwrap(), Link::ALL[..3]);
        assert_eq!(
            Link::chosen("azureclicredential").unwrap(),
            [Link::AzureCli]
        );
        assert!(Link::chosen("VisualStudio").unwrap_err().is_invalid_input());
    }
}
