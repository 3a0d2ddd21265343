/// Someone who can sign in: a service principal of one tenant.
pub(crate) struct Principal {
    pub(crate) tenant_id: String,
    pub(crate) object_id: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
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
