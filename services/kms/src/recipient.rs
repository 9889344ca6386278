//! Answers that only a Nitro enclave, or a machine with a NitroTPM, can read.
//!
//! Source: KMS Developer Guide, "Cryptographic attestation support in AWS KMS"; `RecipientInfo`.

use attestation::cms;
use attestation::{Attestation, AttestationError, Kind};
use engine::World;
use model::{Blob, Shape};
use secret::SecretBytes;
use serde_json::{Map, Value};

use crate::KmsError;

/// Whom an answer is to be encrypted for: a Nitro enclave or NitroTPM, by its attestation document.
#[derive(Debug, Shape)]
pub struct RecipientInfo {
    /// How; needed, although the model does not say so.
    #[shape(audit = omit)]
    pub key_encryption_algorithm: Option<KeyEncryptionMechanism>,
    /// The attestation document, 1 to 262,144 bytes; needed, although the model does not say so.
    #[shape(audit = omit, length = 1..=262_144)]
    pub attestation_document: Option<Blob>,
}

/// How an answer is encrypted for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum KeyEncryptionMechanism {
    /// RSA with OAEP and SHA-256.
    #[shape(rename = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
}

/// Who reads an answer.
#[derive(Debug)]
pub enum Reader {
    /// The caller.
    Caller,
    /// What a document attests, and nobody else.
    Attested(Attestation),
}

/// A secret as its reader gets it: one of the two.
#[derive(Debug)]
pub enum Readable {
    /// The secret.
    Plaintext(SecretBytes),
    /// CMS EnvelopedData.
    ForRecipient(Blob),
}

/// The measurements of an enclave that a record shows, beside PCR0.
const ENCLAVE_PCRS: [u8; 5] = [1, 2, 3, 4, 8];
/// The measurements of a machine that a record shows.
const NITRO_TPM_PCRS: [u8; 6] = [4, 7, 8, 9, 16, 23];

/// Refuses a recipient that lacks one of its members.
pub fn check(recipient: Option<&RecipientInfo>) -> Result<(), KmsError> {
    recipient.map_or(Ok(()), |recipient| recipient.document().map(|_| ()))
}

impl RecipientInfo {
    fn document(&self) -> Result<&[u8], KmsError> {
        let missing = |member| KmsError::Validation(format!("Recipient.{member} is required."));
        self.key_encryption_algorithm
            .ok_or_else(|| missing("KeyEncryptionAlgorithm"))?;
        let document = self.attestation_document.as_ref();
        Ok(&document.ok_or_else(|| missing("AttestationDocument"))?.0)
    }
}

impl Reader {
    /// Verifies the recipient's document, before anything is done for it; notes for the record what it attests.
    pub fn of(recipient: Option<&RecipientInfo>, world: &mut World<'_>) -> Result<Reader, KmsError> {
        let Some(recipient) = recipient else {
            return Ok(Reader::Caller);
        };
        let found = world.attestations().verify(recipient.document()?, world.now());
        let attestation = found.map_err(|error| KmsError::Validation(told(error)))?;
        world.note("recipient", summary(&attestation));
        Ok(Reader::Attested(attestation))
    }

    /// The secret as this reader gets it.
    pub fn gets(&self, secret: SecretBytes, world: &World<'_>) -> Result<Readable, KmsError> {
        match self {
            Reader::Caller => Ok(Readable::Plaintext(secret)),
            Reader::Attested(attestation) => {
                let sealed = cms::envelope(&attestation.public_key, secret.expose(), world.entropy());
                Ok(Readable::ForRecipient(Blob(sealed?)))
            }
        }
    }

    /// What the caller alone is told, and an answer for a recipient leaves out.
    pub fn beside<T>(&self, value: Option<T>) -> Option<T> {
        match self {
            Reader::Caller => value,
            Reader::Attested(_) => None,
        }
    }
}

impl Readable {
    /// The two members of an answer.
    pub fn split(self) -> (Option<SecretBytes>, Option<Blob>) {
        match self {
            Readable::Plaintext(secret) => (Some(secret), None),
            Readable::ForRecipient(sealed) => (None, Some(sealed)),
        }
    }
}

/// One sentence, for the sender of the document.
fn told(error: AttestationError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn summary(attestation: &Attestation) -> Value {
    let mut members = Map::new();
    let mut put = |name: String, value: String| members.insert(name, Value::String(value));
    put(
        "attestationDocumentModuleId".to_owned(),
        attestation.module_id.clone(),
    );
    let (named, prefix): (&[u8], &str) = match attestation.kind {
        Kind::Enclave => (&ENCLAVE_PCRS, "attestationDocumentEnclavePCR"),
        Kind::NitroTpm => (&NITRO_TPM_PCRS, "attestationDocumentNitroTPMPCR"),
    };
    if let (Kind::Enclave, Some(image)) = (attestation.kind, attestation.pcrs.get(&0)) {
        put("attestationDocumentEnclaveImageDigest".to_owned(), hex(image));
    }
    for number in named {
        if let Some(value) = attestation.pcrs.get(number) {
            put(format!("{prefix}{number}"), hex(value));
        }
    }
    Value::Object(members)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
