use time::OffsetDateTime;
use yasna::tags::TAG_UTCTIME;
use yasna::{ASN1Result, BERReader};

/// What a certificate says of itself (RFC 5280, section 4.1). Its signature is not verified.
pub(super) struct Fields {
    /// The values of the subject's attributes, by relative name; none if one is not UTF-8.
    pub(super) subject: Vec<Vec<String>>,
    pub(super) not_after: OffsetDateTime,
    /// The `SubjectPublicKeyInfo` as DER.
    pub(super) public_key: Vec<u8>,
}

impl Fields {
    pub(super) fn from_der(certificate: &[u8]) -> ASN1Result<Self> {
        yasna::parse_der(certificate, |certificate| {
            certificate.read_sequence(|parts| {
                let fields = parts.next().read_sequence(|fields| {
                    for _version_serial_algorithm_issuer in 0..4 {
                        fields.next().read_der()?;
                    }
                    let not_after = fields.next().read_sequence(|validity| {
                        let _not_before = validity.next().read_der()?;
                        time(validity.next())
                    })?;
                    let subject = fields.next().read_der()?;
                    let public_key = fields.next().read_der()?;
                    while fields
                        .read_optional(|extension| extension.read_der())?
                        .is_some()
                    {}
                    Ok(Self {
                        subject: yasna::parse_der(&subject, name).unwrap_or_default(),
                        not_after,
                        public_key,
                    })
                })?;
                let _algorithm = parts.next().read_der()?;
                let _signature = parts.next().read_der()?;
                Ok(fields)
            })
        })
    }
}

/// `UTCTime` up to 2049, `GeneralizedTime` from then on.
fn time(time: BERReader<'_, '_>) -> ASN1Result<OffsetDateTime> {
    Ok(match time.lookahead_tag()? {
        TAG_UTCTIME => *time.read_utctime()?.datetime(),
        _ => *time.read_generalized_time()?.datetime(),
    })
}

fn name(name: BERReader<'_, '_>) -> ASN1Result<Vec<Vec<String>>> {
    name.collect_sequence_of(|relative| {
        relative.collect_set_of(|attribute| {
            attribute.read_sequence(|attribute| {
                attribute.next().read_oid()?;
                attribute.next().read_utf8string()
            })
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn an_end_is_read_on_both_sides_of_2050() {
        let key = KeyPair::generate().unwrap();
        for year in [2049, 2050] {
            let mut params = CertificateParams::new([]).unwrap();
            params.not_after = date_time_ymd(year, 12, 31);
            let certificate = params.self_signed(&key).unwrap();
            let fields = Fields::from_der(certificate.der()).unwrap();
            assert_eq!(fields.not_after, params.not_after);
        }
    }

    #[test]
    fn what_is_longer_or_shorter_than_a_certificate_is_none() {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        assert!(Fields::from_der(&der).is_ok());
        assert!(Fields::from_der(&der[..der.len() - 1]).is_err());
        assert!(Fields::from_der(&[&*der, &[0]].concat()).is_err());
    }
}
