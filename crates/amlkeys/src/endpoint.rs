use std::net::IpAddr;

use reqwest::Url;

use crate::error::{Error, Result, shortened};

/// Where requests go, checked: nothing else is ever sent a token.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Without a slash at the end.
    text: String,
    is_https: bool,
}

impl Endpoint {
    /// Takes https URLs, and http ones of this machine if that is allowed.
    pub(crate) fn parse(text: &str, is_insecure_loopback: bool) -> Result<Self> {
        let refused = |why: &str| {
            // A password or a signature may follow these.
            let shown = match text.contains(['@', '?', '#']) {
                true => "what was given".into(),
                false => format!("`{}`", shortened(text)),
            };
            Error::invalid_input(format!("{shown} cannot be the endpoint"), why)
        };
        let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        let is_https = url.scheme() == "https";
        let is_allowed = is_https || is_insecure_loopback && is_plain_loopback(&url);
        if !is_allowed {
            return Err(refused(match is_insecure_loopback {
                false => "it must begin with https://, tokens are not sent over anything else",
                true => "it must begin with https://, or with http:// and a loopback address",
            }));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it must not have a query or fragment"));
        }
        Ok(Self {
            text: url.as_str().trim_end_matches('/').to_owned(),
            is_https,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether a request to this URL may carry a token.
    pub(crate) fn may_reach(&self, url: &Url) -> bool {
        url.scheme() == "https" || !self.is_https && is_plain_loopback(url)
    }
}

fn is_plain_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address.parse().is_ok_and(|it: IpAddr| it.is_loopback());
    url.scheme() == "http" && (host == "localhost" || is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_and_nothing_but_an_address() {
        for good in [
            "https://management.azure.com",
            "https://localhost:8443/",
            "https://proxy/arm/",
        ] {
            let endpoint = Endpoint::parse(good, false).unwrap();
            assert!(!endpoint.as_str().ends_with('/'), "{good}");
        }
        for bad in [
            "",
            "management.azure.com",
            "http://localhost",
            "ftp://a",
            "https://user:secret@a",
            "https://user:secret@",
            "http://user:sec@secret@a",
            "https://a/?x=secret",
            "https://a b/?x=secret",
            "https://a/#secret",
        ] {
            let refused = Endpoint::parse(bad, false).unwrap_err();
            assert!(refused.is_invalid_input(), "{bad}");
            assert!(
                !format!("{refused} {refused:?}").contains("secret"),
                "{bad}"
            );
        }
    }

    #[test]
    fn http_reaches_loopback_only_and_only_if_it_is_allowed() {
        for loopback in [
            "http://localhost:8080",
            "http://LOCALHOST",
            "http://127.0.0.1:1",
            "http://127.8.8.8",
            "http://[::1]:8080/arm/",
        ] {
            let endpoint = Endpoint::parse(loopback, true).unwrap();
            assert!(!endpoint.is_https(), "{loopback}");
            assert!(Endpoint::parse(loopback, false).is_err(), "{loopback}");
        }
        for elsewhere in [
            "http://management.azure.com",
            "http://localhost.example.com",
            "http://sub.localhost",
            "http://localhost.",
            "http://127.0.0.1.example.com",
            "http://128.0.0.1",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://[::]",
            "http://[::ffff:127.0.0.1]",
            "http://user@127.0.0.1",
            "ws://127.0.0.1",
        ] {
            assert!(Endpoint::parse(elsewhere, true).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn a_token_reaches_no_url_that_the_endpoint_could_not_be() {
        let url = |text: &str| Url::parse(text).unwrap();
        let plain = Endpoint::parse("http://127.0.0.1", true).unwrap();
        let tls = Endpoint::parse("https://127.0.0.1", true).unwrap();
        assert!(plain.may_reach(&url("http://127.0.0.1/x")));
        assert!(!plain.may_reach(&url("http://10.0.0.1/x")));
        assert!(!tls.may_reach(&url("http://127.0.0.1/x")));
    }
}
