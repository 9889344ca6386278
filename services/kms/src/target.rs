//! A key that a call is about, and the look-up that finds it.

use std::sync::Arc;

use arn::{AccountId, Arn, Place};
use crypto::MaterialId;
use engine::{Absent, Action, Authority, Demand, Failure, Locked, Miss, Resource, Targets, View};
use policy::Policy;
use store::{Domain, Held};

use crate::KmsError;
use crate::key_id::{AliasName, KeyId, Reference};
use crate::records::{Aliases, Key, KeyPolicies, Keys, MaterialName, Materials, Version};
use crate::state::State;

/// The type of keys and aliases in audit records.
pub const RESOURCE_KIND: &str = "AWS::KMS::Key";

/// A key as one snapshot has it, with what decides who may use it.
#[derive(Debug, Clone)]
pub struct KeyTarget {
    /// Its id.
    pub id: KeyId,
    /// Its ARN.
    pub arn: Arn,
    /// Where it is.
    pub place: Place,
    /// The part of the store it is in.
    pub domain: Domain,
    /// Its record.
    pub key: Held<Key>,
    /// Its policy.
    pub policy: Arc<Policy>,
    /// Its state at the time of the call.
    pub state: State,
}

impl KeyTarget {
    /// The demand to do `A` to this key, decided by its policy.
    pub fn demand<A: Action>(&self) -> Demand {
        Demand {
            action: A::NAME,
            resource: self.arn.clone(),
            owner: self.place.account,
            authority: Authority::Resource(Arc::clone(&self.policy)),
        }
    }

    /// The lock of one of this key's materials.
    pub fn material(&self, version: &Version) -> MaterialLock<'_> {
        MaterialLock {
            target: self,
            id: version.id(),
        }
    }
}

impl Targets for KeyTarget {
    fn resources(&self) -> Vec<Resource> {
        vec![Resource {
            arn: self.arn.clone(),
            kind: RESOURCE_KIND,
        }]
    }

    fn response_of_silent_change(&self) -> Option<String> {
        Some(format!(r#"{{"keyId":"{}"}}"#, self.arn))
    }
}

/// What calls are about that concern no key.
#[derive(Debug, Clone, Copy)]
pub struct NoTarget;

impl Targets for NoTarget {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

/// One material of one key, still closed.
#[derive(Debug)]
pub struct MaterialLock<'k> {
    target: &'k KeyTarget,
    id: MaterialId,
}

impl Locked for MaterialLock<'_> {
    type Table = Materials;

    fn arn(&self) -> &Arn {
        &self.target.arn
    }

    fn domain(&self) -> Domain {
        self.target.domain
    }

    fn row(&self) -> MaterialName {
        MaterialName {
            key: self.target.id,
            id: self.id,
        }
    }
}

/// The demand to do `A` where no key is involved: the caller's own policies decide.
pub fn demand_of_account<A: Action>(place: &Place) -> Demand {
    Demand {
        action: A::NAME,
        resource: Arn::root_of(place.account),
        owner: place.account,
        authority: Authority::Identity,
    }
}

/// The demand to do `A` to an alias: the caller's own policies decide.
pub fn demand_on_alias<A: Action>(place: &Place, alias: &AliasName) -> Demand {
    Demand {
        action: A::NAME,
        resource: alias.arn(place),
        owner: place.account,
        authority: Authority::Identity,
    }
}

/// Look-ups of keys, as an extension of the engine's view.
pub trait KeysOf {
    /// The look-ups.
    fn keys(&self) -> KeyFinder<'_>;
}

impl KeysOf for View {
    fn keys(&self) -> KeyFinder<'_> {
        KeyFinder { view: self }
    }
}

/// Finds keys in one snapshot.
#[derive(Debug, Clone, Copy)]
pub struct KeyFinder<'v> {
    view: &'v View,
}

