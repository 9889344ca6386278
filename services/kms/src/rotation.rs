//! New material for a key; what it encrypted before stays readable.
//!
//! Source: KMS Developer Guide, "Rotate AWS KMS keys".

use std::sync::Arc;

use arn::Place;
use crypto::{Material, MaterialId};
use engine::{Event, Resource, World};
use serde_json::{Map, Value};
use store::Domain;

use crate::key_id::KeyId;
use crate::records::{Key, Keys, MaterialName, Materials, Origin, RotationKind, Version};
use crate::target::{KeyTarget, RESOURCE_KIND};
use crate::{KmsError, multi_region};

/// Makes new material and makes it the current one, in every Region of a multi-Region key. Gives the event that tells of
/// it; the caller writes `key` back.
pub fn rotate(world: &mut World<'_>, id: KeyId, key: &mut Key, by: RotationKind) -> Result<Event, KmsError> {
    let material = Arc::new(Material::generate(world.entropy())?);
    let version = Version::new(MaterialId::generate(world.entropy())?, world.now(), by);
    let previous = key.current().map(Version::id);
    let domain = world.view().domain();
    let name = MaterialName {
        key: id,
        id: version.id(),
    };
    world
        .change()
        .put_secret::<Materials>(domain, name, Arc::clone(&material));
    multi_region::spread(world, id, key, &version, &material)?;
    key.versions.push(version);
    Ok(rotated(id, world.view().place(), key, previous))
}

/// The event of a rotation from `previous` to what is current now.
pub fn rotated(id: KeyId, place: &Place, key: &Key, previous: Option<MaterialId>) -> Event {
    let current = key.current();
    let kind = match current.map(|version| version.by) {
        Some(RotationKind::OnDemand) => "ON_DEMAND",
        _ => "AUTOMATIC",
    };
    let text = |id: MaterialId| id.to_string();
    let details = [
        ("rotationType", Value::from(kind)),
        ("keyOrigin", Value::from(key.origin.as_str())),
        ("previousKeyMaterialId", Value::from(previous.map(text))),
        (
            "currentKeyMaterialId",
            Value::from(current.map(Version::id).map(text)),
        ),
        ("keyId", Value::from(id.to_string())),
    ];
    let details = details.map(|(name, value)| (name.to_owned(), value));
    event("RotateKey", id, place, details.into_iter().collect())
}

/// An event of a key that the service brought about itself.
pub fn event(name: &'static str, id: KeyId, place: &Place, details: Map<String, Value>) -> Event {
    let resource = Resource {
        arn: id.arn(place),
        kind: RESOURCE_KIND,
    };
    Event {
        name,
        place: place.clone(),
        resources: vec![resource],
        details,
    }
}

/// Refuses a key of a spec that does not rotate, as KMS does, without a message.
pub fn check_spec(key: &KeyTarget) -> Result<(), KmsError> {
    match key.spec()?.rotates() {
        true => Ok(()),
        false => Err(KmsError::Unsupported(String::new())),
    }
}

/// Refuses a key whose rotation is not its own to change: a replica has its primary's.
pub fn check_role(key: &KeyTarget) -> Result<(), KmsError> {
    match &key.key.relatives {
        Some(_) => multi_region::check_primary(key),
        None => Ok(()),
    }
}

/// Refuses a key whose material its owner brings, since it can't rotate by itself.
pub fn check_origin(key: &KeyTarget) -> Result<(), KmsError> {
    match key.key.origin {
        Origin::AwsKms => Ok(()),
        origin @ Origin::External => Err(KmsError::WrongOrigin(key.arn.clone(), origin.as_str())),
    }
}

/// Writes the key back.
pub fn put_key(world: &mut World<'_>, domain: Domain, id: KeyId, key: Key) {
    world.change().put::<Keys>(domain, id, key);
}
