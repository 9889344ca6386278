//! The policies that decide what a principal may.

use std::sync::Arc;

use arn::{AccountId, Arn};
use policy::{Compiled, Policy};
use store::{Domain, Held, StoreError, View};

use crate::aws_policies::aws_policy;
use crate::entity::{Policies, Tag};
use crate::{FoundPolicy, Group, Groups, ManagedPolicies, Role, Session, UniqueId, User};

/// What a principal's own policies say together.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Those that give: inline and managed, its own and its groups'.
    pub giving: Vec<Arc<Compiled>>,
    /// The one that bounds what they give, where there is one.
    pub boundary: Option<Arc<Compiled>>,
    /// The principal's tags.
    pub tags: Vec<Tag>,
}

/// Gathers a user's policies. What is missing of them gives nothing; a boundary that is missing bounds everything.
pub fn policies_of(
    user: &User,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered {
        tags: user.tags.clone(),
        ..Gathered::default()
    };
    gathered.take(&user.policies, account, domain, view)?;
    for group in &user.groups {
        if let Some(group) = view.get::<Groups>(domain, &UniqueId::kept(group))? {
            gathered.take(&group.policies, account, domain, view)?;
        }
    }
    if let Some(arn) = &user.boundary {
        let bounds = in_force(arn, account, domain, view)?;
        gathered.boundary = Some(bounds.unwrap_or_else(|| Arc::new(Policy::unreadable().compile())));
    }
    Ok(gathered)
}

/// Gathers a role's policies, as [`policies_of`] does a user's.
pub fn policies_of_role(
    role: &Role,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Gathered, StoreError> {
    let mut gathered = Gathered {
        tags: role.tags.clone(),
        ..Gathered::default()
    };
    gathered.take(&role.policies, account, domain, view)?;
    if let Some(arn) = &role.boundary {
        let bounds = in_force(arn, account, domain, view)?;
        gathered.boundary = Some(bounds.unwrap_or_else(|| Arc::new(Policy::unreadable().compile())));
    }
    Ok(gathered)
}

/// The policies that were passed to a session; `None` where none were. One that is missing gives nothing.
pub fn session_policies(
    session: &Session,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<Vec<Arc<Compiled>>>, StoreError> {
    if session.policy.is_none() && session.policy_arns.is_empty() {
        return Ok(None);
    }
    let mut policies: Vec<Arc<Compiled>> = session.compiled().into_iter().collect();
    for arn in &session.policy_arns {
        policies.extend(in_force(arn, account, domain, view)?);
    }
    Ok(Some(policies))
}

impl Gathered {
    fn take(
        &mut self,
        own: &Policies,
        account: AccountId,
        domain: Domain,
        view: &View,
    ) -> Result<(), StoreError> {
        self.giving
            .extend(own.inline.iter().map(|policy| policy.document.compiled()));
        for arn in &own.attached {
            self.giving.extend(in_force(arn, account, domain, view)?);
        }
        Ok(())
    }
}

/// The version of a managed policy that is in force.
fn in_force(
    arn: &str,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<Arc<Compiled>>, StoreError> {
    let Ok(arn) = arn.parse::<Arn>() else {
        return Ok(None);
    };
    let found = managed_policy_of(&arn, account, domain, view)?;
    Ok(found.and_then(|policy| Some(policy.in_force()?.document.compiled())))
}

/// The managed policy of an ARN, which has to be of this account or AWS's.
pub fn managed_policy_of(
    arn: &Arn,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<FoundPolicy>, StoreError> {
    if let Some(policy) = aws_policy(arn.as_str()) {
        return Ok(Some(FoundPolicy::Aws(policy)));
    }
    let own = arn.service() == "iam" && arn.account() == Some(account);
    let Some(name) = arn.resource().strip_prefix("policy").filter(|_| own) else {
        return Ok(None);
    };
    let entries = view.index::<ManagedPolicies>(domain, ManagedPolicies::BY_ARN, name.as_bytes(), None, 1)?;
    match entries.first().filter(|entry| entry.bytes == name.as_bytes()) {
        Some(entry) => Ok(view.get_row::<ManagedPolicies>(&entry.row)?.map(FoundPolicy::Own)),
        None => Ok(None),
    }
}

/// The group of a name, without regard to case.
pub fn group_named(name: &str, domain: Domain, view: &View) -> Result<Option<Held<Group>>, StoreError> {
    let name = name.to_ascii_lowercase();
    let entries = view.index::<Groups>(domain, Groups::BY_NAME, name.as_bytes(), None, 1)?;
    match entries.first().filter(|entry| entry.bytes == name.as_bytes()) {
        Some(entry) => view.get_row::<Groups>(&entry.row),
        None => Ok(None),
    }
}
