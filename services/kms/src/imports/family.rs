//! Imported material of multi-Region keys: brought to the primary first, then to every replica, and put to use in all
//! Regions at once.
//!
//! Source: KMS API Reference, `ImportKeyMaterial` and `DeleteImportedKeyMaterial`, on multi-Region keys.

use engine::{Event, View, World};
use store::Domain;

use super::{destroy, slot};
use crate::key_id::KeyId;
use crate::multi_region::{self, Member};
use crate::records::{Key, Keys, RotationKind, Version};
use crate::target::KeyTarget;
use crate::{KmsError, rotation};

/// The keys of the family in other Regions; none where there is no family.
fn others(view: &View, id: KeyId, key: &Key) -> Result<Vec<Member>, KmsError> {
    match &key.relatives {
        Some(relatives) => multi_region::others(view, id, relatives),
        None => Ok(Vec::new()),
    }
}

/// Has the replicas wait for the material that was brought to their primary, which waits for them. What they waited for
/// before is destroyed.
pub fn announce(world: &mut World<'_>, id: KeyId, key: &mut Key) -> Result<(), KmsError> {
    let others = others(world.view(), id, key)?;
    if let Some(pending) = key.pending.as_mut() {
        pending.set_lacking(!others.is_empty());
    }
    let replicated = key.pending.as_ref().map(Version::replicated);
    exchange(world, id, others, replicated.as_ref());
    Ok(())
}

/// Has the replicas forget the material that waited for a rotation; what they have of it is destroyed.
pub fn forget(world: &mut World<'_>, id: KeyId, key: &Key) -> Result<(), KmsError> {
    let others = others(world.view(), id, key)?;
    exchange(world, id, others, None);
    Ok(())
}

fn exchange(world: &mut World<'_>, id: KeyId, others: Vec<Member>, pending: Option<&Version>) {
    for Member { domain, mut key, .. } in others {
        if let Some(former) = &key.pending {
            destroy(world, domain, id, former);
        }
        key.pending = pending.cloned();
        world.change().put::<Keys>(domain, id, key);
    }
}

/// Writes back a key whose waiting material came or went, and has its whole family know whether every Region has that
/// material now.
pub fn settle(world: &mut World<'_>, domain: Domain, id: KeyId, mut key: Key) -> Result<(), KmsError> {
    let mut others = others(world.view(), id, &key)?;
    let keys = others.iter_mut().map(|member| &mut member.key);
    tell_lacking(keys.chain([&mut key]).collect());
    for member in others {
        world.change().put::<Keys>(member.domain, id, member.key);
    }
    rotation::put_key(world, domain, id, key);
    Ok(())
}

/// Has all keys of a family know whether each has the material that waits for a rotation.
pub fn tell_lacking(mut family: Vec<&mut Key>) {
    let held = |key: &Key| key.pending.as_ref().is_some_and(Version::is_held);
    let lacks = family.len() > 1 && !family.iter().all(|key| held(key));
    for pending in family.iter_mut().filter_map(|key| key.pending.as_mut()) {
        pending.set_lacking(lacks);
    }
}

/// Refuses a rotation for which no material waits, or not in every Region.
pub fn check_rotation(key: &KeyTarget, view: &View) -> Result<(), KmsError> {
    let refused = || KmsError::NoPendingMaterial(key.arn.clone());
    let pending = slot::waiting(key, view.now()).ok_or_else(refused)?;
    let is_there = |version: &Version| version.id() == pending.id() && version.is_usable(view.now());
    let others = others(view, key.id, &key.key)?;
    let mut waiting = others.iter().map(|member| member.key.pending.as_ref());
    match is_there(pending) && waiting.all(|version| version.is_some_and(is_there)) {
        true => Ok(()),
        false => Err(refused()),
    }
}

/// Makes the material that waits the current one, in every Region. Gives the event that tells of it; the caller writes
/// `key` back.
pub fn rotate(world: &mut World<'_>, id: KeyId, key: &mut Key) -> Result<Event, KmsError> {
    for mut member in others(world.view(), id, key)? {
        put_to_use(&mut member.key, world)?;
        world.change().put::<Keys>(member.domain, id, member.key);
        world.happened(multi_region::synchronized(id, &member.place));
    }
    let previous = key.current().map(Version::id);
    put_to_use(key, world)?;
    Ok(rotation::rotated(id, world.view().place(), key, previous))
}

fn put_to_use(key: &mut Key, world: &World<'_>) -> Result<(), KmsError> {
    // INVARIANT: check_rotation() found it in every Region.
    let mut version = key.pending.take().ok_or(KmsError::Cryptography)?;
    version.since_ms = world.now().milliseconds();
    version.by = RotationKind::OnDemand;
    version.set_lacking(false);
    key.versions.push(version);
    Ok(())
}
