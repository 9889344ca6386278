//! UpdatePrimaryRegion.

use arn::Arn;
use engine::{
    Absent, Demands, Described, Failure, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View,
    World,
};
use model::{OperationSpec, Shape};

use crate::multi_region::{self, RegionName};
use crate::records::Relatives;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, duties, state};

/// Makes a replica the primary of its family, and the primary a replica.
///
/// Source: KMS API Reference, `UpdatePrimaryRegion`. Known differences: the roles have changed before the answer
/// leaves, so that no key is seen to be `Updating`.
pub struct UpdatePrimaryRegion;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdatePrimaryRegionInput {
    /// The primary's key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Where the replica is that is to be primary.
    #[shape(audit = log, condition = "kms:PrimaryRegion")]
    pub primary_region: RegionName,
}

/// The two keys that change their roles.
#[derive(Debug)]
pub struct Roles {
    primary: KeyTarget,
    /// None where it is the primary itself, which is refused once the caller is known to be allowed.
    successor: Option<KeyTarget>,
}

impl Targets for Roles {
    fn resources(&self) -> Vec<Resource> {
        let mut resources = self.primary.resources();
        resources.extend(self.successor.iter().flat_map(KeyTarget::resources));
        resources
    }

    fn described(&self, resource: &Arn) -> Option<&dyn Described> {
        let mut keys = [Some(&self.primary), self.successor.as_ref()]
            .into_iter()
            .flatten();
        let key = keys.find(|key| key.arn == *resource)?;
        Some(key)
    }

    fn response_of_silent_change(&self) -> Option<String> {
        self.primary.response_of_silent_change()
    }
}

impl Operation for UpdatePrimaryRegion {
    const SPEC: OperationSpec = OperationSpec::writes("UpdatePrimaryRegion").without_output();
    type Input = UpdatePrimaryRegionInput;
    type Output = Nothing;
    type Targets = Roles;
    type Error = KmsError;

    fn locate(input: &UpdatePrimaryRegionInput, view: &View) -> Result<Roles, Miss<KmsError>> {
        let primary = view
            .keys()
            .find_by_id::<action::UpdatePrimaryRegion>(&input.key_id)?;
        let there = input.primary_region.place_of(primary.place.account);
        if primary.key.relatives.is_none() || there.as_ref() == Some(&primary.place) {
            return Ok(Roles {
                primary,
                successor: None,
            });
        }
        let successor = match &there {
            Some(there) => view.keys().at(there, primary.id)?,
            None => None,
        };
        let Some(successor) = successor else {
            let arn = match &there {
                Some(there) => primary.id.arn(there),
                None => primary.arn.clone(),
            };
            return Err(Miss::Absent(Absent {
                resource: primary.arn.clone(),
                owner: primary.place.account,
                action: <action::UpdatePrimaryRegion as engine::Action>::NAME,
                answer: Failure::from(KmsError::NoKey(arn)),
            }));
        };
        Ok(Roles {
            primary,
            successor: Some(successor),
        })
    }

    fn demands(_: &UpdatePrimaryRegionInput, roles: &Roles, _: &View) -> Demands {
        let demands = Demands::of(roles.primary.demand::<action::UpdatePrimaryRegion>());
        match &roles.successor {
            Some(successor) => demands.and(successor.demand::<action::UpdatePrimaryRegion>()),
            None => demands,
        }
    }

    fn check(_: &UpdatePrimaryRegionInput, permit: &Permit<Roles>, _: &View) -> Result<(), KmsError> {
        let Roles { primary, successor } = permit.targets();
        primary.state.require(state::USABLE, &primary.arn)?;
        multi_region::check_primary(primary)?;
        let Some(successor) = successor else {
            return Err(KmsError::Unsupported(format!(
                "{} is the multi-region primary key already.",
                primary.arn
            )));
        };
        successor.state.require(state::USABLE, &successor.arn)
    }

    async fn act(
        _: &UpdatePrimaryRegionInput,
        permit: &Permit<Roles>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let Roles { primary, successor } = permit.targets();
        // INVARIANT: check() refused all that have none.
        let (Some(relatives), Some(successor)) = (&primary.key.relatives, successor) else {
            return Err(KmsError::Cryptography);
        };
        let changed = relatives.led_from(successor.place.region.as_str());
        if let Some(plan) = primary.key.rotation {
            duties::drop_rotation(world, primary, plan);
            duties::put_rotation_at(world, successor.domain, successor.id, plan);
        }
        multi_region::change_all(world, primary, |key| key.relatives = Some(changed.clone()))?;
        Ok(Nothing {})
    }
}

impl Relatives {
    /// The same family with its primary in `region`, in whose place among the replicas the former primary comes.
    fn led_from(&self, region: &str) -> Relatives {
        let replicas = self.replicas.iter();
        Relatives {
            primary: region.to_owned(),
            replicas: replicas
                .map(|replica| match replica == region {
                    true => self.primary.clone(),
                    false => replica.clone(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_former_primary_takes_the_place_of_its_successor() {
        let relatives = |primary: &str, replicas: [&str; 2]| Relatives {
            primary: primary.to_owned(),
            replicas: replicas.map(str::to_owned).to_vec(),
        };
        assert_eq!(
            relatives("a", ["b", "c"]).led_from("c"),
            relatives("c", ["b", "a"])
        );
    }
}
