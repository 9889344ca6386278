//! Encrypting and decrypting under symmetric keys, for all operations that do.

use arn::Place;
use crypto::backing::{BackingFailed, Decryption, Encryption, HeldKey};
use crypto::ciphertext::{self, Header};
use crypto::specs::{self, EncryptionAlgorithm, KeySpec};
use crypto::{Backing, MaterialId};
use engine::{Action, Miss, Permit, View, World};
use model::Blob;
use secret::SecretBytes;

use crate::KmsError;
use crate::context::EncryptionContext;
use crate::key_id::KeyId;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{Algorithm, DryRunModifier};

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

/// What is to be decrypted, as Decrypt and ReEncrypt take it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'i> {
    /// The key that the caller names, if any.
    pub key: Option<&'i str>,
    /// The ciphertext.
    pub ciphertext: Option<&'i [u8]>,
    /// The algorithm that the caller names.
    pub algorithm: Algorithm,
    /// Whether only to ask if it would succeed.
    pub dry_run: bool,
    /// What a dry run leaves unchecked.
    pub modifiers: &'i [DryRunModifier],
    /// The names of the members that hold the key and the ciphertext.
    pub names: [&'static str; 2],
}

impl Subject<'_> {
    /// Finds the key: the one that the caller names, or else the one that the ciphertext names.
    pub fn locate<A: Action>(&self, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        let [key_name, ciphertext_name] = self.names;
        if !self.modifiers.is_empty() && !self.dry_run {
            let text = "DryRunModifiers can only be specified when DryRun is true.";
            return Err(KmsError::Validation(text.to_owned()).into());
        }
        if self.ciphertext.is_none() && !self.ignores_ciphertext() {
            return Err(missing(ciphertext_name).into());
        }
        if let Some(key) = self.key {
            return view.keys().find::<A>(key);
        }
        let ciphertext = match self.ciphertext {
            // Only a ciphertext of a symmetric key names its key, and one to be ignored names none.
            Some(ciphertext)
                if self.algorithm == Algorithm::SymmetricDefault && !self.ignores_ciphertext() =>
            {
                ciphertext
            }
            _ => return Err(missing(key_name).into()),
        };
        let parsed = ciphertext::parse(ciphertext).map_err(|_| KmsError::InvalidCiphertext)?;
        let Header { account, key, .. } = parsed.header();
        let place = Place {
            account: *account,
            region: view.place().region.clone(),
        };
        view.keys()
            .at(&place, KeyId(*key))?
            .ok_or_else(|| KmsError::HiddenKey.into())
    }

    /// What a denied caller hears who named no key: nothing of the key that the ciphertext names.
    pub fn hides_denial(&self) -> Option<KmsError> {
        self.key.is_none().then_some(KmsError::HiddenKey)
    }

    /// State first, then whether it is the key that encrypted, then whether the algorithm is the key's.
    pub fn check(&self, key: &KeyTarget) -> Result<(), KmsError> {
        key.state.usable(&key.arn)?;
        if let Some(ciphertext) = self.ciphertext.filter(|_| !self.ignores_ciphertext()) {
            let parsed = ciphertext::parse(ciphertext).map_err(|_| KmsError::InvalidCiphertext)?;
            let header = parsed.header();
            if header.key != key.id.0 || header.account != key.place.account {
                return Err(KmsError::IncorrectKey);
            }
        }
        check_algorithm(key, self.algorithm)
    }

    fn ignores_ciphertext(&self) -> bool {
        self.modifiers.contains(&DryRunModifier::IgnoreCiphertext)
    }
}

/// The violation of a member that is needed here although the model does not say so.
fn missing(member: &str) -> KmsError {
    KmsError::Validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
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
