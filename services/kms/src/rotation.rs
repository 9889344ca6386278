//! New material for a key; what it encrypted before stays readable.
//!
//! Source: KMS Developer Guide, "Rotate AWS KMS keys".

use std::sync::Arc;

use crypto::specs;
use crypto::{Material, MaterialId};
use engine::World;
use store::Domain;

use crate::KmsError;
use crate::key_id::KeyId;
use crate::records::{Key, Keys, MaterialName, Materials, RotationKind, Version};
use crate::target::KeyTarget;

/// Makes new material and makes it the current one. Gives its id.
pub fn add_material(
    world: &mut World<'_>,
    domain: Domain,
    id: KeyId,
    key: &mut Key,
    by: RotationKind,
) -> Result<MaterialId, KmsError> {
    let material = Material::generate(world.entropy())?;
    let material_id = MaterialId::generate(world.entropy())?;
    key.versions.push(Version::new(material_id, world.now(), by));
    let name = MaterialName {
        key: id,
        id: material_id,
    };
    world
        .change()
        .put_secret::<Materials>(domain, name, Arc::new(material));
    Ok(material_id)
}

/// Refuses a key of a spec that does not rotate, as KMS does, without a message.
pub fn check_spec(key: &KeyTarget) -> Result<(), KmsError> {
    match specs::find(&key.key.spec) {
        Some(spec) if spec.rotates => Ok(()),
        _ => Err(KmsError::Unsupported(String::new())),
    }
}

/// Writes the key back.
pub fn put_key(world: &mut World<'_>, domain: Domain, id: KeyId, key: Key) {
    world.change().put::<Keys>(domain, id, key);
}
