use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

/// The server's certificate and key, and the authority that vouches for them.
pub(crate) struct Identity {
    pub(crate) authority_pem: String,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Makes an authority, lets it sign one certificate for loopback, and forgets its key, so that
    /// trusting the authority is trusting that certificate alone.
    pub(crate) fn for_loopback() -> Result<Self, rcgen::Error> {
        let authority = CertifiedIssuer::self_signed(authority()?, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = loopback()?.signed_by(&key, &authority)?;
        Ok(Self {
            authority_pem: authority.pem(),
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }
}

fn authority() -> Result<CertificateParams, rcgen::Error> {
    let mut params = named("amlkeys emulator authority", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn loopback() -> Result<CertificateParams, rcgen::Error> {
    let mut params = named("amlkeys emulator", &["127.0.0.1", "::1", "localhost"])?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn named(common_name: &str, hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().copied().map(String::from).collect();
    let mut params = CertificateParams::new(hosts)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // A day back for clocks that differ (containers, virtual machines); a year on, because
    // Apple's verifier refuses certificates of more than 825 days.
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::DAY;
    params.not_after = now + 365 * Duration::DAY;
    Ok(params)
}
