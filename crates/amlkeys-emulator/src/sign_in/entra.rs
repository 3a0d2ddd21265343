//! Entra's token endpoint, for the client-credentials grant.

use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use http::{Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::endpoint::Version;
use super::entra_error::EntraError;
use super::token::{Issued, Tokens};
use super::{SignIn, parameter};
use crate::authorization::is_arm;
use crate::base_url::BaseUrl;
use crate::state::Principal;

impl SignIn<'_> {
    pub(crate) fn entra_token(&self, tenant: &str, version: Version) -> Answer {
        let client = self.client();
        match self.client_credentials(tenant, version, &client) {
            Ok((client_id, body)) => Answer::issued(client_id, body),
            Err(error) => error.into_answer(client.id, self.trace),
        }
    }

    fn client_credentials(
        &self,
        tenant: &str,
        version: Version,
        client: &Client,
    ) -> Result<(&str, Value), EntraError> {
        if self.request.method != Method::POST {
            return Err(EntraError::only_accepts_post(self.request.method.as_str()));
        }
        let parameter = |name| {
            self.form(name)
                .ok_or_else(|| EntraError::missing_parameter(name))
        };
        let grant_type = parameter("grant_type")?;
        let missing_client = || EntraError::missing_parameter("client_id");
        let client_id = client.id.as_deref().ok_or_else(missing_client)?;
        self.check_tenant(tenant)?;
        if grant_type != "client_credentials" {
            return Err(EntraError::unsupported_grant_type(&grant_type));
        }
        let principal = self.application(client_id, tenant)?;
        let sent = client.secret.as_deref().ok_or_else(EntraError::no_secret)?;
        check_secret(principal, sent, self.tokens, self.now)?;
        match version {
            Version::V1 => {
                let resource = parameter("resource")?;
                check_resource(&resource, tenant, self.base_url())?;
                let issued = self.tokens.of_sign_in(principal, &resource, self.now);
                Ok((&principal.client_id, v1(&issued, &resource)))
            }
            Version::V2 => {
                let scope = self.form("scope").ok_or_else(EntraError::missing_scope)?;
                let resource = resource_of(&scope)?;
                check_resource(resource, tenant, self.base_url())?;
                let issued = self.tokens.of_sign_in(principal, resource, self.now);
                Ok((&principal.client_id, v2(&issued)))
            }
        }
    }

    /// Of the form, else of HTTP Basic.
    fn client(&self) -> Client {
        match self.form("client_id") {
            Some(id) => Client {
                id: Some(id),
                secret: self.form("client_secret"),
            },
            None => self.basic_client().unwrap_or_default(),
        }
    }

    /// RFC 6749, section 2.3.1: both halves are form-encoded before they are joined.
    fn basic_client(&self) -> Option<Client> {
        let sent = self.request.headers.get(header::AUTHORIZATION)?.as_bytes();
        let (scheme, encoded) = sent.split_at_checked(b"Basic ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Basic ") {
            return None;
        }
        let joined = BASE64.decode(encoded.trim_ascii()).ok()?;
        let colon = joined.iter().position(|byte| *byte == b':')?;
        let (id, secret) = joined.split_at(colon);
        let decode = |half: &[u8]| parameter(&[b"half=", half].concat(), "half");
        Some(Client {
            id: decode(id),
            secret: decode(&secret[1..]),
        })
    }

    pub(crate) fn check_tenant(&self, tenant: &str) -> Result<(), EntraError> {
        if self.knows_tenant(tenant) {
            return Ok(());
        }
        let is_common = |common: &&str| tenant.eq_ignore_ascii_case(common);
        Err(if COMMON_TENANTS.iter().any(is_common) {
            EntraError::no_tenant()
        } else if Uuid::try_parse(tenant).is_err() && !tenant.contains('.') {
            EntraError::tenant_is_no_name(tenant)
        } else {
            EntraError::tenant_not_found(tenant)
        })
    }

    fn application(&self, client_id: &str, tenant: &str) -> Result<&Principal, EntraError> {
        let is_meant = |principal: &&Principal| {
            principal.client_id.eq_ignore_ascii_case(client_id)
                && principal.tenant_id.eq_ignore_ascii_case(tenant)
        };
        let found = self.state.principals().iter().find(is_meant);
        found.ok_or_else(|| EntraError::application_not_found(client_id, tenant))
    }

    fn form(&self, name: &str) -> Option<String> {
        parameter(self.form, name)
    }
}