impl<'v> KeyFinder<'v> {
    /// The key that `text` names in any of the four forms, to do `A` to it.
    pub fn find<A: Action>(self, text: &str) -> Result<KeyTarget, Miss<KmsError>> {
        match Reference::parse(text) {
            Some(Reference::Alias(name)) => self.behind_alias::<A>(self.view.place().clone(), &name),
            Some(Reference::AliasArn(place, name)) => {
                self.same_region(&place)?;
                self.behind_alias::<A>(place, &name)
            }
            Some(named) => self.find_named::<A>(text, named),
            None => Err(KmsError::InvalidKeyId(text.to_owned()).into()),
        }
    }

    /// The key that `text` names by its id or ARN, to do `A` to it; aliases are refused.
    pub fn find_by_id<A: Action>(self, text: &str) -> Result<KeyTarget, Miss<KmsError>> {
        match Reference::parse(text) {
            Some(Reference::Alias(_) | Reference::AliasArn(..)) => Err(KmsError::InvalidArn(
                "Key Aliases are not supported for this operation.".to_owned(),
            )
            .into()),
            Some(named) => self.find_named::<A>(text, named),
            None => Err(KmsError::InvalidKeyId(text.to_owned()).into()),
        }
    }

    /// The key `id` at `place`, if it is there and its deletion is not due.
    pub fn at(self, place: &Place, id: KeyId) -> Result<Option<KeyTarget>, KmsError> {
        let Some(domain) = self.view.domain_of(place) else {
            return Ok(None);
        };
        let Some(key) = self.view.store().get::<Keys>(domain, &id)? else {
            return Ok(None);
        };
        let Some(state) = State::of(&key, self.view.now()) else {
            return Ok(None);
        };
        let policy = self.view.store().get::<KeyPolicies>(domain, &id)?;
        // A key without its policy is damaged, and nobody may use it.
        let policy = policy
            .ok_or(store::StoreError::Damaged("key policies"))?
            .compiled();
        Ok(Some(KeyTarget {
            id,
            arn: id.arn(place),
            place: place.clone(),
            domain,
            key,
            policy,
            state,
        }))
    }

    fn find_named<A: Action>(self, text: &str, named: Reference) -> Result<KeyTarget, Miss<KmsError>> {
        let (place, id) = match named {
            Reference::Arn(place, id) => (place, id),
            Reference::Id(id) => (self.view.place().clone(), id),
            Reference::Alias(_) | Reference::AliasArn(..) => {
                return Err(KmsError::InvalidKeyId(text.to_owned()).into());
            }
        };
        self.same_region(&place)?;
        match self.at(&place, id)? {
            Some(target) => Ok(target),
            None => {
                let arn = id.arn(&place);
                Err(absent::<A>(arn.clone(), place.account, KmsError::NoKey(arn)))
            }
        }
    }

    fn behind_alias<A: Action>(self, place: Place, name: &AliasName) -> Result<KeyTarget, Miss<KmsError>> {
        let found = match self.view.domain_of(&place) {
            Some(domain) => self
                .view
                .store()
                .get::<Aliases>(domain, name)
                .map_err(KmsError::from)?
                .and_then(|alias| alias.target()),
            None => None,
        };
        let target = match found {
            Some(id) => self.at(&place, id)?,
            None => None,
        };
        target.ok_or_else(|| {
            let arn = name.arn(&place);
            absent::<A>(arn.clone(), place.account, KmsError::NoAlias(arn))
        })
    }

    fn same_region(self, place: &Place) -> Result<(), KmsError> {
        if place.region == self.view.place().region {
            Ok(())
        } else {
            Err(KmsError::OtherRegion(place.region.to_string()))
        }
    }
}

fn absent<A: Action>(resource: Arn, owner: AccountId, answer: KmsError) -> Miss<KmsError> {
    Miss::Absent(Absent {
        resource,
        owner,
        action: A::NAME,
        answer: Failure::from(answer),
    })
}
