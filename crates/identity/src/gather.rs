//! The policies that decide what a principal may.

use std::sync::Arc;

use arn::{AccountId, Arn};
use policy::{Compiled, Policy};
use store::{Domain, Held, StoreError, View};

use crate::aws_policies::aws_policy;
use crate::document::Document;
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

/// A policy that gives a principal rights, and where the principal has it from.
#[derive(Debug, Clone, Copy)]
pub struct Giving<'p> {
    /// The group that the user has it from; none where it is the principal's own.
    pub group: Option<&'p str>,
    /// What it is called: an inline policy's name, or a managed policy's ARN.
    pub name: &'p str,
    /// What it says.
    pub document: &'p Document,
}

/// Takes each policy that gives.
pub type Take<'t> = &'t mut dyn FnMut(Giving<'_>);

/// Gathers a user's policies. What is missing of them gives nothing; a boundary that is missing bounds everything.
pub fn policies_of(
    user: &User,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Gathered, StoreError> {
    let mut giving = Vec::new();
    each_policy_of(user, account, domain, view, &mut |policy| {
        giving.push(policy.document.compiled());
    })?;
    Ok(Gathered {
        giving,
        boundary: boundary_of(user.boundary.as_deref(), account, domain, view)?,
        tags: user.tags.clone(),
    })
}

/// Gathers a role's policies, as [`policies_of`] does a user's.
pub fn policies_of_role(
    role: &Role,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Gathered, StoreError> {
    let mut giving = Vec::new();
    each_policy_of_role(role, account, domain, view, &mut |policy| {
        giving.push(policy.document.compiled());
    })?;
    Ok(Gathered {
        giving,
        boundary: boundary_of(role.boundary.as_deref(), account, domain, view)?,
        tags: role.tags.clone(),
    })
}

/// Takes each policy that gives a user rights, in the order of [`Gathered::giving`].
pub fn each_policy_of(
    user: &User,
    account: AccountId,
    domain: Domain,
    view: &View,
    take: Take<'_>,
) -> Result<(), StoreError> {
    each(&user.policies, None, account, domain, view, take)?;
    for group in &user.groups {
        if let Some(group) = view.get::<Groups>(domain, &UniqueId::kept(group))? {
            each(&group.policies, Some(&group.name), account, domain, view, take)?;
        }
    }
    Ok(())
}

/// Takes each policy that gives a role rights, in the order of [`Gathered::giving`].
pub fn each_policy_of_role(
    role: &Role,
    account: AccountId,
    domain: Domain,
    view: &View,
    take: Take<'_>,
) -> Result<(), StoreError> {
    each(&role.policies, None, account, domain, view, take)
}

/// Takes each policy of a group.
pub fn each_policy_of_group(
    group: &Group,
    account: AccountId,
    domain: Domain,
    view: &View,
    take: Take<'_>,
) -> Result<(), StoreError> {
    each(&group.policies, Some(&group.name), account, domain, view, take)
}

fn each(
    own: &Policies,
    group: Option<&str>,
    account: AccountId,
    domain: Domain,
    view: &View,
    take: Take<'_>,
) -> Result<(), StoreError> {
    for policy in &own.inline {
        take(Giving {
            group,
            name: &policy.name,
            document: &policy.document,
        });
    }
    for name in &own.attached {
        let found = attached(name, account, domain, view)?;
        if let Some(version) = found.as_ref().and_then(|policy| policy.in_force()) {
            let document = &version.document;
            take(Giving {
                group,
                name,
                document,
            });
        }
    }
    Ok(())
}

fn boundary_of(
    arn: Option<&str>,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<Arc<Compiled>>, StoreError> {
    let Some(arn) = arn else {
        return Ok(None);
    };
    let bounds = in_force(arn, account, domain, view)?;
    Ok(Some(
        bounds.unwrap_or_else(|| Arc::new(Policy::unreadable().compile())),
    ))
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

/// The version of a managed policy that is in force.
fn in_force(
    arn: &str,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<Arc<Compiled>>, StoreError> {
    let found = attached(arn, account, domain, view)?;
    Ok(found.and_then(|policy| Some(policy.in_force()?.document.compiled())))
}

/// What the managed policy of an ARN says: the version that is in force.
pub fn managed_document(
    arn: &str,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<Document>, StoreError> {
    let found = attached(arn, account, domain, view)?;
    Ok(found.and_then(|policy| Some(policy.in_force()?.document.clone())))
}

/// The managed policy that is attached by an ARN.
fn attached(
    arn: &str,
    account: AccountId,
    domain: Domain,
    view: &View,
) -> Result<Option<FoundPolicy>, StoreError> {
    match arn.parse::<Arn>() {
        Ok(arn) => managed_policy_of(&arn, account, domain, view),
        Err(_) => Ok(None),
    }
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
