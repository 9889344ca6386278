//! The due work of keys: their deletion, their automatic rotation, and the expiry of their imported material.

use ambient::Timestamp;
use crypto::MaterialId;
use engine::World;
use store::Domain;
use store::due::{self, Item};

use crate::chores::{DELETE_KEY, EXPIRE_MATERIAL, ROTATE_KEY};
use crate::key_id::KeyId;
use crate::records::{Deletion, RotationPlan};
use crate::target::KeyTarget;

/// Has the key deleted when its waiting period is over.
pub fn put_deletion(world: &mut World<'_>, key: &KeyTarget, deletion: Deletion) {
    put_deletion_at(world, key.domain, key.id, deletion);
}

/// As [`put_deletion`], of a key of any Region.
pub fn put_deletion_at(world: &mut World<'_>, domain: Domain, id: KeyId, deletion: Deletion) {
    due::put(world.change(), &item(DELETE_KEY, domain, id, deletion.due()));
}

/// Calls off the deletion.
pub fn drop_deletion(world: &mut World<'_>, key: &KeyTarget, deletion: Deletion) {
    let item = item(DELETE_KEY, key.domain, key.id, deletion.due());
    due::remove(world.change(), &item);
}

/// Has the key rotated when its plan says so, at once where that is past. A replica is rotated with its primary.
pub fn put_rotation(world: &mut World<'_>, key: &KeyTarget, plan: RotationPlan) {
    if !key.is_replica() {
        put_rotation_at(world, key.domain, key.id, plan);
    }
}

/// As [`put_rotation`], of a key of any Region, which leads its rotation.
pub fn put_rotation_at(world: &mut World<'_>, domain: Domain, id: KeyId, plan: RotationPlan) {
    due::put(world.change(), &item(ROTATE_KEY, domain, id, plan.next()));
}

/// Calls off the next rotation.
pub fn drop_rotation(world: &mut World<'_>, key: &KeyTarget, plan: RotationPlan) {
    let item = item(ROTATE_KEY, key.domain, key.id, plan.next());
    due::remove(world.change(), &item);
}

/// Has imported material destroyed at its end.
pub fn put_expiry(world: &mut World<'_>, domain: Domain, id: KeyId, material: MaterialId, end: Timestamp) {
    due::put(world.change(), &expiry(domain, id, material, end));
}

/// Calls off the expiry of imported material.
pub fn drop_expiry(world: &mut World<'_>, domain: Domain, id: KeyId, material: MaterialId, end: Timestamp) {
    due::remove(world.change(), &expiry(domain, id, material, end));
}

fn expiry(domain: Domain, id: KeyId, material: MaterialId, end: Timestamp) -> Item {
    Item {
        due: end,
        kind: EXPIRE_MATERIAL,
        domain,
        subject: Expiry { id, material, end }.to_bytes(),
    }
}

/// What an expiry is about. The date is part of it, so that material that is imported again for another one has a whole
/// grace of its own before it is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The key.
    pub id: KeyId,
    /// Its material.
    pub material: MaterialId,
    /// When it expires.
    pub end: Timestamp,
}

impl Expiry {
    fn to_bytes(self) -> Vec<u8> {
        let end = self.end.milliseconds().to_be_bytes();
        [&self.id.to_bytes()[..], self.material.as_bytes(), &end].concat()
    }

    /// What is named as the subject of due work.
    pub fn from_bytes(bytes: &[u8]) -> Option<Expiry> {
        let (id, rest) = bytes.split_first_chunk::<17>()?;
        let (material, end) = rest.split_first_chunk()?;
        Some(Expiry {
            id: KeyId::from_bytes(id)?,
            material: MaterialId::from_bytes(*material),
            end: Timestamp::from_milliseconds(i64::from_be_bytes(end.try_into().ok()?)),
        })
    }
}

fn item(kind: u8, domain: Domain, id: KeyId, due: Timestamp) -> Item {
    Item {
        due,
        kind,
        domain,
        subject: id.to_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::{KeyKind, KeyName};

    #[test]
    fn an_expiry_is_read_as_it_was_written() {
        let expiry = Expiry {
            id: KeyId(KeyName::new(KeyKind::MultiRegion, [1; 16])),
            material: MaterialId::from_bytes([2; 32]),
            end: Timestamp::from_milliseconds(-3),
        };
        let bytes = expiry.to_bytes();
        assert_eq!(Expiry::from_bytes(&bytes), Some(expiry));
        for cut in 0..bytes.len() {
            assert_eq!(Expiry::from_bytes(&bytes[..cut]), None);
        }
        assert_eq!(Expiry::from_bytes(&[&bytes[..], &[0]].concat()), None);
    }
}
