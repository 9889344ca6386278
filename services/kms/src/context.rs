//! The encryption context: name-value pairs that a ciphertext is bound to and that are recorded in clear.
//!
//! Source: KMS Developer Guide, "Encryption context".

use std::collections::BTreeMap;

use crypto::specs::EncryptionAlgorithm;
use model::Shape;

use crate::KmsError;

/// Pairs of texts; compared exactly, in any order, and the same as absent when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Shape)]
#[shape(transparent)]
pub struct EncryptionContext(BTreeMap<String, String>);

/// Bytes of all names and values together. Source: KMS API Reference, `EncryptionContext`.
const MOST_BYTES: usize = 8192;

impl EncryptionContext {
    /// The pairs, by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A context of these pairs.
    pub fn of(pairs: BTreeMap<String, String>) -> EncryptionContext {
        EncryptionContext(pairs)
    }

    /// The pairs, as the cryptography takes them.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Refuses a context where the algorithm binds none.
    pub fn check_for(&self, algorithm: &EncryptionAlgorithm) -> Result<(), KmsError> {
        if self.0.is_empty() || algorithm.takes_context {
            return Ok(());
        }
        Err(KmsError::Validation(format!(
            "EncryptionContext is not supported with algorithm {}.",
            algorithm.name
        )))
    }

    /// Refuses a context that is too large.
    pub fn check(&self) -> Result<(), KmsError> {
        let bytes: usize = self.pairs().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MOST_BYTES {
            return Err(KmsError::Validation(format!(
                "The encryption context is too large: it may have {MOST_BYTES} bytes."
            )));
        }
        Ok(())
    }
}
