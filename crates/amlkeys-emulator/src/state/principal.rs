use std::time::SystemTime;

/// Someone who can sign in: a service principal of one tenant.
pub(crate) struct Principal {
    pub(crate) tenant_id: String,
    pub(crate) object_id: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// From when on the secret is refused.
    pub(crate) client_secret_expires: Option<SystemTime>,
    /// Tokens issued before are answered with a claims challenge.
    pub(crate) tokens_valid_from: Option<SystemTime>,
    /// What this principal may not do.
    pub(crate) denied: Vec<Denied>,
}

impl Principal {
    /// Who is there if a state names nobody.
    pub(crate) fn invented() -> Self {
        Self {
            tenant_id: "99999999-aaaa-4bbb-8ccc-dddddddddddd".into(),
            object_id: "99999999-aaaa-4bbb-8ccc-000000000001".into(),
            client_id: "99999999-aaaa-4bbb-8ccc-000000000002".into(),
            client_secret: "invented-client-secret".into(),
            client_secret_expires: None,
            tokens_valid_from: None,
            denied: Vec::new(),
        }
    }
}

/// A missing role assignment.
pub(crate) struct Denied {
    /// A resource ID, and all that is under it.
    pub(crate) scope: String,
    /// An operation of Azure RBAC such as
    /// `Microsoft.MachineLearningServices/workspaces/listKeys/action`; every one if absent.
    pub(crate) action: Option<String>,
}
