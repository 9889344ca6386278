//! Why KMS refuses a call, and the one place where that gets its code and text.
//!
//! Source: KMS API Reference, "Errors", and messages recorded from the service.

use ambient::EntropyFailed;
use arn::Arn;
use attestation::cms::EnvelopeFailed;
use crypto::MaterialId;
use crypto::backing::BackingFailed;
use engine::{Failure, UnsealError};
use store::StoreError;

/// Why KMS refuses a call. Each variant is something a caller can do something about.
#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// A value breaks a rule of the service that its model does not state; the text is AWS's.
    #[error("{0}")]
    Validation(String),
    /// Text that names no key in any form.
    #[error("Invalid keyId '{0}'")]
    InvalidKeyId(String),
    /// An ARN of another Region, by that Region.
    #[error("Invalid arn {0}")]
    OtherRegion(String),
    /// No such key.
    #[error("Key '{0}' does not exist")]
    NoKey(Arn),
    /// No such alias.
    #[error("Alias {0} is not found.")]
    NoAlias(Arn),
    /// The key has no policy of that name.
    #[error("No such policy exists")]
    NoPolicy,
    /// There is no such custom key store.
    #[error("the custom key store does not exist")]
    NoCustomKeyStore,
    /// An ARN that is malformed or of the wrong kind.
    #[error("{0}")]
    InvalidArn(String),
    /// The ciphertext names a key that the caller cannot use, whatever the reason.
    #[error(
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."
    )]
    HiddenKey,
    /// The ciphertext was made under another key than the one named.
    #[error("The key ID in the request does not identify a CMK that can perform this operation.")]
    IncorrectKey,
    /// The ciphertext, or the context it was made with, is not this.
    #[error("the ciphertext could not be opened")]
    InvalidCiphertext,
    /// The key is disabled.
    #[error("{0} is disabled.")]
    Disabled(Arn),
    /// The key's state does not admit the operation, as it says.
    #[error("{0} {1}.")]
    InvalidState(Arn, &'static str),
    /// The signature is not the key's, or not of this message.
    #[error("the signature is not of this message")]
    InvalidSignature,
    /// The MAC is not the key's, or not of this message.
    #[error("the MAC is not of this message")]
    InvalidMac,
    /// A public key that does not parse, or is not on the key's curve; AWS says nothing of it.
    #[error("the public key does not fit")]
    UnfitPublicKey,
    /// Too much of this work waits already.
    #[error("You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")]
    Throttled,
    /// The origin of the key's material does not admit the operation.
    #[error("{0} origin is {1} which is not valid for this operation.")]
    WrongOrigin(Arn, &'static str),
    /// The material that was brought is not what it has to be.
    #[error("{0}")]
    IncorrectKeyMaterial(&'static str),
    /// The import token is none, or another key's.
    #[error("the import token is not valid here")]
    InvalidImportToken,
    /// The import token is too old.
    #[error("the import token has expired")]
    ExpiredImportToken,
    /// The key has no such material.
    #[error("Key material '{1}' is not associated with the KMS key {0}.")]
    NoMaterial(Arn, MaterialId),
    /// No imported material waits for a rotation.
    #[error("No available key material pending rotation for the key: {0}.")]
    NoPendingMaterial(Arn),
    /// Imported material waits for a rotation already.
    #[error(
        "New key material (id: {new}) cannot be imported into KMS key {key}, because another key material (id: {pending}) is pending rotation."
    )]
    AnotherPending {
        /// The key.
        key: Arn,
        /// The material that was brought.
        new: MaterialId,
        /// The one that waits.
        pending: MaterialId,
    },
    /// The feature is not there, or not for such a key.
    #[error("{0}")]
    Unsupported(String),
    /// The key's usage does not fit.
    #[error("{0}")]
    InvalidKeyUsage(String),
    /// The Region has such a key already.
    #[error("{0} already exists.")]
    KeyExists(Arn),
    /// The alias name is taken.
    #[error("An alias with the name {0} already exists")]
    AliasExists(Arn),
    /// The alias name belongs to AWS's services.
    #[error("the name is reserved")]
    ReservedAlias,
    /// A quota is reached.
    #[error("{0}")]
    LimitExceeded(String),
    /// The policy is no policy, or would lock its writer out.
    #[error("{0}")]
    MalformedPolicy(String),
    /// Tags that are repeated, reserved or too many.
    #[error("{0}")]
    Tag(&'static str),
    /// A marker that was not made for these arguments.
    #[error("the marker is not valid here")]
    InvalidMarker,
    /// The key has no such grant.
    #[error("Grant ID {0} not found.")]
    NoGrant(String),
    /// Text that can be no grant's id.
    #[error("the grant id is not valid")]
    InvalidGrantId,
    /// A grant token that is none.
    #[error("the grant token is not valid")]
    InvalidGrantToken,
    /// Something else is under way.
    #[error("{0}")]
    Conflict(String),
    /// Ours to mend: the store.
    #[error("the store could not be read")]
    Store(#[from] StoreError),
    /// Ours to mend: key material that should be there and open.
    #[error("key material could not be opened")]
    Unseal(#[from] UnsealError),
    /// Ours to mend: no random bytes.
    #[error("no random bytes")]
    Entropy(#[from] EntropyFailed),
    /// Ours to mend: an answer could not be encrypted for its recipient.
    #[error("the answer could not be encrypted for its recipient")]
    Envelope(#[from] EnvelopeFailed),
    /// Ours to mend: a cryptographic operation that cannot fail failed.
    #[error("a cryptographic operation failed")]
    Cryptography,
    /// Ours to mend: what holds the key failed.
    #[error("the key could not be used")]
    Backing(#[source] BackingFailed),
}

impl From<BackingFailed> for KmsError {
    fn from(failed: BackingFailed) -> KmsError {
        match failed {
            BackingFailed::Unopenable => KmsError::InvalidCiphertext,
            BackingFailed::Busy => KmsError::Throttled,
            failed => KmsError::Backing(failed),
        }
    }
}

impl From<KmsError> for Failure {
    fn from(error: KmsError) -> Failure {
        let text = error.to_string();
        match error {
            KmsError::Validation(_) => Failure::refused("ValidationException", text),
            KmsError::InvalidKeyId(_)
            | KmsError::OtherRegion(_)
            | KmsError::NoKey(_)
            | KmsError::NoAlias(_)
            | KmsError::NoMaterial(..)
            | KmsError::NoGrant(_)
            | KmsError::NoPolicy => Failure::refused("NotFoundException", text),
            KmsError::NoCustomKeyStore => Failure::silent("CustomKeyStoreNotFoundException", 400),
            KmsError::InvalidArn(_) => Failure::refused("InvalidArnException", text),
            KmsError::HiddenKey => Failure::refused("AccessDeniedException", text),
            KmsError::IncorrectKey => Failure::refused("IncorrectKeyException", text),
            KmsError::InvalidCiphertext => Failure::silent("InvalidCiphertextException", 400),
            KmsError::Disabled(_) => Failure::refused("DisabledException", text),
            KmsError::InvalidState(..) | KmsError::NoPendingMaterial(_) | KmsError::AnotherPending { .. } => {
                Failure::refused("KMSInvalidStateException", text)
            }
            KmsError::IncorrectKeyMaterial(_) => Failure::refused("IncorrectKeyMaterialException", text),
            KmsError::InvalidImportToken => Failure::silent("InvalidImportTokenException", 400),
            KmsError::ExpiredImportToken => Failure::silent("ExpiredImportTokenException", 400),
            KmsError::InvalidSignature => Failure::silent("KMSInvalidSignatureException", 400),
            KmsError::InvalidMac => Failure::silent("KMSInvalidMacException", 400),
            KmsError::UnfitPublicKey => Failure::silent("ValidationException", 400),
            KmsError::Throttled => Failure::refused("ThrottlingException", text),
            KmsError::Unsupported(_) if text.is_empty() => {
                Failure::silent("UnsupportedOperationException", 400)
            }
            KmsError::Unsupported(_) | KmsError::WrongOrigin(..) => {
                Failure::refused("UnsupportedOperationException", text)
            }
            KmsError::InvalidKeyUsage(_) => Failure::refused("InvalidKeyUsageException", text),
            KmsError::KeyExists(_) | KmsError::AliasExists(_) => {
                Failure::refused("AlreadyExistsException", text)
            }
            KmsError::ReservedAlias => Failure::silent("NotAuthorizedException", 400),
            KmsError::LimitExceeded(_) => Failure::refused("LimitExceededException", text),
            KmsError::MalformedPolicy(_) => Failure::refused("MalformedPolicyDocumentException", text),
            KmsError::Tag(_) => Failure::refused("TagException", text),
            KmsError::InvalidMarker => Failure::silent("InvalidMarkerException", 400),
            KmsError::InvalidGrantId => Failure::silent("InvalidGrantIdException", 400),
            KmsError::InvalidGrantToken => Failure::silent("InvalidGrantTokenException", 400),
            KmsError::Conflict(_) => Failure::refused("ConflictException", text),
            KmsError::Store(_)
            | KmsError::Unseal(_)
            | KmsError::Entropy(_)
            | KmsError::Envelope(_)
            | KmsError::Cryptography
            | KmsError::Backing(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a call failed on our side"
                );
                Failure::silent("KMSInternalException", 500)
            }
        }
    }
}
