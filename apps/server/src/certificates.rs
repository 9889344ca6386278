//! A certificate authority that can speak for this server alone, and the server's own certificates.
//!
//! The authority is bound by name constraints (RFC 5280, section 4.2.1.10), so that trusting it trusts no other name.
//! Its private key and the server's are made by aws-lc's own generator of random bytes.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ambient::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use secret::{SecretBuffer, SecretBytes};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use crate::config::TlsName;

/// How long an authority is valid.
const AUTHORITY_LIFE: Duration = Duration::from_secs(3650 * 86_400);
/// How long a server's certificate is valid.
const SERVER_LIFE: Duration = Duration::from_secs(90 * 86_400);
/// How far back validity reaches, for clients whose clocks are behind.
const BACKDATED: Duration = Duration::from_secs(3600);

const SECRET_VERSION: u8 = 1;

/// A certificate that can't be made, or can't be read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Neither could be made from what was given.
    #[error("a certificate could not be made: {0}")]
    Making(#[from] rcgen::Error),
    /// Not PEM, or not a certificate in it.
    #[error("what should be a certificate is none")]
    Unreadable,
}

/// A certificate authority: what its owner keeps sealed.
#[derive(Debug)]
pub struct Authority {
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS #8 DER.
    pub key: SecretBytes,
}

/// A server's certificate and private key, both PEM.
#[derive(Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: SecretBuffer,
}

/// The names and addresses of a server: always `localhost` and the loopback addresses, and others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    dns: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl FromIterator<TlsName> for Names {
    fn from_iter<I: IntoIterator<Item = TlsName>>(others: I) -> Names {
        let mut names = Names {
            dns: BTreeSet::from(["localhost".to_owned()]),
            addresses: BTreeSet::from([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]),
        };
        for name in others {
            match name {
                TlsName::Dns(name) => names.dns.insert(name),
                TlsName::Address(address) => names.addresses.insert(address),
            };
        }
        names
    }
}

impl Names {
    fn constraints(&self) -> NameConstraints {
        let dns = self.dns.iter().map(|name| GeneralSubtree::DnsName(name.clone()));
        let addresses = self.addresses.iter().map(|address| {
            GeneralSubtree::IpAddress(match address {
                IpAddr::V4(address) if address.is_loopback() => CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8),
                IpAddr::V4(address) => CidrSubnet::from_v4_prefix(address.octets(), 32),
                IpAddr::V6(address) => CidrSubnet::from_v6_prefix(address.octets(), 128),
            })
        });
        NameConstraints {
            permitted_subtrees: dns.chain(addresses).collect(),
            excluded_subtrees: Vec::new(),
        }
    }

    fn alternative_names(&self) -> Result<Vec<SanType>, rcgen::Error> {
        let dns = self
            .dns
            .iter()
            .map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)));
        let addresses = self
            .addresses
            .iter()
            .map(|address| Ok(SanType::IpAddress(*address)));
        dns.chain(addresses).collect()
    }
}

impl Authority {
    /// Makes an authority for servers of these names, valid for ten years.
    pub fn make(names: &Names, now: Timestamp) -> Result<Authority, CertificateError> {
        let key = generate()?;
        let mut params = params("Keystead local CA", now, AUTHORITY_LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(names.constraints());
        let certificate = params.self_signed(&*key)?;
        Ok(Authority {
            certificate: certificate.pem(),
            key: SecretBytes::copied_from(key.serialized_der()),
        })
    }

    /// Both in one secret, to be kept sealed: a version byte, the length of the certificate (4 bytes, big-endian), the
    /// certificate, the key.
    pub fn to_secret(&self) -> SecretBytes {
        let length = u32::try_from(self.certificate.len()).unwrap_or(u32::MAX);
        let mut both = SecretBuffer::with_capacity(5 + self.certificate.len() + self.key.len());
        both.extend(&[SECRET_VERSION]);
        both.extend(&length.to_be_bytes());
        both.extend(self.certificate.as_bytes());
        both.extend(self.key.expose());
        both.into_secret()
    }

    /// Takes apart what [`to_secret`](Authority::to_secret) put together.
    pub fn from_secret(both: &SecretBytes) -> Result<Authority, CertificateError> {
        let parts = || {
            let (version, rest) = both.expose().split_first()?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (certificate, key) = rest.split_at_checked(length)?;
            let certificate = String::from_utf8(certificate.to_vec()).ok()?;
            (*version == SECRET_VERSION).then(|| (certificate, SecretBytes::copied_from(key)))
        };
        let (certificate, key) = parts().ok_or(CertificateError::Unreadable)?;
        Ok(Authority { certificate, key })
    }

    /// Whether servers of these names can be given certificates by this authority until it is renewed in its turn.
    pub fn suits(&self, names: &Names, now: Timestamp) -> bool {
        let Ok(der) = first(self.certificate.as_bytes()) else {
            return false;
        };
        let Ok((_, certificate)) = X509Certificate::from_der(&der) else {
            return false;
        };
        let lasts = not_after(&certificate) > now.after(SERVER_LIFE * 4 / 3);
        lasts && permits(&certificate, names)
    }
}

/// Makes a certificate for a server of these names, valid for 90 days, under `authority`.
pub fn issue(authority: &Authority, names: &Names, now: Timestamp) -> Result<Issued, CertificateError> {
    let der = PrivatePkcs8KeyDer::from(authority.key.expose());
    let authority_key = Zeroizing::new(KeyPair::from_pkcs8_der_and_sign_algo(
        &der,
        &PKCS_ECDSA_P256_SHA256,
    )?);
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, &*authority_key)?;
    let key = generate()?;
    let mut params = params("Keystead server", now, SERVER_LIFE);
    params.subject_alt_names = names.alternative_names()?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&*key, &issuer)?;
    Ok(Issued {
        certificate: certificate.pem(),
        key: SecretBuffer::from_vec(key.serialize_pem().into_bytes()),
    })
}

