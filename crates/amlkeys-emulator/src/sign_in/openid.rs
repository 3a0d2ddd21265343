//! What Entra says about itself: OpenID Connect discovery, and the instance discovery of MSAL.

use serde_json::json;

use super::SignIn;
use super::answer::Answer;
use super::endpoint::Version;
use super::entra::COMMON_TENANTS;

impl SignIn<'_> {
    pub(crate) fn openid_configuration(&self, tenant: &str, version: Version) -> Answer {
        let is_common = |common: &&str| tenant.eq_ignore_ascii_case(common);
        let is_common = COMMON_TENANTS.iter().any(is_common);
        if let Err(error) = self.check_tenant(tenant)
            && !is_common
        {
            return error.in_discovery().into_answer(None, self.trace);
        }
        let authority = format!("{}/{tenant}", self.base_url());
        let issuing_tenant = if is_common { "{tenantid}" } else { tenant };
        let (endpoints, keys, issuer) = match version {
            Version::V1 => (
                format!("{authority}/oauth2"),
                format!("{authority}/discovery/keys"),
                format!("https://sts.windows.net/{issuing_tenant}/"),
            ),
            Version::V2 => (
                format!("{authority}/oauth2/v2.0"),
                format!("{authority}/discovery/v2.0/keys"),
                format!("{}/{issuing_tenant}/v2.0", self.base_url()),
            ),
        };
        Answer::ok(json!({
            "issuer": issuer,
            "token_endpoint": format!("{endpoints}/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            // Required by OpenID and by MSAL; nobody signs in by hand here.
            "authorization_endpoint": format!("{endpoints}/authorize"),
            "jwks_uri": keys,
            "response_modes_supported": ["query", "fragment", "form_post"],
            "response_types_supported": ["code", "id_token", "code id_token", "token id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
            "tenant_region_scope": null,
            "cloud_instance_name": self.base_url().host,
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": "graph.microsoft.com",
        }))
    }

    pub(crate) fn instance(&self) -> Answer {
        let base_url = self.base_url();
        let asked = self.query("authorization_endpoint").unwrap_or_default();
        let path = asked
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'));
        let tenant = path.and_then(|(_, path)| path.split('/').next());
        let tenant = tenant
            .filter(|tenant| !tenant.is_empty())
            .unwrap_or("common");
        Answer::ok(json!({
            "tenant_discovery_endpoint":
                format!("{base_url}/{tenant}/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [{
                "preferred_network": base_url.host,
                "preferred_cache": base_url.host,
                "aliases": [base_url.host],
            }],
        }))
    }
}

/// None: tokens are signed with a key that stays in the emulator.
pub(crate) fn keys() -> Answer {
    Answer::ok(json!({"keys": []}))
}
