//! Managed policies, as operations find them.

use std::str::FromStr;

use arn::{AccountId, Arn};
use engine::{ConditionKey, Demand, Described, Found, Resource, Targets, View, World};
use identity::{FoundPolicy, Groups, ManagedPolicies, ManagedPolicy, Roles, Users};
use store::Table;

use crate::wire::{Policy, PolicyArn, PolicyName, PolicyPath, PolicyVersion, Tag, VersionId};
use crate::{IamError, tags, users};

/// The managed policy that a call is about.
#[derive(Debug)]
pub struct PolicyTarget {
    /// The account.
    pub account: AccountId,
    /// The ARN that was given.
    pub arn: Arn,
    found: Option<FoundPolicy>,
}

impl Targets for PolicyTarget {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(self)
    }
}

impl Described for PolicyTarget {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        tags::condition_of_resource(&self.found.as_deref()?.tags, key)
    }
}

impl PolicyTarget {
    /// The policy of this ARN.
    pub fn of(PolicyArn(text): &PolicyArn, view: &View) -> Result<PolicyTarget, IamError> {
        let arn = Arn::from_str(text)
            .map_err(|_| IamError::Validation("Invalid ARN:  Could not be parsed!".to_owned()))?;
        let account = view.place().account;
        let found = identity::managed_policy_of(&arn, account, view.domain(), view.store())?;
        Ok(PolicyTarget { account, arn, found })
    }

    /// The policy.
    pub fn held(&self) -> Result<&ManagedPolicy, IamError> {
        self.found
            .as_deref()
            .ok_or_else(|| IamError::no_policy(self.arn.as_str()))
    }

    /// The policy, to be changed: none of AWS's.
    pub fn own(&self) -> Result<&ManagedPolicy, IamError> {
        match self.found {
            Some(FoundPolicy::Aws(_)) => Err(IamError::AccessDenied("Policy is outside your own account.")),
            _ => self.held(),
        }
    }

    /// The policy, to be attached.
    pub fn attachable(&self) -> Result<&ManagedPolicy, IamError> {
        let arn = &self.arn;
        let refusal = || IamError::NoSuchEntity(format!("Policy {arn} does not exist or is not attachable."));
        self.found.as_deref().ok_or_else(refusal)
    }

    /// Its version of a name.
    pub fn version(&self, VersionId(name): &VersionId) -> Result<&identity::PolicyVersion, IamError> {
        let arn = &self.arn;
        let refusal = || {
            IamError::NoSuchEntity(format!(
                "Policy {arn} version {name} does not exist or is not attachable."
            ))
        };
        self.held()?.version(name).ok_or_else(refusal)
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        users::demand_on(action, self.arn.clone(), self.account)
    }

    /// Writes it anew, changed.
    pub fn change(
        &self,
        world: &mut World<'_>,
        change: impl FnOnce(&mut ManagedPolicy),
    ) -> Result<(), IamError> {
        let mut policy = self.own()?.clone();
        change(&mut policy);
        let domain = world.view().domain();
        world.change().put::<ManagedPolicies>(domain, policy.id(), policy);
        Ok(())
    }
}

/// To how many entities a policy is attached, and how many it bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    /// Attached to users, groups and roles.
    pub attached: usize,
    /// Bounding users and roles.
    pub bounding: usize,
}

