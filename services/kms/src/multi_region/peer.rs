//! The Regions of a multi-Region key, as the one that leads a change reaches the others.
//!
//! A change of what they share goes in three steps, so that no Region ever uses what another lacks: it is staged in each,
//! each acknowledges, and then it is activated in each. Where all Regions are in one store the three are one commit,
//! and a fault leaves all of it or nothing. A Region in another installation is another kind of [`Peer`].

use arn::Place;
use engine::World;

use super::Member;
use super::package::{Bound, Package};
use crate::KmsError;
use crate::key_id::KeyId;
use crate::records::{Keys, MaterialName, Materials, RotationPlan, Version};

/// A Region of a family, as the leading one reaches it.
pub trait Peer {
    /// Has the Region take material in, unused yet. Its acknowledgement is that this succeeds.
    fn stage(
        &mut self,
        world: &mut World<'_>,
        package: &Package,
        from: &Place,
        version: &Version,
    ) -> Result<(), KmsError>;

    /// Has the Region use what it staged, under the plan of rotation from now on.
    fn activate(
        self,
        world: &mut World<'_>,
        version: &Version,
        plan: Option<RotationPlan>,
    ) -> Result<(), KmsError>;
}

/// A Region of the same store: what it is to do goes into the change that commits the whole.
#[derive(Debug)]
pub struct SameStore {
    member: Member,
    id: KeyId,
}

impl SameStore {
    /// The Region of `member`, a key of the family `id`.
    pub fn new(member: Member, id: KeyId) -> SameStore {
        SameStore { member, id }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.member.place
    }

    /// What a package of this material for it is bound to.
    pub fn bound<'b>(&'b self, from: &'b Place, version: &Version) -> Bound<'b> {
        Bound {
            from,
            to: &self.member.place,
            domain: self.member.domain,
            key: self.id,
            material: version.id(),
        }
    }
}

impl Peer for SameStore {
    fn stage(
        &mut self,
        world: &mut World<'_>,
        package: &Package,
        from: &Place,
        version: &Version,
    ) -> Result<(), KmsError> {
        let material = package.open(world.view(), &self.bound(from, version))?;
        let name = MaterialName {
            key: self.id,
            id: version.id(),
        };
        let domain = self.member.domain;
        world.change().put_secret::<Materials>(domain, name, material);
        Ok(())
    }

    fn activate(
        self,
        world: &mut World<'_>,
        version: &Version,
        plan: Option<RotationPlan>,
    ) -> Result<(), KmsError> {
        let Member { domain, mut key, .. } = self.member;
        key.rotation = plan;
        key.versions.push(version.clone());
        world.change().put::<Keys>(domain, self.id, key);
        Ok(())
    }
}
