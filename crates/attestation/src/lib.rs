//! Attestation documents of AWS Nitro Enclaves and NitroTPM, and answers that only their senders can read.
//!
//! A document is signed by the Nitro hypervisor and says what runs on a machine: measurements, and a public key of the
//! caller's. [`Verifier::verify`] checks it against the roots that are trusted, and [`envelope`](cms::envelope) encrypts an
//! answer to its public key.
//!
//! Source: Nitro Enclaves User Guide, "Verifying the root of trust"; EC2 User Guide, "NitroTPM attestation"; RFC 9052
//! (COSE); RFC 5652 (CMS).

mod chain;
pub mod cms;
mod der;
mod document;
pub mod limits;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ambient::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The root of AWS Nitro Enclaves, which is trusted unless other roots are configured.
pub const NITRO_ROOT: &str = include_str!("nitro_root.pem");

/// What a document says, once it is known to be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// What made it.
    pub kind: Kind,
    /// The module, such as the enclave, that asked for it.
    pub module_id: String,
    /// The measurements, by their number.
    pub pcrs: BTreeMap<u8, Vec<u8>>,
    /// The caller's public key: a SubjectPublicKeyInfo in DER, of an RSA key of 2048 to 4096 bits.
    pub public_key: Vec<u8>,
}

/// What makes attestation documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An enclave's security module.
    Enclave,
    /// A virtual machine's NitroTPM.
    NitroTpm,
}

/// Why a document is not believed. None of these tells more than its sender knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// It is no attestation document, or larger than one may be.
    #[error("the attestation document is malformed: {0}")]
    Malformed(&'static str),
    /// Its chain of certificates does not lead to a root that is trusted here.
    #[error("the attestation document's certificates are not trusted: {0}")]
    Untrusted(&'static str),
    /// A certificate of it is no longer valid, or not yet.
    #[error("a certificate of the attestation document is not valid at this time")]
    NotInTime,
    /// Its signature is not its content's.
    #[error("the attestation document's signature does not verify")]
    Signature,
    /// It has no public key that an answer can be encrypted to.
    #[error("the attestation document has no RSA public key of 2048 to 4096 bits")]
    PublicKey,
}

/// Roots that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("it holds no certificates in PEM, or one that can't be read")]
pub struct UnusableRoots;

/// Believes documents whose certificates lead to one of its roots.
#[derive(Debug, Clone)]
pub struct Verifier {
    roots: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// Trusts the certificates in these PEM texts, each of which holds at least one.
    pub fn trusting<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Verifier, UnusableRoots> {
        let mut roots = Vec::new();
        for text in texts {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
            match read {
                Ok(found) if !found.is_empty() && found.iter().all(|der| chain::is_readable(der)) => {
                    roots.extend(found);
                }
                _ => return Err(UnusableRoots),
            }
        }
        Ok(Verifier { roots })
    }

    /// Checks a document at `now`, and says what it attests.
    pub fn verify(&self, document: &[u8], now: Timestamp) -> Result<Attestation, AttestationError> {
        let signed = document::parse(document)?;
        let content = document::content(signed.payload)?;
        let key = chain::key_of_leaf(content.certificate, &content.bundle, &self.roots, now)?;
        signed.verify(&key)?;
        let public_key = content.public_key.ok_or(AttestationError::PublicKey)?;
        chain::check_recipient(public_key)?;
        Ok(Attestation {
            kind: content.kind,
            module_id: content.module_id.to_owned(),
            pcrs: content.pcrs,
            public_key: public_key.to_vec(),
        })
    }
}
