//! Whom to trust, and the one HTTP client of a process.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::error::{Error, Result};

/// Builds the HTTP client: TLS 1.2 or newer, the system's certificate
/// authorities and `more` of them, no redirects.
///
/// The roots come from the system, or from `SSL_CERT_FILE` and `SSL_CERT_DIR`.
/// The rustls configuration is handed over whole, so that no process-wide
/// provider is needed or installed.
pub(crate) fn http_client(more: &[Vec<u8>]) -> Result<reqwest::Client> {
    let mut roots = RootCertStore::empty();
    for pem in more {
        add_pem(&mut roots, pem)?;
    }
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if roots.is_empty() {
        let why = system.errors.first().map(ToString::to_string);
        return Err(Error::invalid_input(
            "no certificate authority to trust",
            why.unwrap_or_else(|| "the system has none; set SSL_CERT_FILE to a PEM file".into()),
        ));
    }
    let tls = config(roots);
    built(reqwest::Client::builder().tls_backend_preconfigured(tls))
}

/// Builds the HTTP client for an endpoint of this machine that speaks no TLS,
/// and for its metadata service.
///
/// What goes out in clear must stay on the machine, so no proxy is used and
/// `localhost` is not looked up. It trusts nobody: https is not what it is for.
pub(crate) fn direct_client() -> Result<reqwest::Client> {
    let loopback = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
    ];
    let tls = config(RootCertStore::empty());
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls);
    built(builder.no_proxy().resolve_to_addrs("localhost", &loopback))
}

fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder
        .redirect(reqwest::redirect::Policy::none())
        // A call has attempts of its own. reqwest would copy each request for a
        // retry that HTTP/1.1 never makes.
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .user_agent(concat!("amlkeys/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::transport(error, "cannot set up the HTTP client"))
}

/// TLS 1.2 or newer, and the verifier of rustls.
fn config(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8]) -> Result<()> {
    let refused = |why: String| Error::invalid_input("cannot trust the certificate authority", why);
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
        found = true;
    }
    match found {
        true => Ok(()),
        false => Err(refused("there is no PEM certificate in it".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        for pem in [
            "",
            "text",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(
                http_client(&[pem.into()]).unwrap_err().is_invalid_input(),
                "{pem}"
            );
        }
    }
}
