//! Imported key material: what its owner brings, and takes away again.
//!
//! Its owner wraps it under a public key that is made for the import, and brings it with the token that opens it. A
//! symmetric key may have several materials: one works, older ones decrypt, and one may wait for a rotation. All but the
//! waiting one belong to the key for good, and the key works only while all of them are here.
//!
//! Source: KMS Developer Guide, "Importing key material for AWS KMS keys"; KMS API Reference, `ImportKeyMaterial`.

mod family;
mod slot;
mod terms;
mod token;
mod wrapping;

use std::sync::Arc;

use crypto::{Material, MaterialId};
use engine::World;
use model::Shape;
use store::Domain;

pub use family::{check_rotation, rotate, tell_lacking};
pub use slot::{Claim, Slot, symmetric_alone, waiting};
pub use terms::Terms;
pub use token::{ImportToken, LIFETIME};
pub use wrapping::{WrappingAlgorithmName, WrappingKeySpecName, check_fit, of_names};

use crate::key_id::KeyId;
use crate::records::{Import, Key, MaterialName, Materials, Origin, Version};
use crate::state::State;
use crate::target::KeyTarget;
use crate::{KmsError, duties, rotation};

/// Whether material is new to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ImportType {
    /// It is.
    NewKeyMaterial,
    /// It was imported before, here or into the primary.
    ExistingKeyMaterial,
}

/// A material that was brought, and on which terms.
#[derive(Debug)]
pub struct Brought {
    /// The material.
    pub material: Arc<Material>,
    /// Its id.
    pub id: MaterialId,
    /// How long it is to stay.
    pub terms: Terms,
    /// What the caller says of it; what was said before, where that is nothing.
    pub description: Option<String>,
}

/// Refuses a key whose material does not come from outside.
pub fn check_origin(key: &KeyTarget) -> Result<(), KmsError> {
    match key.key.origin {
        Origin::External => Ok(()),
        origin @ Origin::AwsKms => Err(KmsError::WrongOrigin(key.arn.clone(), origin.as_str())),
    }
}

/// Puts a material where it belongs. A key that waited for it, and for no other, works from now on.
pub fn take_in(
    world: &mut World<'_>,
    target: &KeyTarget,
    slot: Slot,
    brought: Brought,
) -> Result<(), KmsError> {
    let KeyTarget { domain, id, .. } = *target;
    let Brought {
        material,
        id: material_id,
        terms,
        description,
    } = brought;
    let now = world.now();
    let mut key = Key::clone(&target.key);
    let former = key
        .versions
        .iter()
        .chain(&key.pending)
        .find(|version| version.id() == material_id);
    let former = former.and_then(|version| version.import.clone());
    let import = Import {
        held: true,
        valid_to_ms: terms.valid_to.map(|end| end.milliseconds()),
        description: description.or(former.as_ref().and_then(|former| former.description.clone())),
        lacks_replicas: former.as_ref().is_some_and(|former| former.lacks_replicas),
    };
    if let Some(end) = former.and_then(|former| former.valid_to()) {
        duties::drop_expiry(world, domain, id, material_id, end);
    }
    if let Some(end) = terms.valid_to {
        duties::put_expiry(world, domain, id, material_id, end);
    }
    let is_it = |version: &&mut Version| version.id() == material_id;
    match slot {
        Slot::First => key.versions.push(Version::imported(material_id, now, import)),
        Slot::Again | Slot::NextAgain => {
            if let Some(version) = key.versions.iter_mut().chain(&mut key.pending).find(is_it) {
                version.import = Some(import);
            }
        }
        Slot::Next => {
            if let Some(forgotten) = &key.pending {
                destroy(world, domain, id, forgotten);
            }
            key.pending = Some(Version::imported(material_id, now, import));
            family::announce(world, id, &mut key)?;
        }
    }
    let name = MaterialName {
        key: id,
        id: material_id,
    };
    world.change().put_secret::<Materials>(domain, name, material);
    if target.state == State::PendingImport && key.has_all_material(now) {
        key.enabled = true;
    }
    match slot {
        Slot::NextAgain => family::settle(world, domain, id, key),
        Slot::First | Slot::Again | Slot::Next => {
            rotation::put_key(world, domain, id, key);
            Ok(())
        }
    }
}

/// Takes one of a key's materials away: destroyed now, and its expiry called off. One that waits for a rotation is
/// forgotten, in every Region where the key is the primary of a family; any other can be imported again.
pub fn remove(
    world: &mut World<'_>,
    domain: Domain,
    id: KeyId,
    mut key: Key,
    version: &Version,
) -> Result<(), KmsError> {
    destroy(world, domain, id, version);
    let mut kept = key.versions.iter_mut();
    if let Some(kept) = kept.find(|kept| kept.id() == version.id()) {
        kept.lose();
        rotation::put_key(world, domain, id, key);
        return Ok(());
    }
    let region = &world.view().place().region;
    let relatives = key.relatives.as_ref();
    if relatives.is_some_and(|relatives| !relatives.is_primary(region)) {
        // A replica still knows what it is to be given.
        if let Some(pending) = key.pending.as_mut() {
            pending.lose();
        }
        return family::settle(world, domain, id, key);
    }
    family::forget(world, id, &key)?;
    key.pending = None;
    rotation::put_key(world, domain, id, key);
    Ok(())
}

/// Destroys all of a key's materials, since the key itself is destroyed.
pub fn destroy_all(world: &mut World<'_>, domain: Domain, id: KeyId, key: &Key) {
    for version in key.versions.iter().chain(&key.pending) {
        destroy(world, domain, id, version);
    }
}

/// Destroys a material, if it is here, and calls off its expiry.
fn destroy(world: &mut World<'_>, domain: Domain, id: KeyId, version: &Version) {
    if !version.is_held() {
        return;
    }
    let name = MaterialName {
        key: id,
        id: version.id(),
    };
    world.change().destroy::<Materials>(domain, name);
    if let Some(end) = version.import.as_ref().and_then(Import::valid_to) {
        duties::drop_expiry(world, domain, id, version.id(), end);
    }
}
