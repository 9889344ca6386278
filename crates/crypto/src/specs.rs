//! The kinds of key that can be made: one family a file, and each spec a line in [`KEY_SPECS`].

mod symmetric;

use std::fmt;

use ambient::{Entropy, EntropyFailed};
use secret::SecretBytes;

use crate::backing::{BackingFailed, Decryption, Encryption};
use crate::material::Material;

/// All of them.
pub static KEY_SPECS: &[&KeySpec] = &[&symmetric::SYMMETRIC_DEFAULT];

/// The spec of this name, as on the wire; `None` where there is no such key to be made.
pub fn find(name: &str) -> Option<&'static KeySpec> {
    KEY_SPECS.iter().find(|spec| spec.name == name).copied()
}

/// What a key is made for; chosen when it is made, and for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUsage {
    /// Encrypt, decrypt, and make data keys.
    EncryptDecrypt,
}

impl KeyUsage {
    /// The name on the wire. Source: KMS API Reference, `KeyUsage`.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyUsage::EncryptDecrypt => "ENCRYPT_DECRYPT",
        }
    }
}

/// A kind of key. There is one value for each, in [`KEY_SPECS`].
pub struct KeySpec {
    /// The name on the wire. Source: KMS API Reference, `KeySpec`.
    pub name: &'static str,
    /// What keys of it can be made for, each with its algorithms; the first where none is named.
    pub uses: &'static [Use],
    /// Whether rotation can give a key of it new material.
    pub rotates: bool,
    work: &'static dyn Work,
}

/// One usage of a spec, with the algorithms that it has for it.
#[derive(Debug)]
pub enum Use {
    /// [`KeyUsage::EncryptDecrypt`].
    Encryption(&'static [EncryptionAlgorithm]),
}

/// A way to encrypt.
#[derive(Debug, PartialEq, Eq)]
pub struct EncryptionAlgorithm {
    /// The name on the wire. Source: KMS API Reference, `EncryptionAlgorithmSpec`.
    pub name: &'static str,
    /// The longest plaintext that Encrypt takes, in bytes.
    pub longest_plaintext: usize,
    /// Whether it binds an encryption context.
    pub takes_context: bool,
}

/// What a family does with material in this process; what it has no operation for it refuses.
pub(crate) trait Work: Sync {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, EntropyFailed>;

    fn encrypt(
        &self,
        _material: &Material,
        _request: &Encryption<'_>,
        _entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn decrypt(&self, _material: &Material, _request: &Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}

impl Use {
    /// Which usage this is.
    pub fn usage(&self) -> KeyUsage {
        match self {
            Use::Encryption(_) => KeyUsage::EncryptDecrypt,
        }
    }
}

impl KeySpec {
    /// The algorithms to encrypt with; none where keys of this spec do not encrypt.
    pub fn encryption_algorithms(&self) -> &'static [EncryptionAlgorithm] {
        let encryption = self
            .uses
            .iter()
            .map(|Use::Encryption(algorithms)| *algorithms)
            .next();
        encryption.unwrap_or_default()
    }

    pub(crate) fn work(&self) -> &'static dyn Work {
        self.work
    }
}

impl PartialEq for KeySpec {
    fn eq(&self, other: &KeySpec) -> bool {
        self.name == other.name
    }
}

impl Eq for KeySpec {}

impl fmt::Debug for KeySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_is_found_by_its_name_alone() {
        for spec in KEY_SPECS {
            assert_eq!(find(spec.name), Some(*spec));
            assert!(!spec.uses.is_empty());
        }
        assert_eq!(find("symmetric_default"), None);
        assert_eq!(find("RSA_2048"), None);
    }

    #[test]
    fn a_symmetric_key_encrypts_up_to_4096_bytes_with_a_context() {
        let spec = find("SYMMETRIC_DEFAULT").unwrap();
        let usages: Vec<_> = spec.uses.iter().map(|each| each.usage().as_str()).collect();
        assert_eq!(usages, ["ENCRYPT_DECRYPT"]);
        let [algorithm] = spec.encryption_algorithms() else {
            panic!("one algorithm")
        };
        assert_eq!(
            (
                algorithm.name,
                algorithm.longest_plaintext,
                algorithm.takes_context
            ),
            ("SYMMETRIC_DEFAULT", 4096, true)
        );
    }
}
