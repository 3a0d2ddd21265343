//! Azure RBAC, as far as the two operations meet it.

use http::StatusCode;

use super::reply::Reply;
use super::resource_path::KeysOf;
use crate::state::{Denied, Principal, compare};

/// Whether the principal may list these keys. ARM asks before it looks whether they exist, so
/// that the answer does not tell.
pub(crate) fn check(principal: &Principal, keys_of: &KeysOf<'_>) -> Result<(), Reply> {
    if principal.denied.is_empty() {
        return Ok(());
    }
    let resource_id = keys_of.resource_id();
    let action = keys_of.action();
    let denies = |denied: &Denied| denied.covers(&resource_id, action);
    if principal.denied.iter().any(denies) {
        return Err(authorization_failed(principal, &resource_id, action));
    }
    Ok(())
}

impl Denied {
    fn covers(&self, resource_id: &str, action: &str) -> bool {
        let same_action = |denied: &String| denied.eq_ignore_ascii_case(action);
        self.action.as_ref().is_none_or(same_action) && is_within(resource_id, &self.scope)
    }
}

/// Whether the scope is the resource or something that it is in.
fn is_within(resource_id: &str, scope: &str) -> bool {
    let scope = scope.trim_end_matches('/');
    let Some((start, rest)) = resource_id.split_at_checked(scope.len()) else {
        return false;
    };
    (rest.is_empty() || rest.starts_with('/')) && compare(start, scope).is_eq()
}

fn authorization_failed(principal: &Principal, resource_id: &str, action: &str) -> Reply {
    Reply::error(
        StatusCode::FORBIDDEN,
        "AuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' does not have authorization to perform action \
             '{action}' over scope '{resource_id}' or the scope is invalid. If access was \
             recently granted, please refresh your credentials.",
            principal.client_id, principal.object_id,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPUTE: KeysOf<'static> = KeysOf {
        subscription_id: "s",
        resource_group: "g",
        workspace: "w",
        compute: Some("c"),
    };

    fn denied(scope: &str, action: Option<&str>) -> Principal {
        Principal {
            denied: vec![Denied {
                scope: scope.to_owned(),
                action: action.map(str::to_owned),
            }],
            ..principal()
        }
    }

    fn principal() -> Principal {
        Principal {
            tenant_id: "tenant".into(),
            object_id: "object".into(),
            client_id: "client".into(),
            client_secret: "secret".into(),
            client_secret_expires: None,
            tokens_valid_from: None,
            denied: Vec::new(),
        }
    }

    /// machine-learning-apps/ml-template-azure#17, microsoft/microsoft-foundry-for-vscode#169.
    #[test]
    fn denied_principal_is_told_action_and_scope() {
        let refusal = check(&denied("/subscriptions/s", None), &COMPUTE).unwrap_err();
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            refusal.text(),
            r#"{"error":{"code":"AuthorizationFailed","message":"The client 'client' with object id 'object' does not have authorization to perform action 'Microsoft.MachineLearningServices/workspaces/computes/listKeys/action' over scope '/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c' or the scope is invalid. If access was recently granted, please refresh your credentials."}}"#
        );
        assert!(check(&principal(), &COMPUTE).is_ok());
    }

    #[test]
    fn only_the_denied_action_is_denied() {
        let workspace = KeysOf {
            compute: None,
            ..COMPUTE
        };
        let action = "microsoft.machinelearningservices/workspaces/LISTKEYS/action";
        let principal = denied("/", Some(action));
        assert!(check(&principal, &workspace).is_err());
        assert!(check(&principal, &COMPUTE).is_ok());
    }

    #[test]
    fn scope_ends_where_a_segment_ends() {
        let resource_id = "/subscriptions/s/resourceGroups/g/providers/N/workspaces/w";
        for scope in [
            "/",
            "/subscriptions/s",
            "/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/",
            resource_id,
        ] {
            assert!(is_within(resource_id, scope), "{scope}");
        }
        for scope in [
            "/subscriptions/s/resourceGroups/g/providers/N/workspaces/w/computes/c",
            "/subscriptions/s/resourceGroups/g2",
            "/subscriptions/s/resourceGroup",
            "/subscriptions/é",
            "subscriptions/s",
        ] {
            assert!(!is_within(resource_id, scope), "{scope}");
        }
    }
}
