//! ReplicateKey.

use std::sync::Arc;

use arn::Place;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, View, World};
use model::{OperationSpec, Shape};
use serde_json::{Map, Value};

use crate::conditions::NewKey;
use crate::key_metadata::{Description, KeyMetadata};
use crate::key_policy::{self, LockoutBypass, PolicyText};
use crate::multi_region::{self, Bound, Package, RegionName};
use crate::records::{Key, KeyPolicies, Keys, MaterialName, Materials, Origin, Relatives, Tags, Version};
use crate::state::State;
use crate::tags::{self, Tag};
use crate::target::{KeyTarget, KeysOf, RESOURCE_KIND, demand_of_account};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions, imports, limits, rotation, state};

/// Makes a replica of a multi-Region primary key in another Region: the same id and material, and a policy, description
/// and tags of its own.
///
/// Source: KMS API Reference, `ReplicateKey`. Known differences: the replica is complete before the answer leaves, though
/// the answer calls it `Creating`.
pub struct ReplicateKey;

/// The request.
#[derive(Debug, Shape)]
pub struct ReplicateKeyInput {
    /// The primary's key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Where the replica is to be.
    #[shape(audit = log, condition = "kms:ReplicaRegion")]
    pub replica_region: RegionName,
    /// The replica's policy; unless given, one that lets the account's IAM policies decide.
    #[shape(audit = log)]
    pub policy: Option<PolicyText>,
    /// Whether the caller may lock itself out.
    #[shape(default, audit = log, condition = "kms:BypassPolicyLockoutSafetyCheck")]
    pub bypass_policy_lockout_safety_check: LockoutBypass,
    /// What the caller says of the replica.
    #[shape(audit = log)]
    pub description: Option<Description>,
    /// The replica's tags.
    #[shape(audit = log)]
    pub tags: Option<Vec<Tag>>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ReplicateKeyOutput {
    /// The replica.
    #[shape(audit = log)]
    pub replica_key_metadata: KeyMetadata,
    /// Its policy.
    #[shape(audit = log)]
    pub replica_policy: PolicyText,
    /// Its tags, where it has any.
    #[shape(audit = omit)]
    pub replica_tags: Option<Vec<Tag>>,
}

impl ReplicateKeyInput {
    fn tags(&self) -> &[Tag] {
        self.tags.as_deref().unwrap_or_default()
    }
}

impl Operation for ReplicateKey {
    const SPEC: OperationSpec = OperationSpec::writes("ReplicateKey");
    type Input = ReplicateKeyInput;
    type Output = ReplicateKeyOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ReplicateKeyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        tags::check(input.tags())?;
        view.keys().find_by_id::<action::ReplicateKey>(&input.key_id)
    }

    fn demands(input: &ReplicateKeyInput, key: &KeyTarget, _: &View) -> Demands {
        let there = input.replica_region.place_of(key.place.account);
        let there = there.as_ref().unwrap_or(&key.place);
        let demands = Demands::of(key.demand::<action::ReplicateKey>())
            .and(demand_of_account::<action::CreateKey>(there));
        match input.tags() {
            [] => demands,
            _ => demands.and(demand_of_account::<action::TagResource>(there)),
        }
    }

    fn condition<'c>(input: &'c ReplicateKeyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_tags(input.tags(), key)
    }

    fn check(input: &ReplicateKeyInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::SETTLED, &key.arn)?;
        multi_region::check_primary(key)?;
        let (place, domain) = input.replica_region.served(key, view)?;
        // A replica whose deletion is due stands until it is destroyed, and its id with it.
        if view.store().get::<Keys>(domain, &key.id)?.is_some() {
            return Err(KmsError::KeyExists(key.id.arn(&place)));
        }
        limits::room_for_key(view, domain)
    }

    async fn act(
        input: &ReplicateKeyInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let primary = permit.targets();
        let (place, domain) = input.replica_region.served(primary, world.view())?;
        let bypass = input.bypass_policy_lockout_safety_check;
        let arn = primary.id.arn(&place);
        let former = primary.key.relatives.clone().ok_or(KmsError::Cryptography)?;
        let relatives = Relatives {
            primary: former.primary,
            replicas: former
                .replicas
                .into_iter()
                .chain([place.region.to_string()])
                .collect(),
        };
        for version in &primary.key.versions {
            send(world, permit, version, &place, domain)?;
        }
        // Imported material that waits for a rotation waits for the new replica as well.
        let pending = imports::waiting(primary, world.now())
            .cloned()
            .map(|mut pending| {
                pending.set_lacking(true);
                pending
            });
        let replica = Key {
            description: input.description.clone().unwrap_or_default().0,
            tags: tags::with(&Tags::default(), input.tags())?,
            versions: primary.key.versions.iter().map(Version::replicated).collect(),
            rotation: primary.key.rotation,
            pending: pending.as_ref().map(Version::replicated),
            relatives: Some(relatives.clone()),
            ..Key::bare(
                &primary.key.spec,
                &primary.key.usage,
                primary.key.origin,
                world.now(),
            )
        };
        let new = NewKey {
            place: &place,
            key: &replica,
        };
        let policy = key_policy::of_new(input.policy.as_ref(), &arn, new, bypass, world)?;
        let replica_policy = PolicyText(policy.text());
        let replica_key_metadata = KeyMetadata {
            current_key_material_id: None,
            ..KeyMetadata::of(primary.id, &place, &replica, State::Creating)?
        };
        multi_region::change_all(world, primary, |key| {
            key.relatives = Some(relatives.clone());
            if let Some(pending) = key.pending.as_mut() {
                pending.set_lacking(true);
            }
        })?;
        let change = world.change();
        change.put::<Keys>(domain, primary.id, replica);
        change.put::<KeyPolicies>(domain, primary.id, policy);
        world.made(Resource {
            arn,
            kind: RESOURCE_KIND,
        });
        let mut details = Map::new();
        details.insert("keyId".to_owned(), Value::from(primary.id.to_string()));
        details.insert("replicaOf".to_owned(), Value::from(primary.arn.as_str()));
        world.happened(rotation::event("CreateKey", primary.id, &place, details));
        Ok(ReplicateKeyOutput {
            replica_key_metadata,
            replica_policy,
            replica_tags: input.tags.clone().filter(|tags| !tags.is_empty()),
        })
    }
}

/// Sends one of the primary's materials to the new replica. Imported material stays where it was imported.
fn send(
    world: &mut World<'_>,
    permit: &Permit<KeyTarget>,
    version: &Version,
    to: &Place,
    domain: store::Domain,
) -> Result<(), KmsError> {
    let primary = permit.targets();
    if primary.key.origin == Origin::External {
        return Ok(());
    }
    let bound = Bound {
        from: &primary.place,
        to,
        domain,
        key: primary.id,
        material: version.id(),
    };
    let held = primary.unseal_version::<action::ReplicateKey>(world, permit, version)?;
    let package = Package::seal(world.view(), &bound, &held.material)?;
    let received: Arc<_> = package.open(world.view(), &bound)?;
    let name = MaterialName {
        key: primary.id,
        id: version.id(),
    };
    world.change().put_secret::<Materials>(domain, name, received);
    Ok(())
}