/// Counts the uses of a policy.
pub fn uses_of(arn: &Arn, view: &View) -> Result<Uses, IamError> {
    let prefix = [arn.as_str().as_bytes(), b"\0"].concat();
    let mut uses = Uses {
        attached: count::<Groups>(Groups::BY_POLICY, &prefix, view)?,
        bounding: 0,
    };
    // An entry does not say which of the two it is.
    let rows = view
        .store()
        .index::<Users>(view.domain(), Users::BY_POLICY, &prefix, None, usize::MAX)?;
    for row in rows {
        if let Some(user) = view.store().get_row::<Users>(&row.row)? {
            uses.attached += usize::from(user.policies.attached.iter().any(|other| other == arn.as_str()));
            uses.bounding += usize::from(user.boundary.as_deref() == Some(arn.as_str()));
        }
    }
    let rows = view
        .store()
        .index::<Roles>(view.domain(), Roles::BY_POLICY, &prefix, None, usize::MAX)?;
    for row in rows {
        if let Some(role) = view.store().get_row::<Roles>(&row.row)? {
            uses.attached += usize::from(role.policies.attached.iter().any(|other| other == arn.as_str()));
            uses.bounding += usize::from(role.boundary.as_deref() == Some(arn.as_str()));
        }
    }
    Ok(uses)
}

fn count<T: Table>(index: u8, prefix: &[u8], view: &View) -> Result<usize, IamError> {
    Ok(view
        .store()
        .count_index::<T>(view.domain(), index, prefix, usize::MAX)?)
}

/// The ARN of a policy of the account.
pub fn own_arn(policy: &ManagedPolicy, account: AccountId) -> Result<Arn, IamError> {
    let arn = policy.arn(account);
    arn.ok_or_else(|| IamError::damaged("managed policies"))
}

/// Where AWS's policies stand in lists: behind every name of the account's own.
const AWS_PLACE: u8 = 0xFF;

/// AWS's policies with their ARNs and uses, from a place in a list on, and where each stands.
pub fn of_aws(
    after: Option<&[u8]>,
    view: &View,
) -> impl Iterator<Item = Result<(Vec<u8>, Arn, &'static ManagedPolicy, Uses), IamError>> {
    let after = after.map(<[u8]>::to_vec);
    identity::aws_policies().filter_map(move |(arn, policy)| {
        let place = [&[AWS_PLACE], policy.name.as_bytes()].concat();
        if after.as_ref().is_some_and(|after| place <= *after) {
            return None;
        }
        let found = || {
            let arn: Arn = arn.parse().map_err(|_| IamError::damaged("managed policies"))?;
            let uses = uses_of(&arn, view)?;
            Ok((place, arn, policy, uses))
        };
        Some(found())
    })
}

/// A managed policy, as it is told of; lists leave description and tags out.
pub fn told(policy: &ManagedPolicy, arn: Arn, uses: Uses, whole: bool) -> Result<Policy, IamError> {
    let in_force = policy
        .in_force()
        .ok_or_else(|| IamError::damaged("managed policies"))?;
    let tags: Vec<Tag> = policy
        .tags
        .iter()
        .map(|tag| Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        })
        .collect();
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Ok(Policy {
        policy_name: Some(PolicyName(policy.name.clone())),
        policy_id: Some(policy.id().to_string()),
        arn: Some(arn),
        path: Some(PolicyPath(policy.path.clone())),
        default_version_id: Some(VersionId(in_force.name())),
        attachment_count: Some(number(uses.attached)),
        permissions_boundary_usage_count: Some(number(uses.bounding)),
        is_attachable: Some(true),
        description: Some(policy.description.clone()).filter(|text| whole && !text.is_empty()),
        create_date: Some(policy.created()),
        update_date: Some(policy.updated()),
        tags: whole.then_some(tags).filter(|tags| !tags.is_empty()),
    })
}

/// A version of a policy, as it is told of, with its document or without.
pub fn version_told(policy: &ManagedPolicy, version: &identity::PolicyVersion, whole: bool) -> PolicyVersion {
    let document = || crate::wire::DocumentText(crate::documents::encoded(version.document.text()));
    PolicyVersion {
        document: whole.then(document),
        version_id: Some(VersionId(version.name())),
        is_default_version: Some(policy.is_in_force(version)),
        create_date: Some(version.created()),
    }
}

/// The path in a managed policy's ARN.
pub fn path_of(arn: &str) -> Option<&str> {
    let (_, below) = arn.split_once(":policy")?;
    let end = below.rfind('/')?;
    below.get(..=end)
}
