use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// A certificate that an authority of its own has signed.
pub(crate) struct Certificate {
    pub(crate) ca_pem: String,
    leaf: CertificateDer<'static>,
    key: KeyPair,
}

impl Certificate {
    pub(crate) fn of(host: &str) -> Self {
        Self::sign(CertificateParams::new([host.to_owned()]).unwrap())
    }

    pub(crate) fn expired(host: &str) -> Self {
        let mut leaf = CertificateParams::new([host.to_owned()]).unwrap();
        leaf.not_before = rcgen::date_time_ymd(1999, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(2000, 1, 1);
        Self::sign(leaf)
    }

    pub(crate) fn into_acceptor(self) -> TlsAcceptor {
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![self.leaf],
                self.key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(tls))
    }

    fn sign(leaf: CertificateParams) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        Self {
            ca_pem,
            leaf: leaf.der().clone(),
            key,
        }
    }
}
