//! A key that a call is about, and the look-up that finds it.

use std::sync::Arc;

use arn::{AccountId, Arn, Place};
use crypto::MaterialId;
use crypto::backing::HeldKey;
use crypto::specs::{self, KeySpec, KeyUsage};
use engine::{
    Absent, Action, Authority, Demand, Described, Failure, Locked, Miss, Permit, Resource, Targets, View,
    World,
};
use policy::{Compiled, Kind, Policy};
use store::{Domain, Held, StoreError, Table};

use crate::KmsError;
use crate::key_id::{AliasName, KeyId, Reference};
use crate::records::{Alias, Aliases, Key, KeyPolicies, Keys, MaterialName, Materials, Version};
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
    pub policy: Arc<Compiled>,
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

    /// Its spec.
    pub fn spec(&self) -> Result<&'static KeySpec, KmsError> {
        specs::find(&self.key.spec).ok_or(KmsError::Store(StoreError::Damaged(Keys::NAME)))
    }

    /// Its spec, if it is made for this usage; refused in the name of `operation` if not.
    pub fn made_for(&self, usage: KeyUsage, operation: &str) -> Result<&'static KeySpec, KmsError> {
        if self.key.usage == usage.as_str() {
            return self.spec();
        }
        Err(KmsError::InvalidKeyUsage(format!(
            "{} key usage is {} which is not valid for {operation}.",
            self.arn, self.key.usage
        )))
    }

    /// Whether it is one of a family and not its primary.
    pub fn is_replica(&self) -> bool {
        let relatives = self.key.relatives.as_ref();
        relatives.is_some_and(|relatives| !relatives.is_primary(&self.place.region))
    }

    /// Writes the key back as `change` leaves it.
    pub fn change(&self, world: &mut World<'_>, change: impl FnOnce(&mut Key)) {
        let mut key = Key::clone(&self.key);
        change(&mut key);
        world.change().put::<Keys>(self.domain, self.id, key);
    }

    /// The resource that a record names.
    pub fn resource(&self) -> Resource {
        Resource {
            arn: self.arn.clone(),
            kind: RESOURCE_KIND,
        }
    }

    /// The lock of one of this key's materials.
    pub fn material(&self, version: &Version) -> MaterialLock<'_> {
        MaterialLock {
            target: self,
            id: version.id(),
        }
    }

    /// Opens the material that works now, with a permit for action `A` on the key.
    pub fn unseal<A: Action>(
        &self,
        world: &World<'_>,
        permit: &Permit<impl Send + Sync>,
    ) -> Result<HeldKey, KmsError> {
        let version = self.key.current().ok_or(KmsError::Cryptography)?;
        self.unseal_version::<A>(world, permit, version)
    }

    /// Opens one of its materials, with a permit for action `A` on the key.
    pub fn unseal_version<A: Action>(
        &self,
        world: &World<'_>,
        permit: &Permit<impl Send + Sync>,
        version: &Version,
    ) -> Result<HeldKey, KmsError> {
        Ok(HeldKey {
            spec: self.spec()?,
            material: world.unseal::<A>(permit, &self.material(version))?,
        })
    }
}

impl Targets for KeyTarget {
    fn resources(&self) -> Vec<Resource> {
        vec![self.resource()]
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        // A call that is about one key may demand something of its account too: what is said of the key bears on that.
        Some(self)
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

/// The demand to do to an absent key what was to be done to it: nobody is ever allowed it.
pub fn demand_on_nothing(absent: &Absent) -> Demand {
    Demand {
        action: absent.action,
        resource: absent.resource.clone(),
        owner: absent.owner,
        authority: Authority::Resource(Arc::new(Policy::silent(Kind::Key).compile())),
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
            _ => self.find_by_id_anywhere::<A>(text),
        }
    }

    /// The key of the caller's own account that `text` names by its id or ARN, to do `A` to it. Aliases are refused, and
    /// so is every other account's key, as if its policy denied: most operations do not reach across accounts.
    pub fn find_by_id<A: Action>(self, text: &str) -> Result<KeyTarget, Miss<KmsError>> {
        let (place, id) = self.identified(text)?;
        let own = self.view.place().account;
        if place.account != own {
            let arn = id.arn(&place);
            return Err(absent::<A>(arn.clone(), place.account, KmsError::NoKey(arn)));
        }
        self.present::<A>(place, id)
    }

    /// As [`KeyFinder::find_by_id`], but of any account.
    pub fn find_by_id_anywhere<A: Action>(self, text: &str) -> Result<KeyTarget, Miss<KmsError>> {
        let (place, id) = self.identified(text)?;
        self.present::<A>(place, id)
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
        let policy = policy.ok_or(StoreError::Damaged("key policies"))?.compiled();
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

    /// The alias `name` at `place` and the key that it stands for. An alias whose key is gone is gone with it, even while
    /// its row waits for the key's destruction.
    pub fn alias(
        self,
        place: &Place,
        name: &AliasName,
    ) -> Result<Option<(Held<Alias>, KeyTarget)>, KmsError> {
        let Some(domain) = self.view.domain_of(place) else {
            return Ok(None);
        };
        let Some(alias) = self.view.store().get::<Aliases>(domain, name)? else {
            return Ok(None);
        };
        let id = alias.target().ok_or(StoreError::Damaged(Aliases::NAME))?;
        Ok(self.at(place, id)?.map(|key| (alias, key)))
    }

    /// The id or ARN that `text` is.
    fn identified(self, text: &str) -> Result<(Place, KeyId), KmsError> {
        match Reference::parse(text) {
            Some(Reference::Id(id)) => Ok((self.view.place().clone(), id)),
            Some(Reference::Arn(place, id)) => {
                self.same_region(&place)?;
                Ok((place, id))
            }
            Some(Reference::Alias(_) | Reference::AliasArn(..)) => Err(KmsError::InvalidArn(
                "Key Aliases are not supported for this operation.".to_owned(),
            )),
            None => Err(KmsError::InvalidKeyId(text.to_owned())),
        }
    }

    fn present<A: Action>(self, place: Place, id: KeyId) -> Result<KeyTarget, Miss<KmsError>> {
        match self.at(&place, id)? {
            Some(target) => Ok(target),
            None => {
                let arn = id.arn(&place);
                Err(absent::<A>(arn.clone(), place.account, KmsError::NoKey(arn)))
            }
        }
    }

    fn behind_alias<A: Action>(self, place: Place, name: &AliasName) -> Result<KeyTarget, Miss<KmsError>> {
        match self.alias(&place, name)? {
            Some((_, target)) => Ok(target),
            None => Err(no_alias::<A>(&place, name)),
        }
    }

    fn same_region(self, place: &Place) -> Result<(), KmsError> {
        if place.region == self.view.place().region {
            Ok(())
        } else {
            Err(KmsError::OtherRegion(place.region.to_string()))
        }
    }
}

/// There is no alias `name` at `place` to do `A` to.
pub fn no_alias<A: Action>(place: &Place, name: &AliasName) -> Miss<KmsError> {
    let arn = name.arn(place);
    absent::<A>(arn.clone(), place.account, KmsError::NoAlias(arn))
}

fn absent<A: Action>(resource: Arn, owner: AccountId, answer: KmsError) -> Miss<KmsError> {
    Miss::Absent(Absent {
        resource,
        owner,
        action: A::NAME,
        answer: Failure::from(answer),
    })
}
