//! The document's own form: COSE_Sign1 around a CBOR map.
//!
//! Source: RFC 9052, section 4.2; RFC 8949; Nitro Enclaves, "attestation_process.md", section 3.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};

use crate::{AttestationError, Kind, limits};

const MALFORMED: AttestationError = AttestationError::Malformed("it is no COSE_Sign1 of a map");
/// COSE's tag of a message with one signature.
const SIGN1: Tag = Tag::new(18);
/// COSE's label of the algorithm, and its number of ECDSA with SHA-384.
const ALGORITHM: i64 = 1;
const ES384: i64 = -35;

/// A signed message, not verified yet.
pub(crate) struct Signed<'d> {
    protected: &'d [u8],
    pub(crate) payload: &'d [u8],
    signature: &'d [u8],
}

/// What a document says, whether it is true or not.
#[derive(Debug)]
pub(crate) struct Content<'d> {
    pub(crate) kind: Kind,
    pub(crate) module_id: &'d str,
    pub(crate) pcrs: BTreeMap<u8, Vec<u8>>,
    pub(crate) certificate: &'d [u8],
    pub(crate) bundle: Vec<&'d [u8]>,
    pub(crate) public_key: Option<&'d [u8]>,
}

/// Takes a document apart.
pub(crate) fn parse(document: &[u8]) -> Result<Signed<'_>, AttestationError> {
    if document.len() > limits::DOCUMENT {
        return Err(AttestationError::Malformed("it is too long"));
    }
    let mut decoder = Decoder::new(document);
    if decoder.datatype().map_err(malformed)? == Type::Tag && decoder.tag().map_err(malformed)? != SIGN1 {
        return Err(MALFORMED);
    }
    if decoder.array().map_err(malformed)? != Some(4) {
        return Err(MALFORMED);
    }
    let protected = decoder.bytes().map_err(malformed)?;
    // What is not protected by the signature is of no use, and there is nothing in it.
    if decoder.map().map_err(malformed)? != Some(0) {
        return Err(AttestationError::Malformed("its unprotected header is not empty"));
    }
    let payload = decoder.bytes().map_err(malformed)?;
    let signature = decoder.bytes().map_err(malformed)?;
    ends(&decoder, document)?;
    if algorithm(protected)? != ES384 {
        return Err(AttestationError::Malformed("its algorithm is not ES384"));
    }
    Ok(Signed {
        protected,
        payload,
        signature,
    })
}

/// The algorithm that a protected header names, and nothing else.
fn algorithm(protected: &[u8]) -> Result<i64, AttestationError> {
    let mut decoder = Decoder::new(protected);
    if decoder.map().map_err(malformed)? != Some(1) || decoder.i64().map_err(malformed)? != ALGORITHM {
        return Err(MALFORMED);
    }
    let named = decoder.i64().map_err(malformed)?;
    ends(&decoder, protected)?;
    Ok(named)
}

impl Signed<'_> {
    /// Verifies the signature under the key of the document's certificate, a SubjectPublicKeyInfo.
    pub(crate) fn verify(&self, key: &[u8]) -> Result<(), AttestationError> {
        let mut signed = Vec::with_capacity(self.payload.len() + 64);
        let mut encoder = Encoder::new(&mut signed);
        // INVARIANT: a vector takes whatever is written to it.
        let written = encoder
            .array(4)
            .and_then(|encoder| encoder.str("Signature1"))
            .and_then(|encoder| encoder.bytes(self.protected))
            .and_then(|encoder| encoder.bytes(&[]))
            .and_then(|encoder| encoder.bytes(self.payload));
        if written.is_err() {
            return Err(AttestationError::Signature);
        }
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key)
            .verify(&signed, self.signature)
            .map_err(|_| AttestationError::Signature)
    }
}

