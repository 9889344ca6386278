//! Who holds keys and works with them.
//!
//! [`InProcess`] does it here. A token behind PKCS#11 or an external key manager behind a proxy is another
//! [`Backing`]: it takes its time, may be away, and its keys are names of things elsewhere.

mod in_process;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use ambient::EntropyFailed;
use secret::SecretBytes;

use crate::SealFailed;
use crate::ciphertext::Header;
use crate::specs::{
    AgreementAlgorithm, EncapsulationAlgorithm, EncryptionAlgorithm, KeySpec, MacAlgorithm, SigningAlgorithm,
};

pub use in_process::{DataKeyPair, HeldKey, InProcess};

/// One text to encrypt.
#[derive(Clone, Copy)]
pub struct Encryption<'a> {
    /// How.
    pub algorithm: &'static EncryptionAlgorithm,
    /// What the ciphertext says of its key, where it says anything.
    pub header: &'a Header,
    /// The pairs that the ciphertext is bound to, where it is bound to any.
    pub context: &'a BTreeMap<String, String>,
    /// The text; it is a secret.
    pub plaintext: &'a [u8],
}

/// One ciphertext to decrypt.
#[derive(Debug, Clone, Copy)]
pub struct Decryption<'a> {
    /// How.
    pub algorithm: &'static EncryptionAlgorithm,
    /// The pairs that the ciphertext is bound to, where it is bound to any.
    pub context: &'a BTreeMap<String, String>,
    /// The ciphertext, whole.
    pub ciphertext: &'a [u8],
}

/// What of a message is to be signed, or was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// The message itself.
    Raw(&'a [u8]),
    /// Its digest, as long as the algorithm has it.
    Digest(&'a [u8]),
    /// FIPS 204's message representative, 64 bytes.
    ExternalMu(&'a [u8]),
}

/// One message to sign.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// How.
    pub algorithm: &'static SigningAlgorithm,
    /// The message.
    pub message: Message<'a>,
}

/// One signature to verify.
#[derive(Debug, Clone, Copy)]
pub struct VerificationOfSignature<'a> {
    /// How it was made.
    pub algorithm: &'static SigningAlgorithm,
    /// The message it should be of.
    pub message: Message<'a>,
    /// The signature.
    pub signature: &'a [u8],
}

/// One MAC to verify.
#[derive(Clone, Copy)]
pub struct VerificationOfMac<'a> {
    /// How it was made.
    pub algorithm: &'static MacAlgorithm,
    /// The message it should be of.
    pub message: &'a [u8],
    /// The MAC.
    pub mac: &'a [u8],
}

/// A secret, and what its holder's peer gets it from.
#[derive(Debug)]
pub struct Encapsulated {
    /// The secret.
    pub secret: SecretBytes,
    /// Its ciphertext under the public key.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for Encryption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Encryption({}, {} bytes)",
            self.algorithm.name,
            self.plaintext.len()
        )
    }
}

impl Message<'_> {
    /// The bytes, whatever they are.
    pub fn bytes(&self) -> &[u8] {
        let (Message::Raw(bytes) | Message::Digest(bytes) | Message::ExternalMu(bytes)) = self;
        bytes
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} bytes)", self.bytes().len())
    }
}

impl fmt::Debug for VerificationOfMac<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationOfMac({})", self.algorithm.name)
    }
}

/// Why a backing did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackingFailed {
    /// The ciphertext was changed, or made by another key, by other means or with another context.
    #[error("the ciphertext does not open under this key and context")]
    Unopenable,
    /// The signature or MAC is not this key's, or not of this message.
    #[error("the signature or MAC is not of this message by this key")]
    Mismatch,
    /// What was given is no key of the kind that is needed.
    #[error("the key that was given is not of the right kind")]
    UnfitKey,
    /// Keys of this kind have no such operation, or the backing has none for them.
    #[error("the key has no such operation")]
    Unsupported,
    /// The text is too long for the key.
    #[error("the plaintext is too long")]
    TooLong,
    /// More is asked for than can be done, and so much waits already that this was not taken on.
    #[error("too much work of this kind waits already")]
    Busy,
    /// The backing can't be reached now, or did not answer in time; the same call may do later.
    #[error("the key is not to be reached: {cause}")]
    Unavailable {
        /// What the operator may read.
        cause: String,
    },
    /// The backing failed in itself.
    #[error("the key's backing failed: {cause}")]
    Failed {
        /// What the operator may read.
        cause: String,
    },
}

