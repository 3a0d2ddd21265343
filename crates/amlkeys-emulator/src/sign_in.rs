//! Where a client of ARM signs in: what login.microsoftonline.com (Entra) and 169.254.169.254
//! (the Azure Instance Metadata Service, IMDS) answer, on ARM's port.

mod answer;
mod endpoint;
mod entra;
mod entra_error;
mod imds;
mod openid;
mod token;
mod token_request;

use std::time::SystemTime;

use http::request::Parts;

use crate::base_url::BaseUrl;
use crate::state::{Principal, State};

pub(crate) use answer::{Answer, Trace};
pub(crate) use endpoint::Endpoint;
pub(crate) use token::{Tokens, unix_seconds};
pub use token_request::TokenRequest;

/// One request to sign in, and what it is answered from.
pub(crate) struct SignIn<'a> {
    pub(crate) request: &'a Parts,
    pub(crate) form: &'a [u8],
    pub(crate) state: &'a State,
    pub(crate) tokens: &'a Tokens,
    pub(crate) now: SystemTime,
    pub(crate) trace: &'a Trace,
}

impl SignIn<'_> {
    pub(crate) fn answer(&self, endpoint: &Endpoint<'_>) -> Answer {
        match *endpoint {
            Endpoint::Token { tenant, version } => self.entra_token(tenant, version),
            Endpoint::OpenIdConfiguration { tenant, version } => {
                self.openid_configuration(tenant, version)
            }
            Endpoint::Keys => openid::keys(),
            Endpoint::Instance => self.instance(),
            Endpoint::MachineToken => self.machine_token(),
        }
    }

    fn base_url(&self) -> BaseUrl<'_> {
        BaseUrl::of(self.request)
    }

    fn query(&self, name: &str) -> Option<String> {
        parameter(self.request.uri.query()?.as_bytes(), name)
    }

    fn knows_tenant(&self, tenant: &str) -> bool {
        let is_in = |principal: &Principal| principal.tenant_id.eq_ignore_ascii_case(tenant);
        self.state.principals().iter().any(is_in)
    }
}

/// The first value of a form or query by this name that is not empty.
fn parameter(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form)
        .find(|(parameter, _)| parameter == name)
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.is_empty())
}
