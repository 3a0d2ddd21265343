use std::fmt;

use http::header;
use http::request::Parts;

use crate::connection::Scheme;

/// Where the client found the emulator, without a slash at the end. Answers that name their own
/// address name this one, so that it holds behind a port mapping or a name of the client's own.
#[derive(Clone, Copy)]
pub(crate) struct BaseUrl<'a> {
    scheme: Scheme,
    pub(crate) host: &'a str,
}

impl<'a> BaseUrl<'a> {
    pub(crate) fn of(request: &'a Parts) -> Self {
        let named = request.headers.get(header::HOST);
        let named = named.and_then(|host| host.to_str().ok());
        let authority = || Some(request.uri.authority()?.as_str());
        Self {
            scheme: request.extensions.get().copied().unwrap_or_default(),
            host: named.or_else(authority).unwrap_or("localhost"),
        }
    }

    /// Whether `url` is this address, with or without a slash at the end.
    pub(crate) fn is(&self, url: &str) -> bool {
        let Some((scheme, host)) = url.split_once("://") else {
            return false;
        };
        let host = host.strip_suffix('/').unwrap_or(host);
        scheme.eq_ignore_ascii_case(self.scheme.as_str()) && host.eq_ignore_ascii_case(self.host)
    }
}

impl fmt::Display for BaseUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn address_is_the_one_that_the_client_used() {
        let request = Request::get("/").header("host", "arm.test:8443");
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(BaseUrl::of(&head).to_string(), "https://arm.test:8443");
        head.extensions.insert(Scheme::Http);
        let base_url = BaseUrl::of(&head);
        assert_eq!(base_url.to_string(), "http://arm.test:8443");

        assert!(base_url.is("http://ARM.test:8443"));
        assert!(base_url.is("http://arm.test:8443/"));
        for other in [
            "https://arm.test:8443",
            "http://arm.test:8443//",
            "http://arm.test:8443/x",
            "arm.test:8443",
        ] {
            assert!(!base_url.is(other), "{other}");
        }
    }
}
