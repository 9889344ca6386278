//! What falls due for keys by itself: deletion, automatic rotation, and the expiry of imported material.

use engine::{Chore, ChoreFailed, Duty, Event, Permit, World};
use serde_json::{Map, Value};

use crate::duties::Expiry;
use crate::key_id::{AliasName, KeyId};
use crate::records::{
    Aliases, BY_TARGET, Grants, Import, Key, KeyPolicies, Keys, RotationKind, RotationPlan, Version,
    alias_of_entry, target_prefix,
};
use crate::state::State;
use crate::{duties, grants, imports, multi_region, rotation};

/// The kind of due work that deletes a key.
pub const DELETE_KEY: u8 = 1;
/// The kind of due work that rotates a key.
pub const ROTATE_KEY: u8 = 2;
/// The kind of due work that destroys imported material.
pub const EXPIRE_MATERIAL: u8 = 3;

/// The chores of KMS.
pub static CHORES: &[&dyn Chore] = &[&DeleteKey, &RotateKey, &ExpireMaterial];

/// Deletes a key whose waiting period is over: its material is destroyed, and its record, policy, aliases and grants go.
struct DeleteKey;

/// Gives a key new material when its rotation is due.
struct RotateKey;

/// Destroys imported material that has expired. Its key has been without it from that moment on.
struct ExpireMaterial;

impl Chore for DeleteKey {
    fn kind(&self) -> u8 {
        DELETE_KEY
    }

    fn destroys(&self) -> bool {
        true
    }

    fn run(&self, duty: &Permit<Duty>, world: &mut World<'_>) -> Result<Option<Event>, ChoreFailed> {
        let Some((id, key)) = subject(duty, world)? else {
            return Ok(None);
        };
        let Some(deletion) = key.deletion else {
            return Ok(None);
        };
        let domain = world.view().domain();
        if world.now() < deletion.due() {
            // The clock ran ahead when this seemed due, and was set right within the grace.
            duties::put_deletion_at(world, domain, id, deletion);
            return Ok(None);
        }
        if let Some(relatives) = &key.relatives {
            multi_region::part(world, id, relatives)?;
        }
        let aliases =
            world
                .view()
                .store()
                .index::<Aliases>(domain, BY_TARGET, &target_prefix(id), None, usize::MAX)?;
        let grants = grants::all_of(id, domain, world.view())?;
        let change = world.change();
        for alias in aliases.iter().filter_map(|entry| alias_of_entry(&entry.bytes)) {
            if let Some(name) = AliasName::parse(alias) {
                change.delete::<Aliases>(domain, name);
            }
        }
        for grant in grants {
            change.delete::<Grants>(domain, grant);
        }
        change.delete::<KeyPolicies>(domain, id);
        change.delete::<Keys>(domain, id);
        imports::destroy_all(world, domain, id, &key);
        let mut details = Map::new();
        details.insert("keyId".to_owned(), Value::from(id.to_string()));
        Ok(Some(rotation::event(
            "DeleteKey",
            id,
            world.view().place(),
            details,
        )))
    }
}

impl Chore for RotateKey {
    fn kind(&self) -> u8 {
        ROTATE_KEY
    }

    fn run(&self, duty: &Permit<Duty>, world: &mut World<'_>) -> Result<Option<Event>, ChoreFailed> {
        let Some((id, mut key)) = subject(duty, world)? else {
            return Ok(None);
        };
        let now = world.now();
        let Some(plan) = key.rotation.filter(|plan| now >= plan.next()) else {
            return Ok(None);
        };
        // A key that is disabled or going keeps its plan; enabling it makes the rotation due again.
        if State::of(&key, now) != Some(State::Enabled) {
            return Ok(None);
        }
        let domain = world.view().domain();
        let plan = RotationPlan::from(now, plan.period_days);
        key.rotation = Some(plan);
        let event = rotation::rotate(world, id, &mut key, RotationKind::Automatic)?;
        rotation::put_key(world, domain, id, key);
        duties::put_rotation_at(world, domain, id, plan);
        Ok(Some(event))
    }
}

impl Chore for ExpireMaterial {
    fn kind(&self) -> u8 {
        EXPIRE_MATERIAL
    }

    fn destroys(&self) -> bool {
        true
    }

    fn run(&self, duty: &Permit<Duty>, world: &mut World<'_>) -> Result<Option<Event>, ChoreFailed> {
        let expiry = Expiry::from_bytes(&duty.targets().subject).ok_or("due work names no material")?;
        let Expiry { id, material, end } = expiry;
        let Some(key) = world.view().get::<Keys>(&id)? else {
            return Ok(None);
        };
        // It may have been deleted, or imported again for another date, since this was put down.
        let is_it = |version: &&Version| {
            let import = version.import.as_ref();
            version.id() == material && import.and_then(Import::valid_to) == Some(end)
        };
        let Some(version) = key.versions.iter().chain(&key.pending).find(is_it) else {
            return Ok(None);
        };
        let domain = world.view().domain();
        if !version.has_expired(world.now()) {
            // The clock ran ahead, as above.
            duties::put_expiry(world, domain, id, material, end);
            return Ok(None);
        }
        imports::remove(world, domain, id, Key::clone(&key), version)?;
        let mut details = Map::new();
        details.insert("keyId".to_owned(), Value::from(id.to_string()));
        if key.is_symmetric() {
            details.insert("keyMaterialId".to_owned(), Value::from(material.to_string()));
        }
        let place = world.view().place();
        Ok(Some(rotation::event(
            "DeleteExpiredKeyMaterial",
            id,
            place,
            details,
        )))
    }
}

/// The key that a duty is about, if it is still there.
fn subject(duty: &Permit<Duty>, world: &World<'_>) -> Result<Option<(KeyId, Key)>, ChoreFailed> {
    let id = KeyId::from_bytes(&duty.targets().subject).ok_or("due work names no key")?;
    let key = world.view().get::<Keys>(&id)?;
    Ok(key.map(|key| (id, Key::clone(&key))))
}
