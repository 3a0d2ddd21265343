//! Entra's refusals, in its words. Where each is taken from stands at the test that reads it.

use http::StatusCode;
use serde_json::json;

use super::answer::{Answer, Trace};

pub(crate) struct EntraError {
    status: StatusCode,
    error: &'static str,
    code: u32,
    description: String,
}

impl EntraError {
    pub(crate) fn into_answer(self, client_id: Option<String>, trace: &Trace) -> Answer {
        let Self { code, .. } = self;
        let outcome = format!("AADSTS{code}");
        let (trace_id, correlation_id) = (trace.trace_id, trace.correlation_id);
        let timestamp = trace.timestamp();
        let description = format!(
            "{outcome}: {}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\n\
             Timestamp: {timestamp}",
            self.description
        );
        Answer {
            status: self.status,
            body: json!({
                "error": self.error,
                "error_description": description,
                "error_codes": [code],
                "timestamp": timestamp,
                "trace_id": trace_id.to_string(),
                "correlation_id": correlation_id.to_string(),
                "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
            }),
            outcome: outcome.into(),
            client_id,
        }
    }

    pub(crate) fn only_accepts_post(method: &str) -> Self {
        let description =
            format!("The endpoint only accepts POST requests. Received a {method} request.");
        Self::invalid_request(900_561, description)
    }

    pub(crate) fn missing_parameter(name: &str) -> Self {
        let description =
            format!("The request body must contain the following parameter: '{name}'.");
        Self::invalid_request(900_144, description)
    }

    pub(crate) fn missing_scope() -> Self {
        let description = "The required field 'scope' is missing from the credential. Ensure that \
                           you have all the necessary parameters for the login request.";
        Self::invalid_request(90_014, description.into())
    }

    pub(crate) fn no_tenant() -> Self {
        let description = "No tenant-identifying information found in either the request or \
                           implied by any provided credentials.";
        Self::invalid_request(50_059, description.into())
    }

    pub(crate) fn tenant_is_no_name(tenant: &str) -> Self {
        let description = format!(
            "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid \
             external domain."
        );
        Self::invalid_request(900_023, description)
    }

    pub(crate) fn tenant_not_found(tenant: &str) -> Self {
        let description = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and \
             are signing into the correct cloud. Check with your subscription administrator, this \
             may happen if there are no active subscriptions for the tenant."
        );
        Self::invalid_request(90_002, description)
    }

    /// The same as discovery says it.
    pub(crate) fn in_discovery(self) -> Self {
        Self {
            error: "invalid_tenant",
            ..self
        }
    }

    pub(crate) fn unsupported_grant_type(grant_type: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "unsupported_grant_type",
            code: 70_003,
            description: format!("The app requested an unsupported grant type '{grant_type}'."),
        }
    }

    pub(crate) fn application_not_found(client_id: &str, tenant: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "unauthorized_client",
            code: 700_016,
            description: format!(
                "Application with identifier '{client_id}' was not found in the directory \
                 '{tenant}'. This can happen if the application has not been installed by the \
                 administrator of the tenant or consented to by any user in the tenant. You may \
                 have sent your authentication request to the wrong tenant."
            ),
        }
    }

    pub(crate) fn no_secret() -> Self {
        let description = "'client_assertion', 'client_secret' or 'request' is required for the \
                           'client_credentials' grant type.";
        Self::invalid_client(7_000_216, description.into())
    }

    pub(crate) fn wrong_secret(client_id: &str) -> Self {
        let description = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the \
             client secret value, not the client secret ID, for a secret added to app \
             '{client_id}'."
        );
        Self::invalid_client(7_000_215, description)
    }

    pub(crate) fn expired_secret(client_id: &str) -> Self {
        let description = format!(
            "The provided client secret keys for app '{client_id}' are expired. Visit the Azure \
             portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider \
             using certificate credentials for added security: https://aka.ms/certCreds."
        );
        Self::invalid_client(7_000_222, description)
    }

    pub(crate) fn scope_without_default(scope: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_scope",
            code: 1_002_012,
            description: format!(
                "The provided value for scope {scope} is not valid. Client credential flows must \
                 have a scope value with /.default suffixed to the resource identifier \
                 (application ID URI)."
            ),
        }
    }

    pub(crate) fn resource_not_found(resource: &str, tenant: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_resource",
            code: 500_011,
            description: format!(
                "The resource principal named {resource} was not found in the tenant named \
                 {tenant}. This can happen if the application has not been installed by the \
                 administrator of the tenant or consented to by any user in the tenant. You might \
                 have sent your authentication request to the wrong tenant."
            ),
        }
    }

    fn invalid_request(code: u32, description: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_request",
            code,
            description,
        }
    }

    fn invalid_client(code: u32, description: String) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            code,
            description,
        }
    }
}
