//! Encrypting and decrypting, for all operations that do.

use arn::Place;
use crypto::backing::{Decryption, Encryption};
use crypto::ciphertext::{self, Header};
use crypto::specs::{self, EncryptionAlgorithm, KeySpec, KeyUsage};
use crypto::{Backing, MaterialId};
use engine::{Action, Miss, Permit, View, World};
use model::Blob;
use secret::SecretBytes;

use crate::context::EncryptionContext;
use crate::key_id::KeyId;
use crate::key_kinds::{EncapsulationAlgorithm, MacAlgorithm};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{Algorithm, DryRunModifier};
use crate::{KmsError, state};

/// A ciphertext, and the material that it was made with.
#[derive(Debug)]
pub struct Sealed {
    /// The ciphertext.
    pub blob: Blob,
    /// Which of the key's materials encrypted; told of symmetric keys alone.
    pub material: Option<MaterialId>,
}

/// A plaintext, and the material that opened it.
#[derive(Debug)]
pub struct Opened {
    /// The plaintext.
    pub plaintext: SecretBytes,
    /// Which of the key's materials decrypted; told of symmetric keys alone.
    pub material: Option<MaterialId>,
}

/// Encrypts under the key's current material, with a permit for action `A` on it.
pub async fn seal<A: Action>(
    world: &World<'_>,
    permit: &Permit<impl Send + Sync>,
    key: &KeyTarget,
    how: Algorithm,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Sealed, KmsError> {
    let version = key.key.current().ok_or(KmsError::Cryptography)?;
    let held = key.unseal_version::<A>(world, permit, version)?;
    let algorithm = held.spec.encryption(how.as_str()).ok_or(KmsError::Cryptography)?;
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
    let blob = world.backing().encrypt(&held, request).await?;
    Ok(Sealed {
        blob: Blob(blob),
        material: algorithm.takes_context.then(|| version.id()),
    })
}

/// Decrypts with the material that the ciphertext names, or with a private key, with a permit for action `A` on the key.
pub async fn open<A: Action>(
    world: &World<'_>,
    permit: &Permit<impl Send + Sync>,
    key: &KeyTarget,
    how: Algorithm,
    context: &EncryptionContext,
    ciphertext: &[u8],
) -> Result<Opened, KmsError> {
    let version = match how {
        Algorithm::SymmetricDefault => {
            let parsed = ciphertext::parse(ciphertext).map_err(|_| KmsError::InvalidCiphertext)?;
            let named = parsed.header().material;
            key.key.versions.iter().find(|version| version.id() == named)
        }
        _ => key.key.current(),
    };
    let version = version.ok_or(KmsError::InvalidCiphertext)?;
    let held = key.unseal_version::<A>(world, permit, version)?;
    let algorithm = held.spec.encryption(how.as_str()).ok_or(KmsError::Cryptography)?;
    let request = Decryption {
        algorithm,
        context: context.as_map(),
        ciphertext,
    };
    Ok(Opened {
        plaintext: world.backing().decrypt(&held, request).await?,
        material: algorithm.takes_context.then(|| version.id()),
    })
}

/// What is to be decrypted, as Decrypt and ReEncrypt take it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'i> {
    /// The key that the caller names, if any.
    pub key: Option<&'i str>,
    /// The ciphertext.
    pub ciphertext: Option<&'i [u8]>,
    /// The pairs that it was encrypted with.
    pub context: &'i EncryptionContext,
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

    /// State first, then whether it is the key that encrypted, then whether it decrypts at all and so. A dry run that
    /// ignores the ciphertext asks for the authorization alone, and for what needs no ciphertext.
    pub fn check(&self, key: &KeyTarget, operation: &str) -> Result<(), KmsError> {
        key.state.require(state::USABLE, &key.arn)?;
        let ciphertext = self.ciphertext.filter(|_| !self.ignores_ciphertext());
        let symmetric = ciphertext.filter(|_| self.algorithm == Algorithm::SymmetricDefault);
        if let Some(Ok(parsed)) = symmetric.map(ciphertext::parse) {
            let header = parsed.header();
            if header.key != key.id.0 || header.account != key.place.account {
                return Err(KmsError::IncorrectKey);
            }
        }
        self.context
            .check_for(check_algorithm(key, self.algorithm, operation)?)?;
        // A symmetric key's own ciphertext parses.
        match (symmetric.map(ciphertext::parse), ciphertext) {
            (Some(Err(_)), _) => Err(KmsError::InvalidCiphertext),
            (None, Some(asymmetric)) if !key.spec()?.fits_ciphertext(asymmetric.len()) => {
                Err(KmsError::InvalidCiphertext)
            }
            _ => Ok(()),
        }
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

/// Refuses a key that is not for encryption, and an algorithm that it does not have.
pub fn check_algorithm(
    key: &KeyTarget,
    algorithm: Algorithm,
    operation: &str,
) -> Result<&'static EncryptionAlgorithm, KmsError> {
    let spec = key.made_for(KeyUsage::EncryptDecrypt, operation)?;
    spec.encryption(algorithm.as_str())
        .ok_or_else(|| incompatible(algorithm.as_str(), spec))
}

/// Refuses a key that is no symmetric encryption key, which data keys need.
pub fn check_symmetric(key: &KeyTarget, operation: &str) -> Result<(), KmsError> {
    check_algorithm(key, Algorithm::SymmetricDefault, operation).map(|_| ())
}

/// Has the call's record tell which material worked, where that is told.
pub fn note(world: &mut World<'_>, name: &str, material: Option<MaterialId>) {
    if let Some(material) = material {
        world.note(name, material.to_string());
    }
}

/// The way to make MACs that a caller names, if the key is for MACs and has it.
pub fn mac_algorithm(
    key: &KeyTarget,
    algorithm: MacAlgorithm,
    operation: &str,
) -> Result<&'static specs::MacAlgorithm, KmsError> {
    let spec = key.made_for(KeyUsage::GenerateVerifyMac, operation)?;
    let name = algorithm.as_str();
    spec.mac(name).ok_or_else(|| incompatible(name, spec))
}

/// The way to encapsulate secrets that a caller names, if the key is for that and has it.
pub fn encapsulation_algorithm(
    key: &KeyTarget,
    algorithm: EncapsulationAlgorithm,
    operation: &str,
) -> Result<&'static specs::EncapsulationAlgorithm, KmsError> {
    let spec = key.made_for(KeyUsage::EncapsulateDecapsulate, operation)?;
    let name = algorithm.as_str();
    spec.encapsulation(name).ok_or_else(|| incompatible(name, spec))
}

/// The refusal of an algorithm that keys of a spec do not have.
pub fn incompatible(algorithm: &str, spec: &KeySpec) -> KmsError {
    KmsError::InvalidKeyUsage(format!(
        "Algorithm {algorithm} is incompatible with key spec {}.",
        spec.name
    ))
}

/// Refuses what can't be encrypted: under an algorithm that binds no context there is none to give, and the plaintext has
/// a limit.
pub fn check_plaintext(
    key: &KeyTarget,
    algorithm: &EncryptionAlgorithm,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<(), KmsError> {
    context.check_for(algorithm)?;
    if plaintext.len() > algorithm.longest_plaintext {
        return Err(KmsError::Validation(format!(
            "Algorithm {} and key spec {} cannot encrypt data larger than {} bytes.",
            algorithm.name, key.key.spec, algorithm.longest_plaintext
        )));
    }
    Ok(())
}