/// What the certificate in a PEM file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Validity {
    /// When the first certificate of a PEM file is valid.
    pub(crate) fn of(pem: &[u8]) -> Result<Validity, CertificateError> {
        let der = first(pem)?;
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| CertificateError::Unreadable)?;
        Ok(Validity {
            from: Timestamp::from_seconds(certificate.validity().not_before.timestamp()),
            until: not_after(&certificate),
        })
    }

    /// Whether less than a third of the certificate's life is left.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        now < self.from || self.until.since(now) < self.until.since(self.from) / 3
    }
}

/// Whether the certificate of a PEM file was signed by `authority`, and is for just these names.
pub(crate) fn is_issued(pem: &[u8], authority: &Authority, names: &Names) -> bool {
    let (Ok(der), Ok(authority)) = (first(pem), first(authority.certificate.as_bytes())) else {
        return false;
    };
    let parsed = (
        X509Certificate::from_der(&der),
        X509Certificate::from_der(&authority),
    );
    let (Ok((_, certificate)), Ok((_, authority))) = parsed else {
        return false;
    };
    let signed = certificate.verify_signature(Some(authority.public_key())).is_ok();
    signed && alternative_names(&certificate).as_ref() == Some(names)
}

fn generate() -> Result<Zeroizing<KeyPair>, CertificateError> {
    Ok(Zeroizing::new(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
}

fn params(name: &str, now: Timestamp, life: Duration) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let begin = seconds.saturating_sub(BACKDATED.as_secs());
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = epoch + Duration::from_secs(begin);
    params.not_after = epoch + Duration::from_secs(seconds.saturating_add(life.as_secs()));
    params
}

fn first(pem: &[u8]) -> Result<CertificateDer<'static>, CertificateError> {
    CertificateDer::from_pem_slice(pem).map_err(|_| CertificateError::Unreadable)
}

fn not_after(certificate: &X509Certificate<'_>) -> Timestamp {
    Timestamp::from_seconds(certificate.validity().not_after.timestamp())
}