impl BackingFailed {
    /// The cryptographic library refused a call that it never should.
    pub(crate) fn library() -> BackingFailed {
        SealFailed::Library.into()
    }
}

impl From<SealFailed> for BackingFailed {
    fn from(failed: SealFailed) -> BackingFailed {
        match failed {
            SealFailed::TooLong => BackingFailed::TooLong,
            SealFailed::Entropy | SealFailed::Library => BackingFailed::Failed {
                cause: failed.to_string(),
            },
        }
    }
}

impl From<EntropyFailed> for BackingFailed {
    fn from(failed: EntropyFailed) -> BackingFailed {
        SealFailed::from(failed).into()
    }
}

/// Holds keys and works with them.
///
/// Every operation may take its time: the caller sets the deadline, and dropping a future gives the operation
/// up, though the backing may still carry it out. None of them holds up a thread that others need.
pub trait Backing: Send + Sync + 'static {
    /// What the backing needs to work with one key: here the material, elsewhere a handle or a name.
    type Key: Send + Sync + 'static;

    /// Makes a key. Where it is made outside of this process it stands there before the caller has recorded
    /// it, and is an orphan if that fails.
    fn generate(
        &self,
        spec: &'static KeySpec,
    ) -> impl Future<Output = Result<Self::Key, BackingFailed>> + Send;

    /// The public key: SubjectPublicKeyInfo in DER.
    fn public_key(&self, key: &Self::Key) -> impl Future<Output = Result<Vec<u8>, BackingFailed>> + Send;

    /// Encrypts one text.
    fn encrypt(
        &self,
        key: &Self::Key,
        request: Encryption<'_>,
    ) -> impl Future<Output = Result<Vec<u8>, BackingFailed>> + Send;

    /// Decrypts one ciphertext. Every failure that lies in the ciphertext or the context is the same one.
    fn decrypt(
        &self,
        key: &Self::Key,
        request: Decryption<'_>,
    ) -> impl Future<Output = Result<SecretBytes, BackingFailed>> + Send;

    /// Signs one message.
    fn sign(
        &self,
        key: &Self::Key,
        request: Signing<'_>,
    ) -> impl Future<Output = Result<Vec<u8>, BackingFailed>> + Send;

    /// Verifies one signature; [`BackingFailed::Mismatch`] where it is none of this message.
    fn verify(
        &self,
        key: &Self::Key,
        request: VerificationOfSignature<'_>,
    ) -> impl Future<Output = Result<(), BackingFailed>> + Send;

    /// Makes the MAC of one message.
    fn mac(
        &self,
        key: &Self::Key,
        algorithm: &'static MacAlgorithm,
        message: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, BackingFailed>> + Send;

    /// Verifies one MAC, in constant time; [`BackingFailed::Mismatch`] where it is none of this message.
    fn verify_mac(
        &self,
        key: &Self::Key,
        request: VerificationOfMac<'_>,
    ) -> impl Future<Output = Result<(), BackingFailed>> + Send;

    /// The secret shared with the holder of a public key, which is a SubjectPublicKeyInfo in DER;
    /// [`BackingFailed::UnfitKey`] where that is none on the same curve.
    fn agree(
        &self,
        key: &Self::Key,
        algorithm: &'static AgreementAlgorithm,
        peer: &[u8],
    ) -> impl Future<Output = Result<SecretBytes, BackingFailed>> + Send;

    /// Makes a secret that the holder of the private key can get.
    fn encapsulate(
        &self,
        key: &Self::Key,
        algorithm: &'static EncapsulationAlgorithm,
    ) -> impl Future<Output = Result<Encapsulated, BackingFailed>> + Send;

    /// Gets the secret. A ciphertext of another key gives another secret, and one of another length fails.
    fn decapsulate(
        &self,
        key: &Self::Key,
        algorithm: &'static EncapsulationAlgorithm,
        ciphertext: &[u8],
    ) -> impl Future<Output = Result<SecretBytes, BackingFailed>> + Send;

    /// Destroys the key, as far as it lives in the backing; done already is done.
    fn destroy(&self, key: Self::Key) -> impl Future<Output = Result<(), BackingFailed>> + Send;
}
