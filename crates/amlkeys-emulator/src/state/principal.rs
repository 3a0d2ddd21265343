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

/// A missing role assignment.
pub(crate) struct Denied {
    /// A resource ID, and all that is under it.
    pub(crate) scope: String,
    /// An operation of Azure RBAC such as
    /// `Microsoft.MachineLearningServices/workspaces/listKeys/action`; every one if absent.
    pub(crate) action: Option<String>,
}
