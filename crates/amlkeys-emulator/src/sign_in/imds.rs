//! The token endpoint of the Azure Instance Metadata Service, as a virtual machine sees it.

use http::StatusCode;
use serde_json::json;

use super::SignIn;
use super::answer::Answer;
use super::entra::exists;
use super::entra_error::EntraError;
use crate::state::Principal;

impl SignIn<'_> {
    pub(crate) fn machine_token(&self) -> Answer {
        match self.machine_identity() {
            Ok((identity, resource)) => self.token_of(identity, &resource),
            Err(refusal) => *refusal,
        }
    }

    fn machine_identity(&self) -> Result<(&Principal, String), Box<Answer>> {
        let metadata = self.request.headers.get("metadata");
        if metadata.is_none_or(|value| value != "true") {
            let description = "Required metadata header not specified";
            return Err(refusal("bad_request_102", description).into());
        }
        let required = |name| {
            let description = format!("Required query parameter '{name}' not specified");
            let missing = || Box::new(refusal("invalid_request", &description));
            self.query(name).ok_or_else(missing)
        };
        required("api-version")?;
        let resource = required("resource")?;
        let not_found = || Box::new(refusal("invalid_request", "Identity not found"));
        let identity = self.identity().ok_or_else(not_found)?;
        if !exists(&resource, self.base_url()) {
            let error = EntraError::resource_not_found(&resource, &identity.tenant_id);
            let refusal = error.into_answer(Some(identity.client_id.clone()), self.trace);
            return Err(refusal.into());
        }
        Ok((identity, resource))
    }

    /// The first principal is the machine's own identity, the others are assigned to it. None of
    /// them is a resource, so no resource ID names one.
    fn identity(&self) -> Option<&Principal> {
        let principals = self.state.principals();
        if let Some(client_id) = self.query("client_id") {
            let is_meant = |it: &&Principal| it.client_id.eq_ignore_ascii_case(&client_id);
            return principals.iter().find(is_meant);
        }
        if let Some(object_id) = self
            .query("object_id")
            .or_else(|| self.query("principal_id"))
        {
            let is_meant = |it: &&Principal| it.object_id.eq_ignore_ascii_case(&object_id);
            return principals.iter().find(is_meant);
        }
        let is_by_resource_id = ["msi_res_id", "mi_res_id"]
            .iter()
            .any(|name| self.query(name).is_some());
        principals.first().filter(|_| !is_by_resource_id)
    }

    fn token_of(&self, identity: &Principal, resource: &str) -> Answer {
        let issued = self.tokens.of_sign_in(identity, resource, self.now);
        let body = json!({
            "access_token": issued.token,
            "client_id": identity.client_id,
            "expires_in": issued.lifetime.to_string(),
            "expires_on": issued.expires.to_string(),
            "ext_expires_in": issued.lifetime.to_string(),
            "not_before": issued.not_before.to_string(),
            "resource": resource,
            "token_type": "Bearer",
        });
        Answer::issued(&identity.client_id, body)
    }
}

fn refusal(error: &'static str, description: &str) -> Answer {
    Answer {
        status: StatusCode::BAD_REQUEST,
        body: json!({"error": error, "error_description": description}),
        outcome: error.into(),
        client_id: None,
    }
}
