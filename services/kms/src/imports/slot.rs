//! What a material that is brought is to its key.

use ambient::Timestamp;
use crypto::MaterialId;

use super::ImportType;
use crate::KmsError;
use crate::multi_region;
use crate::records::Version;
use crate::target::KeyTarget;

/// What a material is to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The first of all, which works from now on.
    First,
    /// One that the key had already, and has for good.
    Again,
    /// A new one, to wait for a rotation.
    Next,
    /// The one that waits for a rotation already, or is to.
    NextAgain,
}

/// What the caller says of the material.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Whether it is new.
    pub kind: Option<ImportType>,
    /// Which one it is.
    pub id: Option<MaterialId>,
}

/// The material that waits for a rotation of `key`, or in a replica is to. One that has expired is forgotten, but a
/// replica can be given it again.
pub fn waiting(key: &KeyTarget, now: Timestamp) -> Option<&Version> {
    let pending = key.key.pending.as_ref()?;
    (key.is_replica() || !pending.has_expired(now)).then_some(pending)
}

impl Claim {
    /// Whether the material is new, as the caller says or, where it does not, as the key has it.
    fn kind_for(self, key: &KeyTarget) -> ImportType {
        self.kind.unwrap_or(match key.key.versions.is_empty() {
            true => ImportType::NewKeyMaterial,
            false => ImportType::ExistingKeyMaterial,
        })
    }

    /// Refuses a claim that contradicts itself: material that is new has no id yet.
    pub fn check_alone(self) -> Result<(), KmsError> {
        match (self.kind, self.id) {
            (Some(ImportType::NewKeyMaterial), Some(_)) => Err(new_with_id()),
            _ => Ok(()),
        }
    }

    /// Refuses a claim that no material can meet: a replica is given what its primary has, and nothing is known to a key
    /// that was never given anything.
    pub fn check(self, key: &KeyTarget) -> Result<(), KmsError> {
        if !key.key.is_symmetric() {
            return match (self.kind, self.id) {
                (None, None) => Ok(()),
                _ => Err(symmetric_alone("ImportType and KeyMaterialId")),
            };
        }
        match self.kind_for(key) {
            ImportType::NewKeyMaterial if self.id.is_some() => Err(new_with_id()),
            ImportType::NewKeyMaterial if key.is_replica() => multi_region::check_primary(key),
            ImportType::ExistingKeyMaterial if key.key.versions.is_empty() => Err(
                KmsError::IncorrectKeyMaterial("No key material was imported into the KMS key before."),
            ),
            _ => Ok(()),
        }
    }

    /// What the material `id` is to `key`; refused where it is not what the caller claims.
    pub fn slot_of(self, key: &KeyTarget, id: MaterialId, now: Timestamp) -> Result<Slot, KmsError> {
        let record = &key.key;
        let known = record.versions.iter().any(|version| version.id() == id);
        let waiting = waiting(key, now).map(Version::id);
        if !record.is_symmetric() {
            return match (record.versions.is_empty(), known) {
                (true, _) => Ok(Slot::First),
                (false, true) => Ok(Slot::Again),
                (false, false) => Err(other_material()),
            };
        }
        match (self.kind_for(key), waiting) {
            (ImportType::NewKeyMaterial, _) if known || waiting == Some(id) => Err(
                KmsError::IncorrectKeyMaterial("The key material is associated with the KMS key already."),
            ),
            (ImportType::NewKeyMaterial, _) if record.versions.is_empty() => Ok(Slot::First),
            (ImportType::NewKeyMaterial, Some(other)) => Err(KmsError::AnotherPending {
                key: key.arn.clone(),
                new: id,
                pending: other,
            }),
            (ImportType::NewKeyMaterial, None) => Ok(Slot::Next),
            (ImportType::ExistingKeyMaterial, _) if self.id.is_some_and(|named| named != id) => {
                Err(KmsError::IncorrectKeyMaterial(
                    "The key material is not the one that the KeyMaterialId names.",
                ))
            }
            (ImportType::ExistingKeyMaterial, _) if known => Ok(Slot::Again),
            (ImportType::ExistingKeyMaterial, Some(other)) if other == id => Ok(Slot::NextAgain),
            (ImportType::ExistingKeyMaterial, _) => Err(other_material()),
        }
    }
}

/// The refusal of members that only symmetric encryption keys have a use for.
pub fn symmetric_alone(members: &str) -> KmsError {
    KmsError::Unsupported(format!(
        "{members} can only be specified for symmetric encryption KMS keys."
    ))
}

fn new_with_id() -> KmsError {
    KmsError::Validation("A KeyMaterialId must not be set if the ImportType is NEW_KEY_MATERIAL".to_owned())
}

fn other_material() -> KmsError {
    KmsError::IncorrectKeyMaterial("The key material is not one that was imported into the KMS key before.")
}