/// Tenants of nobody: they serve discovery, but no application signs in to them by itself.
pub(crate) const COMMON_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// Who asks. Has no `Debug`, so that the secret is not printed.
#[derive(Default)]
struct Client {
    id: Option<String>,
    secret: Option<String>,
}

fn check_secret(
    principal: &Principal,
    sent: &str,
    tokens: &Tokens,
    now: SystemTime,
) -> Result<(), EntraError> {
    if !tokens.same_secret(sent, &principal.client_secret) {
        return Err(EntraError::wrong_secret(&principal.client_id));
    }
    match principal.client_secret_expires {
        Some(expiry) if expiry <= now => Err(EntraError::expired_secret(&principal.client_id)),
        _ => Ok(()),
    }
}

fn resource_of(scope: &str) -> Result<&str, EntraError> {
    scope
        .strip_suffix("/.default")
        .filter(|resource| !resource.contains(' '))
        .ok_or_else(|| EntraError::scope_without_default(scope))
}

fn check_resource(resource: &str, tenant: &str, base_url: BaseUrl<'_>) -> Result<(), EntraError> {
    if exists(resource, base_url) {
        return Ok(());
    }
    Err(EntraError::resource_not_found(resource, tenant))
}

/// Whether the tenant has this resource: ARM, here and as it is called in Azure's clouds, and some
/// other services, whose tokens ARM refuses.
pub(crate) fn exists(resource: &str, base_url: BaseUrl<'_>) -> bool {
    const OTHERS: [&str; 9] = [
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net",
        "https://management.chinacloudapi.cn",
        "https://management.core.chinacloudapi.cn",
        "https://graph.microsoft.com",
        "https://graph.windows.net",
        "https://ml.azure.com",
        "https://storage.azure.com",
        "https://vault.azure.net",
    ];
    let name = resource.strip_suffix('/').unwrap_or(resource);
    is_arm(resource, base_url) || OTHERS.contains(&name)
}

fn v2(issued: &Issued) -> Value {
    json!({
        "token_type": "Bearer",
        "expires_in": issued.lifetime,
        "ext_expires_in": issued.lifetime,
        "access_token": issued.token,
    })
}

/// Numbers are strings in version 1.
fn v1(issued: &Issued, resource: &str) -> Value {
    json!({
        "token_type": "Bearer",
        "expires_in": issued.lifetime.to_string(),
        "ext_expires_in": issued.lifetime.to_string(),
        "expires_on": issued.expires.to_string(),
        "not_before": issued.not_before.to_string(),
        "resource": resource,
        "access_token": issued.token,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::sign_in::Trace;

    /// dotnet/sign#849, Budibase/budibase#15843 for the words.
    #[test]
    fn expired_secret_is_told_from_a_wrong_one() {
        let expiry = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        let principal = Principal {
            tenant_id: "tenant".into(),
            object_id: "object".into(),
            client_id: "client".into(),
            client_secret: "secret".into(),
            client_secret_expires: Some(expiry),
            tokens_valid_from: None,
            denied: Vec::new(),
        };
        let tokens = Tokens::new(Duration::ZERO);
        let check = |sent, now| check_secret(&principal, sent, &tokens, now);
        let answer = |error: EntraError| {
            let trace = Trace::new(&HeaderMap::new(), expiry);
            error.into_answer(None, &trace)
        };
        assert!(check("secret", expiry - Duration::from_secs(1)).is_ok());
        let wrong = answer(check("other", expiry).unwrap_err());
        assert_eq!(wrong.outcome, "AADSTS7000215");
        let expired = answer(check("secret", expiry).unwrap_err());
        assert_eq!(expired.status, StatusCode::UNAUTHORIZED);
        assert_eq!(expired.body["error"], "invalid_client");
        let description = expired.body["error_description"].as_str().unwrap();
        assert!(description.starts_with(
            "AADSTS7000222: The provided client secret keys for app 'client' are expired. Visit \
             the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or \
             consider using certificate credentials for added security: \
             https://aka.ms/certCreds.\r\nTrace ID: "
        ));
        assert_eq!(expired.body["timestamp"], "1970-01-01 00:00:10Z");
    }
}
