//! The due work of keys: their deletion, and their automatic rotation.

use ambient::Timestamp;
use engine::World;
use store::Domain;
use store::due::{self, Item};

use crate::chores::{DELETE_KEY, ROTATE_KEY};
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

fn item(kind: u8, domain: Domain, id: KeyId, due: Timestamp) -> Item {
    Item {
        due,
        kind,
        domain,
        subject: id.to_bytes().to_vec(),
    }
}
