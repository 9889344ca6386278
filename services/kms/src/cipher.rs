//! Encrypting and decrypting under symmetric keys, for all operations that do.

use crypto::backing::{BackingFailed, Decryption, Encryption, HeldKey};
use crypto::ciphertext::{self, Header};
use crypto::specs::{self, EncryptionAlgorithm, KeySpec};
use crypto::{Backing, MaterialId};
use engine::{Action, Permit, World};
use model::Blob;
use secret::SecretBytes;

use crate::KmsError;
use crate::context::EncryptionContext;
use crate::key_id::KeyId;
use crate::target::KeyTarget;
use crate::wire::Algorithm;

/// A ciphertext, and the material that it was made with.
#[derive(Debug)]
pub struct Sealed {
    /// The ciphertext.
    pub blob: Blob,
    /// Which of the key's materials encrypted.
    pub material: MaterialId,
}

/// A plaintext, and the material that opened it.
#[derive(Debug)]
pub struct Opened {
    /// The plaintext.
    pub plaintext: SecretBytes,
    /// Which of the key's materials decrypted.
    pub material: MaterialId,
}

/// Encrypts under the key's current material, with a permit for action `A` on it.
pub async fn seal<A: Action>(
    world: &World<'_>,
    permit: &Permit<impl Send + Sync>,
    key: &KeyTarget,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Sealed, KmsError> {
    let version = key.key.current().ok_or(KmsError::Cryptography)?;
    let material = world.unseal::<A>(permit, &key.material(version))?;
    let (spec, algorithm) = symmetric()?;
    let header = Header {
        account: key.place.account,
        key: key.id.0,
        material: version.id(),
    };
    let request = Encryption {
        algorithm,
        header: &header,
        context: context.as_map(),
        plaintext,
    };
    let blob = world
        .backing()
        .encrypt(&HeldKey { spec, material }, request)
        .await;
    let blob = blob.map_err(|_| KmsError::Cryptography)?;
    Ok(Sealed {
        blob: Blob(blob),
        material: version.id(),
    })
}

/// Decrypts with the material that the ciphertext names, with a permit for action `A` on its key.
pub async fn open<A: Action>(
    world: &World<'_>,
    permit: &Permit<impl Send + Sync>,
    key: &KeyTarget,
    context: &EncryptionContext,
    ciphertext: &[u8],
) -> Result<Opened, KmsError> {
    let parsed = ciphertext::parse(ciphertext).map_err(|_| KmsError::InvalidCiphertext)?;
    let named = parsed.header().material;
    let version = key.key.versions.iter().find(|version| version.id() == named);
    let version = version.ok_or(KmsError::InvalidCiphertext)?;
    let material = world.unseal::<A>(permit, &key.material(version))?;
    let (spec, algorithm) = symmetric()?;
    let request = Decryption {
        algorithm,
        context: context.as_map(),
        ciphertext,
    };
    let plaintext = world
        .backing()
        .decrypt(&HeldKey { spec, material }, request)
        .await;
    match plaintext {
        Ok(plaintext) => Ok(Opened {
            plaintext,
            material: named,
        }),
        Err(BackingFailed::Unopenable) => Err(KmsError::InvalidCiphertext),
        Err(_) => Err(KmsError::Cryptography),
    }
}

/// The key that a ciphertext says it was made under: account and id. The Region is the caller's to know.
pub fn named_key(ciphertext: &[u8]) -> Result<(arn::AccountId, KeyId), KmsError> {
    let parsed = ciphertext::parse(ciphertext).map_err(|_| KmsError::InvalidCiphertext)?;
    let Header { account, key, .. } = parsed.header();
    Ok((*account, KeyId(*key)))
}

/// Refuses an algorithm that the key does not have.
pub fn check_algorithm(key: &KeyTarget, algorithm: Algorithm) -> Result<(), KmsError> {
    let spec = specs::find(&key.key.spec).ok_or(KmsError::Cryptography)?;
    if spec
        .encryption_algorithms()
        .iter()
        .any(|known| known.name == algorithm.as_str())
    {
        return Ok(());
    }
    Err(KmsError::InvalidKeyUsage(format!(
        "Algorithm {algorithm} is incompatible with key spec {}.",
        spec.name
    )))
}

fn symmetric() -> Result<(&'static KeySpec, &'static EncryptionAlgorithm), KmsError> {
    let spec = specs::find("SYMMETRIC_DEFAULT").ok_or(KmsError::Cryptography)?;
    let algorithm = spec
        .encryption_algorithms()
        .first()
        .ok_or(KmsError::Cryptography)?;
    Ok((spec, algorithm))
}
