//! Multi-Region keys: one key in several Regions, under one id and with one history of material.
//!
//! One of a family's keys is its primary, the others are replicas. What they share (material, the plan of rotation, who
//! is primary and where the replicas are) each of them holds for itself, so that none needs another Region to work. A
//! change of it is led by the primary, staged in every Region, and put to use when all have it; see [`peer`].
//!
//! Source: KMS Developer Guide, "Multi-Region keys in AWS KMS".

mod package;
mod peer;

use std::sync::Arc;

use arn::{AccountId, Place, Region};
use crypto::Material;
use engine::{Event, View, World};
use model::Shape;
use serde_json::{Map, Value};
use store::{Domain, StoreError, Table};

pub use package::{Bound, Package};
pub use peer::{Peer, SameStore};

use crate::key_id::KeyId;
use crate::records::{Deletion, Key, Keys, Relatives, Version};
use crate::target::KeyTarget;
use crate::{KmsError, duties, imports, rotation};

/// The name of a Region, as a caller gives it.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=32, pattern = "^([a-z]+-){2,3}\\d+$")]
pub struct RegionName(String);

impl RegionName {
    /// The part of an account in the Region; `None` where there is no such Region.
    pub fn place_of(&self, account: AccountId) -> Option<Place> {
        let region = self.0.parse().ok()?;
        Some(Place { account, region })
    }

    /// The same as part of the store, where a replica of `key` may be made: in another Region of the partition that is
    /// served here.
    pub fn served(&self, key: &KeyTarget, view: &View) -> Result<(Place, Domain), KmsError> {
        let place = self.place_of(key.place.account);
        let place = place.filter(|place| place.region.partition() == key.place.region.partition());
        place
            .and_then(|place| view.domain_of(&place).map(|domain| (place, domain)))
            .ok_or_else(|| {
                KmsError::Validation(format!(
                    "The replica Region {} is not one of the Regions that are enabled here.",
                    self.0
                ))
            })
    }
}

/// One key of a family, as a snapshot has it.
#[derive(Debug)]
pub struct Member {
    /// Where it is.
    pub place: Place,
    /// The part of the store it is in.
    pub domain: Domain,
    /// Its record.
    pub key: Key,
}

impl Relatives {
    /// The Regions of all, the primary's first.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.primary)
            .chain(&self.replicas)
            .map(String::as_str)
    }

    /// Whether the key in `region` is the primary.
    pub fn is_primary(&self, region: &Region) -> bool {
        self.primary == region.as_str()
    }
}

/// The keys of a family that are in other Regions than the view's.
pub fn others(view: &View, id: KeyId, relatives: &Relatives) -> Result<Vec<Member>, KmsError> {
    let here = view.place();
    let mut members = Vec::new();
    for region in relatives
        .regions()
        .filter(|region| *region != here.region.as_str())
    {
        let place = Place {
            account: here.account,
            region: region.parse().map_err(|_| damaged())?,
        };
        let domain = view.domain_of(&place).ok_or_else(damaged)?;
        let key = view.store().get::<Keys>(domain, &id)?.ok_or_else(damaged)?;
        members.push(Member {
            place,
            domain,
            key: Key::clone(&key),
        });
    }
    Ok(members)
}

/// Refuses what only the primary of a family may be asked.
pub fn check_primary(key: &KeyTarget) -> Result<(), KmsError> {
    let relatives = key.key.relatives.as_ref();
    match relatives.is_some_and(|relatives| relatives.is_primary(&key.place.region)) {
        true => Ok(()),
        false => Err(KmsError::Unsupported(format!(
            "{} is not a multi-region primary key.",
            key.arn
        ))),
    }
}

/// Changes what a family shares: the key itself and all its relatives, or the key alone where it has none.
pub fn change_all(world: &mut World<'_>, key: &KeyTarget, change: impl Fn(&mut Key)) -> Result<(), KmsError> {
    if let Some(relatives) = &key.key.relatives {
        for mut member in others(world.view(), key.id, relatives)? {
            change(&mut member.key);
            world.change().put::<Keys>(member.domain, key.id, member.key);
        }
    }
    key.change(world, change);
    Ok(())
}

/// Gives new material of `key`, which is a primary or has no family, to its relatives: staged in every Region first, and
/// current in all of them once each has acknowledged it. It is their next `version`.
pub fn spread(
    world: &mut World<'_>,
    id: KeyId,
    key: &Key,
    version: &Version,
    material: &Arc<Material>,
) -> Result<(), KmsError> {
    let Some(relatives) = &key.relatives else {
        return Ok(());
    };
    let here = world.view().place().clone();
    let others = others(world.view(), id, relatives)?;
    let mut peers = Vec::with_capacity(others.len());
    for member in others {
        let mut peer = SameStore::new(member, id);
        let package = Package::seal(world.view(), &peer.bound(&here, version), material)?;
        peer.stage(world, &package, &here, version)?;
        peers.push(peer);
    }
    // Every Region has it now. A peer in another store would acknowledge later, and this would wait for it.
    for peer in peers {
        let place = peer.place().clone();
        peer.activate(world, version, key.rotation)?;
        world.happened(synchronized(id, &place));
    }
    Ok(())
}

/// The event of a Region whose key was brought up to date with its primary.
pub fn synchronized(id: KeyId, place: &Place) -> Event {
    let mut details = Map::new();
    details.insert("keyId".to_owned(), Value::from(id.to_string()));
    rotation::event("SynchronizeMultiRegionKey", id, place, details)
}

/// Takes a replica that is destroyed out of its family. A primary that only waited for it begins its own waiting period.
pub fn part(world: &mut World<'_>, id: KeyId, relatives: &Relatives) -> Result<(), KmsError> {
    let here = world.view().place().region.clone();
    let left = Relatives {
        primary: relatives.primary.clone(),
        replicas: relatives
            .replicas
            .iter()
            .filter(|region| *region != here.as_str())
            .cloned()
            .collect(),
    };
    let mut others = others(world.view(), id, relatives)?;
    imports::tell_lacking(others.iter_mut().map(|member| &mut member.key).collect());
    for mut member in others {
        if let Some(days) = member.key.deletion_after_replicas
            && left.replicas.is_empty()
        {
            let deletion = Deletion::after(world.now(), days);
            member.key.deletion = Some(deletion);
            member.key.deletion_after_replicas = None;
            duties::put_deletion_at(world, member.domain, id, deletion);
        }
        member.key.relatives = Some(left.clone());
        world.change().put::<Keys>(member.domain, id, member.key);
    }
    Ok(())
}

fn damaged() -> KmsError {
    KmsError::Store(StoreError::Damaged(Keys::NAME))
}
