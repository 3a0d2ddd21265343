use std::time::Duration;

/// What a token of [`Arm::token_for`](crate::Arm::token_for) says: one that ARM accepts, or one
/// that it must refuse.
///
/// ```
/// use std::time::Duration;
///
/// use amlkeys_emulator::{Arm, TokenRequest};
///
/// let arm = Arm::documented();
/// let of_another_service = TokenRequest::default().with_audience("https://vault.azure.net");
/// let expired = TokenRequest::default().with_lifetime(Duration::ZERO);
/// assert!(arm.token_for(of_another_service).is_some());
/// assert!(arm.token_for(expired).is_some());
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub(crate) audience: String,
    pub(crate) lifetime: Duration,
    pub(crate) client_id: Option<String>,
}

impl TokenRequest {
    /// Who the token is for, in place of ARM.
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// How long it lasts from now on, in place of 24 hours, in whole seconds.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The application that it is issued to, in place of the state's first principal.
    pub fn with_client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }
}

/// A token that ARM accepts for 24 hours, of the state's first principal.
impl Default for TokenRequest {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            audience: "https://management.azure.com/".into(),
            lifetime: DAY,
            client_id: None,
        }
    }
}