fn permits(certificate: &X509Certificate<'_>, names: &Names) -> bool {
    let Ok(Some(constraints)) = certificate.name_constraints() else {
        return false;
    };
    let Some(permitted) = &constraints.value.permitted_subtrees else {
        return false;
    };
    let permitted: Vec<&GeneralName<'_>> = permitted.iter().map(|subtree| &subtree.base).collect();
    let wanted = names.constraints().permitted_subtrees;
    wanted.iter().all(|wanted| {
        permitted.iter().any(|permitted| match (wanted, permitted) {
            (GeneralSubtree::DnsName(wanted), GeneralName::DNSName(permitted)) => wanted == permitted,
            (GeneralSubtree::IpAddress(CidrSubnet::V4(address, mask)), GeneralName::IPAddress(permitted)) => {
                [&address[..], &mask[..]].concat() == *permitted
            }
            (GeneralSubtree::IpAddress(CidrSubnet::V6(address, mask)), GeneralName::IPAddress(permitted)) => {
                [&address[..], &mask[..]].concat() == *permitted
            }
            _ => false,
        })
    })
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Option<Names> {
    let extension = certificate.subject_alternative_name().ok()??;
    let mut names = Names {
        dns: BTreeSet::new(),
        addresses: BTreeSet::new(),
    };
    for name in &extension.value.general_names {
        match name {
            GeneralName::DNSName(name) => {
                names.dns.insert((*name).to_owned());
            }
            GeneralName::IPAddress(bytes) => {
                let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                let sixteen = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
                names.addresses.insert(four.or(sixteen).ok()?);
            }
            _ => return None,
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls_pki_types::{ServerName, UnixTime};
    use std::sync::Arc;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn names(others: &[&str]) -> Names {
        others
            .iter()
            .map(|name| name.parse::<TlsName>().unwrap())
            .collect()
    }

    fn accepted(authority: &Authority, issued: &Issued, name: &str, now: Timestamp) -> bool {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(first(authority.certificate.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now.seconds() as u64));
        let certificate = first(issued.certificate.as_bytes()).unwrap();
        verifier
            .verify_server_cert(&certificate, &[], &name, &[], now)
            .is_ok()
    }

    #[test]
    fn an_issued_certificate_is_accepted_for_its_names_and_time() {
        let names = names(&["kms.example", "10.1.2.3", "fd00::7"]);
        let authority = Authority::make(&names, NOW).unwrap();
        let issued = issue(&authority, &names, NOW).unwrap();
        for name in [
            "localhost",
            "127.0.0.1",
            "::1",
            "kms.example",
            "10.1.2.3",
            "fd00::7",
        ] {
            assert!(accepted(&authority, &issued, name, NOW), "{name}");
        }
        for name in ["example.com", "10.1.2.4", "evil.kms.example"] {
            assert!(!accepted(&authority, &issued, name, NOW), "{name}");
        }
        assert!(accepted(&authority, &issued, "localhost", NOW.after(DAY * 90)));
        assert!(!accepted(&authority, &issued, "localhost", NOW.after(DAY * 91)));
        assert!(is_issued(issued.certificate.as_bytes(), &authority, &names));
    }

    #[test]
    fn an_authority_can_not_speak_for_other_names() {
        let authority = Authority::make(&names(&["kms.example"]), NOW).unwrap();
        for stranger in ["aws.example", "10.9.9.9"] {
            let issued = issue(&authority, &names(&[stranger]), NOW).unwrap();
            assert!(!accepted(&authority, &issued, stranger, NOW), "{stranger}");
        }
        assert!(!authority.suits(&names(&["aws.example"]), NOW));
        assert!(authority.suits(&names(&["kms.example"]), NOW));
        assert!(authority.suits(&names(&[]), NOW));
        assert!(!authority.suits(&names(&[]), NOW.after(AUTHORITY_LIFE - SERVER_LIFE)));
    }

    #[test]
    fn an_authority_comes_back_out_of_its_secret() {
        let authority = Authority::make(&names(&[]), NOW).unwrap();
        let secret = authority.to_secret();
        let again = Authority::from_secret(&secret).unwrap();
        assert_eq!(
            (again.certificate, again.key),
            (authority.certificate, authority.key)
        );
        for length in [0, 1, 4, 5, 100] {
            let cut = SecretBytes::copied_from(&secret.expose()[..length]);
            assert!(Authority::from_secret(&cut).is_err());
        }
    }

    #[test]
    fn a_certificate_is_due_when_a_third_of_its_life_is_left() {
        let names = names(&[]);
        let authority = Authority::make(&names, NOW).unwrap();
        let issued = issue(&authority, &names, NOW).unwrap();
        let validity = Validity::of(issued.certificate.as_bytes()).unwrap();
        assert_eq!(validity.until, NOW.after(DAY * 90));
        assert!(!validity.is_due(NOW));
        assert!(!validity.is_due(NOW.after(DAY * 59)));
        assert!(validity.is_due(NOW.after(DAY * 61)));
        assert!(validity.is_due(NOW.after(DAY * 200)));
    }

    #[test]
    fn a_certificate_of_another_authority_or_for_other_names_is_told_apart() {
        let ours = names(&[]);
        let authority = Authority::make(&ours, NOW).unwrap();
        let other = Authority::make(&ours, NOW).unwrap();
        let issued = issue(&other, &ours, NOW).unwrap();
        assert!(!is_issued(issued.certificate.as_bytes(), &authority, &ours));
        assert!(!is_issued(
            issued.certificate.as_bytes(),
            &other,
            &names(&["kms.example"])
        ));
        assert!(!is_issued(b"junk", &other, &ours));
        assert!(Validity::of(b"junk").is_err());
    }
}
