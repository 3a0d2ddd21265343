//! Whom a client of the emulator has to trust, and what the server shows it.

mod fields;
mod folder;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

pub(super) use folder::CertificateFolder;

/// The server's certificate and key, and the authority that vouches for them.
pub(super) struct Identity {
    pub(super) authority_pem: String,
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Makes an authority, lets it sign one certificate for loopback, and forgets its key, so that
    /// trusting the authority is trusting that certificate alone.
    pub(super) fn of_this_run() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let authority_pem = authority(ONE_YEAR)?.self_signed(&key)?.pem();
        Self::signed_by(&key, authority_pem)
    }

    /// A certificate for this run, of an authority with this key.
    fn signed_by(authority_key: &KeyPair, authority_pem: String) -> Result<Self, rcgen::Error> {
        let issuer = Issuer::new(authority(ONE_YEAR)?, authority_key);
        let key = KeyPair::generate()?;
        let certificate = loopback()?.signed_by(&key, &issuer)?;
        Ok(Self {
            authority_pem,
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }
}

/// Apple's verifier refuses server certificates of more than 825 days.
const ONE_YEAR: Duration = Duration::days(365);

const AUTHORITY: &str = "amlkeys emulator authority";

/// It can vouch for loopback and nothing else: its key is worth nothing to a thief.
fn authority(lifetime: Duration) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(AUTHORITY, &[], lifetime)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(
                std::net::Ipv6Addr::LOCALHOST.octets(),
                128,
            )),
            GeneralSubtree::DnsName("localhost".to_owned()),
        ],
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

fn loopback() -> Result<CertificateParams, rcgen::Error> {
    let hosts = ["127.0.0.1", "::1", "localhost"];
    let mut params = named("amlkeys emulator", &hosts, ONE_YEAR)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn named(
    common_name: &str,
    hosts: &[&str],
    lifetime: Duration,
) -> Result<CertificateParams, rcgen::Error> {
    let hosts: Vec<String> = hosts.iter().copied().map(String::from).collect();
    let mut params = CertificateParams::new(hosts)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    // A day back for clocks that differ (containers, virtual machines).
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::DAY;
    params.not_after = now + lifetime;
    Ok(params)
}