/// Reads what a payload says.
pub(crate) fn content(payload: &[u8]) -> Result<Content<'_>, AttestationError> {
    let mut decoder = Decoder::new(payload);
    let members = decoder.map().map_err(malformed)?.ok_or(MALFORMED)?;
    let (mut module_id, mut digest, mut timestamp) = (None, None, None);
    let (mut enclave, mut tpm) = (None, None);
    let (mut certificate, mut bundle, mut public_key) = (None, None, None);
    let (mut user_data, mut nonce) = (None, None);
    for _ in 0..members {
        match decoder.str().map_err(malformed)? {
            "module_id" => once(&mut module_id, decoder.str().map_err(malformed)?)?,
            "digest" => once(&mut digest, decoder.str().map_err(malformed)?)?,
            "timestamp" => once(&mut timestamp, decoder.u64().map_err(malformed)?)?,
            "pcrs" => once(&mut enclave, pcrs(&mut decoder)?)?,
            "nitrotpm_pcrs" => once(&mut tpm, pcrs(&mut decoder)?)?,
            "certificate" => once(&mut certificate, decoder.bytes().map_err(malformed)?)?,
            "cabundle" => once(&mut bundle, certificates(&mut decoder)?)?,
            "public_key" => once(&mut public_key, optional(&mut decoder)?)?,
            "user_data" => once(&mut user_data, optional(&mut decoder)?)?,
            "nonce" => once(&mut nonce, optional(&mut decoder)?)?,
            _ => return Err(AttestationError::Malformed("it has a member that is not known")),
        }
    }
    ends(&decoder, payload)?;
    let missing = AttestationError::Malformed("it lacks a member");
    let (kind, pcrs) = match (enclave, tpm) {
        (Some(pcrs), None) => (Kind::Enclave, pcrs),
        (None, Some(pcrs)) => (Kind::NitroTpm, pcrs),
        _ => return Err(missing),
    };
    let module_id = module_id.ok_or(missing)?;
    timestamp.ok_or(missing)?;
    if module_id.is_empty() || module_id.len() > limits::MODULE_ID || digest != Some("SHA384") {
        return Err(AttestationError::Malformed("its module or digest is not one"));
    }
    Ok(Content {
        kind,
        module_id,
        pcrs,
        certificate: certificate.ok_or(missing)?,
        bundle: bundle.ok_or(missing)?,
        public_key: public_key.flatten(),
    })
}

/// Keeps a member, which may come once.
fn once<T>(member: &mut Option<T>, value: T) -> Result<(), AttestationError> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) => Err(AttestationError::Malformed("a member comes twice")),
    }
}

fn pcrs(decoder: &mut Decoder<'_>) -> Result<BTreeMap<u8, Vec<u8>>, AttestationError> {
    let count = decoder.map().map_err(malformed)?.ok_or(MALFORMED)?;
    if count == 0 || count > limits::PCRS as u64 {
        return Err(AttestationError::Malformed("it has no measurements, or too many"));
    }
    let mut pcrs = BTreeMap::new();
    for _ in 0..count {
        let number = decoder.u8().map_err(malformed)?;
        let value = decoder.bytes().map_err(malformed)?;
        let fits = usize::from(number) < limits::PCRS && matches!(value.len(), 32 | 48 | 64);
        if !fits || pcrs.insert(number, value.to_vec()).is_some() {
            return Err(AttestationError::Malformed("a measurement is none"));
        }
    }
    Ok(pcrs)
}

fn certificates<'d>(decoder: &mut Decoder<'d>) -> Result<Vec<&'d [u8]>, AttestationError> {
    let count = decoder.array().map_err(malformed)?.ok_or(MALFORMED)?;
    if count == 0 || count > limits::BUNDLE as u64 {
        return Err(AttestationError::Malformed("it has no certificates, or too many"));
    }
    (0..count).map(|_| decoder.bytes().map_err(malformed)).collect()
}

/// Bytes, or null.
fn optional<'d>(decoder: &mut Decoder<'d>) -> Result<Option<&'d [u8]>, AttestationError> {
    match decoder.datatype().map_err(malformed)? {
        Type::Null => decoder.null().map(|()| None).map_err(malformed),
        _ => decoder.bytes().map(Some).map_err(malformed),
    }
}

fn ends(decoder: &Decoder<'_>, whole: &[u8]) -> Result<(), AttestationError> {
    match decoder.position() == whole.len() {
        true => Ok(()),
        false => Err(AttestationError::Malformed("something follows its end")),
    }
}

fn malformed(_: minicbor::decode::Error) -> AttestationError {
    MALFORMED
}
