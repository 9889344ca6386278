//! The way from a document's certificate to a root that is trusted.
//!
//! Source: RFC 5280, section 6.1, of which this keeps what such chains have: every key is on P-384, every signature is
//! ECDSA with SHA-384, and there are no policies or name constraints.

use ambient::Timestamp;
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_SIG_ECDSA_WITH_SHA384,
};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use crate::{AttestationError, limits};

/// The key of the certificate that signed a document, if the bundle leads to it from a root: a SubjectPublicKeyInfo. The
/// bundle begins with the root, and each certificate issued the next.
pub(crate) fn key_of_leaf(
    leaf: &[u8],
    bundle: &[&[u8]],
    roots: &[CertificateDer<'_>],
    now: Timestamp,
) -> Result<Vec<u8>, AttestationError> {
    let is_root = |der: &&[u8]| roots.iter().any(|root| root.as_ref() == *der);
    let (root, rest) = bundle
        .split_first()
        .ok_or(AttestationError::Untrusted("there are none"))?;
    if !is_root(root) {
        return Err(AttestationError::Untrusted(
            "their root is not one that is trusted here",
        ));
    }
    let mut issuer = certificate(root)?;
    in_time(&issuer, now)?;
    let below = rest.iter().copied().chain([leaf]);
    for (depth, der) in below.enumerate() {
        let next = certificate(der)?;
        // So many authorities follow the issuer, before the leaf.
        let authorities = rest.len().saturating_sub(depth);
        may_issue(&issuer, authorities)?;
        issued(&issuer, &next)?;
        in_time(&next, now)?;
        issuer = next;
    }
    let usage = issuer.key_usage().map_err(|_| UNUSABLE)?;
    if usage.is_some_and(|usage| !usage.value.digital_signature()) {
        return Err(AttestationError::Untrusted("the last one is not for signatures"));
    }
    if issuer.public_key().algorithm.algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return Err(UNUSABLE);
    }
    Ok(issuer.public_key().raw.to_vec())
}

const UNUSABLE: AttestationError = AttestationError::Untrusted("one of them can't be read");

/// Whether this is a certificate at all.
pub(crate) fn is_readable(der: &[u8]) -> bool {
    certificate(der).is_ok()
}

fn certificate(der: &[u8]) -> Result<X509Certificate<'_>, AttestationError> {
    if der.len() > limits::CERTIFICATE {
        return Err(UNUSABLE);
    }
    match X509Certificate::from_der(der) {
        Ok(([], read)) => Ok(read),
        _ => Err(UNUSABLE),
    }
}

fn in_time(certificate: &X509Certificate<'_>, now: Timestamp) -> Result<(), AttestationError> {
    let seconds = now.milliseconds().div_euclid(1000);
    let validity = certificate.validity();
    match (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&seconds) {
        true => Ok(()),
        false => Err(AttestationError::NotInTime),
    }
}

/// Whether a certificate is an authority's, and may have so many authorities below it.
fn may_issue(issuer: &X509Certificate<'_>, authorities: usize) -> Result<(), AttestationError> {
    let constraints = issuer.basic_constraints().map_err(|_| UNUSABLE)?;
    let usage = issuer.key_usage().map_err(|_| UNUSABLE)?;
    let is_authority = constraints.is_some_and(|constraints| {
        let most = constraints.value.path_len_constraint;
        constraints.value.ca
            && most.is_none_or(|most| authorities <= usize::try_from(most).unwrap_or(usize::MAX))
    });
    match is_authority && usage.is_none_or(|usage| usage.value.key_cert_sign()) {
        true => Ok(()),
        false => Err(AttestationError::Untrusted(
            "one that issued another is no authority for it",
        )),
    }
}

fn issued(issuer: &X509Certificate<'_>, next: &X509Certificate<'_>) -> Result<(), AttestationError> {
    let named = issuer.subject().as_raw() == next.issuer().as_raw();
    let algorithm = &next.signature_algorithm.algorithm;
    if !named
        || *algorithm != OID_SIG_ECDSA_WITH_SHA384
        || next.signature_algorithm != next.tbs_certificate.signature
    {
        return Err(AttestationError::Untrusted(
            "one was not issued by the one before it",
        ));
    }
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, issuer.public_key().raw)
        .verify(next.tbs_certificate.as_ref(), &next.signature_value.data)
        .map_err(|_| AttestationError::Untrusted("one was not signed by the one before it"))
}

/// Whether an answer can be encrypted to a public key: RSA, of 2048 to 4096 bits.
pub(crate) fn check_recipient(public_key: &[u8]) -> Result<(), AttestationError> {
    let Ok((rest, info)) = SubjectPublicKeyInfo::from_der(public_key) else {
        return Err(AttestationError::PublicKey);
    };
    let is_rsa = rest.is_empty() && info.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION;
    let length = PublicEncryptingKey::from_der(public_key).map_or(0, |key| key.key_size_bits());
    match is_rsa && (2048..=4096).contains(&length) {
        true => Ok(()),
        false => Err(AttestationError::PublicKey),
    }
}
