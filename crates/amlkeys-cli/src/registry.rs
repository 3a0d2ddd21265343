//! The container registry of a workspace: its host and how to sign in to it.

use amlkeys::{Cloud, Secret, WorkspaceKeys};

use crate::failure::Failure;

/// What docker needs.
pub(crate) struct RegistryCredentials {
    pub(crate) username: String,
    pub(crate) password: Secret,
}

impl RegistryCredentials {
    /// The first password that there is; either opens the registry.
    pub(crate) fn of(keys: &WorkspaceKeys, workspace: &str) -> Result<Self, Failure> {
        let credentials = keys.container_registry_credentials();
        let found = credentials.and_then(|it| {
            let password = it.passwords().iter().find_map(|it| it.value())?;
            Some(Self {
                username: it.username()?.to_owned(),
                password: password.clone(),
            })
        });
        found.ok_or_else(|| {
            Failure::missing(
                format!("workspace `{workspace}` has no registry credentials"),
                "it may have no registry yet, or the registry's admin user may be off",
            )
        })
    }

    /// The host that Azure gives to the registry: the admin user of a registry
    /// is named like the registry itself. `None` if the name could be part of
    /// another host.
    pub(crate) fn login_server(&self, cloud: &Cloud) -> Option<String> {
        let name = &self.username;
        let is_registry = !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric());
        is_registry.then(|| format!("{}{}", name.to_ascii_lowercase(), suffix(cloud)))
    }
}

/// Whether a host can be a registry of Azure.
pub(crate) fn is_in_azure(host: &str) -> bool {
    SUFFIXES.iter().any(|(_, suffix)| host.ends_with(suffix))
}

fn suffix(cloud: &Cloud) -> &'static str {
    let found = SUFFIXES.iter().find(|(name, _)| *name == cloud.name());
    found.map_or(SUFFIXES[0].1, |(_, suffix)| suffix)
}

/// `acr_login_server_endpoint` of az's clouds.
const SUFFIXES: [(&str, &str); 3] = [
    ("AzureCloud", ".azurecr.io"),
    ("AzureUSGovernment", ".azurecr.us"),
    ("AzureChinaCloud", ".azurecr.cn"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn named(username: &str) -> RegistryCredentials {
        RegistryCredentials {
            username: username.into(),
            password: Secret::new("invented-password"),
        }
    }

    #[test]
    fn each_cloud_has_a_suffix() {
        for (name, suffix) in SUFFIXES {
            let server = named("Mine1").login_server(&name.parse().unwrap()).unwrap();
            assert_eq!(server, format!("mine1{suffix}"));
            assert!(is_in_azure(&server));
        }
        assert!(!is_in_azure("docker.io") && !is_in_azure("azurecr.io.evil.example"));
    }

    #[test]
    fn a_name_that_is_no_registry_names_no_host() {
        for name in ["", "evil.example/", "a-b", "a b", "a@b"] {
            assert_eq!(named(name).login_server(&Cloud::public()), None, "{name}");
        }
    }
}
