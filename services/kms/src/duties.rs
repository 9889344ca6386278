//! The due work of keys: their deletion, and their automatic rotation.

use ambient::Timestamp;
use engine::World;
use store::due::{self, Item};

use crate::chores::{DELETE_KEY, ROTATE_KEY};
use crate::records::{Deletion, RotationPlan};
use crate::target::KeyTarget;

/// Has the key deleted when its waiting period is over.
pub fn put_deletion(world: &mut World<'_>, key: &KeyTarget, deletion: Deletion) {
    due::put(world.change(), &item(DELETE_KEY, key, deletion.due()));
}

/// Calls off the deletion.
pub fn drop_deletion(world: &mut World<'_>, key: &KeyTarget, deletion: Deletion) {
    due::remove(world.change(), &item(DELETE_KEY, key, deletion.due()));
}

/// Has the key rotated when its plan says so; at once where that is past.
pub fn put_rotation(world: &mut World<'_>, key: &KeyTarget, plan: RotationPlan) {
    due::put(world.change(), &item(ROTATE_KEY, key, plan.next()));
}

/// Calls off the next rotation.
pub fn drop_rotation(world: &mut World<'_>, key: &KeyTarget, plan: RotationPlan) {
    due::remove(world.change(), &item(ROTATE_KEY, key, plan.next()));
}

fn item(kind: u8, key: &KeyTarget, due: Timestamp) -> Item {
    Item {
        due,
        kind,
        domain: key.domain,
        subject: key.id.to_bytes().to_vec(),
    }
}
