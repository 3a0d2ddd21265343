use std::str::FromStr;

use crate::error::{Error, Result, shortened};

/// An Azure cloud: where its Azure Resource Manager is, which audience a token
/// must be for, and who issues it.
///
/// ```
/// use amlkeys::Cloud;
///
/// let cloud: Cloud = "AzureUSGovernment".parse()?;
/// assert_eq!(cloud.endpoint(), "https://management.usgovcloudapi.net");
/// # Ok::<(), amlkeys::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    name: String,
    endpoint: String,
    audience: String,
    authority: Authority,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    Public,
    UsGovernment,
    China,
    Custom(String),
}

impl Cloud {
    /// The names of the built-in clouds, as `az cloud list` shows them.
    pub const NAMES: [&str; 3] = ["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"];

    /// The public cloud, `AzureCloud`.
    pub fn public() -> Self {
        let endpoint = "https://management.azure.com";
        Self::built_in(Self::NAMES[0], endpoint, Authority::Public)
    }

    /// The cloud of the US government, `AzureUSGovernment`.
    pub fn us_government() -> Self {
        let endpoint = "https://management.usgovcloudapi.net";
        Self::built_in(Self::NAMES[1], endpoint, Authority::UsGovernment)
    }

    /// The cloud that 21Vianet operates in China, `AzureChinaCloud`.
    pub fn china() -> Self {
        let endpoint = "https://management.chinacloudapi.cn";
        Self::built_in(Self::NAMES[2], endpoint, Authority::China)
    }

    /// Any other cloud, such as Azure Stack Hub: the URL of its Azure Resource
    /// Manager, the audience of its tokens (a URL, without `/.default`) and the
    /// URL of its authority.
    pub fn custom(
        endpoint: impl Into<String>,
        audience: impl Into<String>,
        authority: impl Into<String>,
    ) -> Self {
        Self {
            name: "custom".into(),
            endpoint: endpoint.into(),
            audience: audience.into(),
            authority: Authority::Custom(authority.into()),
        }
    }

    /// The name that az gives the cloud; `custom` for [`Cloud::custom`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the cloud's Azure Resource Manager.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The scope to ask a token for: the audience with `/.default`.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.audience.trim_end_matches('/'))
    }

    #[cfg_attr(not(feature = "identity"), allow(dead_code))]
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    fn built_in(name: &str, endpoint: &str, authority: Authority) -> Self {
        Self {
            name: name.into(),
            endpoint: endpoint.into(),
            audience: endpoint.into(),
            authority,
        }
    }
}

impl Default for Cloud {
    fn default() -> Self {
        Self::public()
    }
}

impl FromStr for Cloud {
    type Err = Error;

    /// Reads one of [`Cloud::NAMES`]; case does not matter.
    fn from_str(name: &str) -> Result<Self> {
        [Self::public(), Self::us_government(), Self::china()]
            .into_iter()
            .find(|cloud| cloud.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::invalid_input(
                    format!("unknown cloud `{}`", shortened(name)),
                    format!("the clouds are {}", Self::NAMES.join(", ")),
                )
            })
    }
}
