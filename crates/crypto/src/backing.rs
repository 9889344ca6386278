//! Who holds keys and works with them.
//!
//! [`InProcess`] does it here. A token behind PKCS#11 or an external key manager behind a proxy is another
//! [`Backing`]: it takes its time, may be away, and its keys are names of things elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use ambient::{Entropy, EntropyFailed};
use secret::SecretBytes;

use crate::SealFailed;
use crate::ciphertext::Header;
use crate::material::Material;
use crate::specs::{EncryptionAlgorithm, KeySpec};

/// One text to encrypt.
#[derive(Clone, Copy)]
pub struct Encryption<'a> {
    /// How.
    pub algorithm: &'static EncryptionAlgorithm,
    /// What the ciphertext says of its key, where it says anything.
    pub header: &'a Header,
    /// The pairs that the ciphertext is bound to.
    pub context: &'a BTreeMap<String, String>,
    /// The text; it is a secret.
    pub plaintext: &'a [u8],
}

/// One ciphertext to decrypt.
#[derive(Debug, Clone, Copy)]
pub struct Decryption<'a> {
    /// How.
    pub algorithm: &'static EncryptionAlgorithm,
    /// The pairs that the ciphertext is bound to.
    pub context: &'a BTreeMap<String, String>,
    /// The ciphertext, whole.
    pub ciphertext: &'a [u8],
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

/// Why a backing did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackingFailed {
    /// The ciphertext was changed, or made by another key, by other means or with another context.
    #[error("the ciphertext does not open under this key and context")]
    Unopenable,
    /// Keys of this kind have no such operation, or the backing has none for them.
    #[error("the key has no such operation")]
    Unsupported,
    /// The text is too long for the key.
    #[error("the plaintext is too long")]
    TooLong,
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

    /// Destroys the key, as far as it lives in the backing; done already is done.
    fn destroy(&self, key: Self::Key) -> impl Future<Output = Result<(), BackingFailed>> + Send;
}

/// Works with material in this process, and answers at once.
pub struct InProcess {
    entropy: Arc<dyn Entropy>,
}

/// A key of [`InProcess`]: material that the store keeps sealed.
#[derive(Debug, Clone)]
pub struct HeldKey {
    /// What kind of key it is.
    pub spec: &'static KeySpec,
    /// Its material, erased when the last who holds it lets go.
    pub material: Arc<Material>,
}

impl InProcess {
    /// Takes its random bytes from `entropy`.
    pub fn new(entropy: Arc<dyn Entropy>) -> InProcess {
        InProcess { entropy }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl Backing for InProcess {
    type Key = HeldKey;

    async fn generate(&self, spec: &'static KeySpec) -> Result<HeldKey, BackingFailed> {
        let material = Arc::new(spec.work().generate(&*self.entropy)?);
        Ok(HeldKey { spec, material })
    }

    async fn encrypt(&self, key: &HeldKey, request: Encryption<'_>) -> Result<Vec<u8>, BackingFailed> {
        supported(key.spec, request.algorithm)?;
        key.spec.work().encrypt(&key.material, &request, &*self.entropy)
    }

    async fn decrypt(&self, key: &HeldKey, request: Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        supported(key.spec, request.algorithm)?;
        key.spec.work().decrypt(&key.material, &request)
    }

    /// Lets go of the material; the caller has deleted the row that kept it.
    async fn destroy(&self, key: HeldKey) -> Result<(), BackingFailed> {
        drop(key);
        Ok(())
    }
}

fn supported(spec: &KeySpec, algorithm: &EncryptionAlgorithm) -> Result<(), BackingFailed> {
    if spec.encryption_algorithms().contains(algorithm) {
        Ok(())
    } else {
        Err(BackingFailed::Unsupported)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::material::{KeyKind, KeyName, MaterialId};
    use crate::specs;
    use ambient::SeededEntropy;

    /// The answer of a backing that never waits.
    fn at_once<T>(work: impl Future<Output = T> + Send) -> T {
        match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => panic!("it waits"),
        }
    }

    fn spec() -> &'static KeySpec {
        specs::find("SYMMETRIC_DEFAULT").unwrap()
    }

    fn header() -> Header {
        Header {
            account: "111122223333".parse().unwrap(),
            key: KeyName::new(KeyKind::SingleRegion, [1; 16]),
            material: MaterialId::from_bytes([2; 32]),
        }
    }

    #[test]
    fn keys_in_process_answer_at_once() {
        let backing = InProcess::new(Arc::new(SeededEntropy::new(1)));
        let key = at_once(backing.generate(spec())).unwrap();
        let (algorithm, context) = (&spec().encryption_algorithms()[0], BTreeMap::new());
        let ciphertext = at_once(backing.encrypt(
            &key,
            Encryption {
                algorithm,
                header: &header(),
                context: &context,
                plaintext: b"text",
            },
        ))
        .unwrap();
        let decrypt = |key: &HeldKey, ciphertext: &[u8]| {
            at_once(backing.decrypt(
                key,
                Decryption {
                    algorithm,
                    context: &context,
                    ciphertext,
                },
            ))
        };
        assert_eq!(decrypt(&key, &ciphertext).unwrap().expose(), b"text");
        let other = at_once(backing.generate(spec())).unwrap();
        for (key, ciphertext) in [
            (&other, &ciphertext[..]),
            (&key, b"no ciphertext"),
            (&key, &ciphertext[1..]),
        ] {
            assert_eq!(decrypt(key, ciphertext), Err(BackingFailed::Unopenable));
        }
        assert_eq!(at_once(backing.destroy(key)), Ok(()));
    }

    #[test]
    fn an_algorithm_that_is_not_the_keys_is_refused() {
        static OTHER: EncryptionAlgorithm = EncryptionAlgorithm {
            name: "RSAES_OAEP_SHA_256",
            longest_plaintext: 190,
            takes_context: false,
        };
        let backing = InProcess::new(Arc::new(SeededEntropy::new(1)));
        let key = at_once(backing.generate(spec())).unwrap();
        let request = Encryption {
            algorithm: &OTHER,
            header: &header(),
            context: &BTreeMap::new(),
            plaintext: b"text",
        };
        assert_eq!(format!("{request:?}"), "Encryption(RSAES_OAEP_SHA_256, 4 bytes)");
        assert_eq!(
            at_once(backing.encrypt(&key, request)),
            Err(BackingFailed::Unsupported)
        );
    }
}
