//! What the clones of a client and its calls have in common.

use std::sync::Arc;

use crate::api_version::ApiVersion;
use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::pace::Pace;
use crate::retry::Limits;
use crate::token::TokenCache;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: reqwest::Client,
    pub(crate) tokens: TokenCache,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) pace: Option<Pace>,
    /// For both operations, in place of each one's documented version.
    pub(crate) api_version: Option<ApiVersion>,
}
