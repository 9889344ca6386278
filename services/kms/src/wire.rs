//! Shapes that many operations share.
//!
//! Source: KMS API Reference, "Data Types".

use crypto::MaterialId;
use model::{Blob, Shape};

use crate::KmsError;

/// The name of a key in any form that its operation takes.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=2048)]
pub struct KeyReference(pub String);

impl std::ops::Deref for KeyReference {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Tokens of grants that the caller was just given.
#[derive(Debug, Clone, Default, Shape)]
#[shape(transparent, length = 0..=10, member(length = 1..=8192))]
pub struct GrantTokens(Vec<String>);

impl GrantTokens {
    /// Refuses what is no token; there are no grants yet, so nothing is one. To be asked before any look-up: after it,
    /// the answer would tell whether a key of another account exists.
    pub fn check(&self) -> Result<(), KmsError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(KmsError::InvalidGrantToken)
        }
    }
}

/// An encryption algorithm, as KMS's model lists them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Shape)]
pub enum Algorithm {
    /// AES-256-GCM, of symmetric keys.
    #[default]
    SymmetricDefault,
    /// RSA with OAEP and SHA-1.
    #[shape(rename = "RSAES_OAEP_SHA_1")]
    RsaesOaepSha1,
    /// RSA with OAEP and SHA-256.
    #[shape(rename = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
    /// SM2 public key encryption.
    #[shape(rename = "SM2PKE")]
    Sm2Pke,
}

/// Where the page before ended.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=1024, pattern = "[\\u0020-\\u00FF]*")]
pub struct Marker(pub String);

/// The id of key material: 64 hex digits.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 64..=64, pattern = "^[a-f0-9]+$")]
pub struct MaterialIdText(String);

impl MaterialIdText {
    /// The id.
    pub fn id(&self) -> Result<MaterialId, KmsError> {
        // INVARIANT: the pattern admits what parses alone.
        self.0.parse().map_err(|_| KmsError::Cryptography)
    }
}

impl From<MaterialId> for MaterialIdText {
    fn from(id: MaterialId) -> MaterialIdText {
        MaterialIdText(id.to_string())
    }
}

/// Whom an answer is to be encrypted for: a Nitro enclave or NitroTPM, by its attestation document.
#[derive(Debug, Shape)]
pub struct RecipientInfo {
    /// How.
    #[shape(audit = omit)]
    pub key_encryption_algorithm: Option<KeyEncryptionMechanism>,
    /// The attestation document, 1 to 262,144 bytes.
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

/// Refuses an answer for a recipient: attestation documents can't be verified yet, and an answer in clear instead
/// would be a wrong one.
pub fn refuse_recipient(recipient: Option<&RecipientInfo>) -> Result<(), KmsError> {
    match recipient {
        None => Ok(()),
        Some(_) => Err(KmsError::Validation(
            "Recipient is not supported: attestation documents can't be verified.".to_owned(),
        )),
    }
}

/// What a dry run leaves unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum DryRunModifier {
    /// The ciphertext: only the authorization is tested.
    IgnoreCiphertext,
}
