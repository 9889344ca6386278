//! Users, groups and roles, as operations find them that ask about their policies.

use arn::Arn;
use engine::{Demand, Described, NamedPolicy, PolicyKind, Resource, Targets, View};
use identity::{Giving, Groups, Roles, Users};

use crate::IamError;
use crate::holders::Target;

/// Whose policies are asked about.
#[derive(Debug)]
pub enum Source {
    /// A user's.
    User(Target<Users>),
    /// A group's.
    Group(Target<Groups>),
    /// A role's.
    Role(Target<Roles>),
}

impl Targets for Source {
    fn resources(&self) -> Vec<Resource> {
        match self {
            Source::User(user) => user.resources(),
            Source::Group(group) => group.resources(),
            Source::Role(role) => role.resources(),
        }
    }

    fn described(&self, of: &Arn) -> Option<&dyn Described> {
        match self {
            Source::User(user) => user.described(of),
            Source::Group(group) => group.described(of),
            Source::Role(role) => role.described(of),
        }
    }
}

impl Source {
    /// Whoever has an ARN; in another account there is nobody.
    pub fn of(text: &str, view: &View) -> Result<Source, IamError> {
        let unclear = || {
            IamError::InvalidInput(format!(
                "Invalid Entity Arn: {text} does not clearly define entity type and name."
            ))
        };
        let arn: Arn = text.parse().map_err(|_| unclear())?;
        let is_entity = arn.service() == "iam" && arn.account().is_some();
        let kind = arn.resource().split_once('/').filter(|_| is_entity);
        let (kind, _) = kind.ok_or_else(unclear)?;
        Ok(match kind {
            "user" => Source::User(Target::of_arn(arn, view)?),
            "group" => Source::Group(Target::of_arn(arn, view)?),
            "role" => Source::Role(Target::of_arn(arn, view)?),
            _ => return Err(unclear()),
        })
    }

    /// The ARN of whoever it is.
    pub fn arn(&self) -> &Arn {
        match self {
            Source::User(user) => &user.arn,
            Source::Group(group) => &group.arn,
            Source::Role(role) => &role.arn,
        }
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        match self {
            Source::User(user) => user.demand(action),
            Source::Group(group) => group.demand(action),
            Source::Role(role) => role.demand(action),
        }
    }

    /// The policies that it has, a user's of its groups too, and what bounds them.
    pub fn policies(&self, view: &View) -> Result<Vec<NamedPolicy>, IamError> {
        let (account, domain, store) = (view.place().account, view.domain(), view.store());
        let mut policies = Vec::new();
        let mut take = |holder: &str, giving: Giving<'_>| {
            let holder = match giving.group {
                Some(group) => format!("group_{group}"),
                None => holder.to_owned(),
            };
            let id = match giving.name.starts_with("arn:") {
                true => giving.name.rsplit('/').next().unwrap_or_default().to_owned(),
                false => format!("{holder}_{}", giving.name),
            };
            policies.push(NamedPolicy {
                kind: PolicyKind::Identity,
                group: None,
                name: Some(id),
                text: giving.document.text().to_owned(),
                compiled: giving.document.compiled(),
            });
        };
        let boundary = match self {
            Source::User(user) => {
                let user = user.held()?;
                let holder = format!("user_{}", user.name);
                identity::each_policy_of(user, account, domain, store, &mut |giving| take(&holder, giving))?;
                user.boundary.clone()
            }
            Source::Group(group) => {
                let group = group.held()?;
                identity::each_policy_of_group(group, account, domain, store, &mut |giving| {
                    take("", giving)
                })?;
                None
            }
            Source::Role(role) => {
                let role = role.held()?;
                let holder = format!("role_{}", role.name);
                identity::each_policy_of_role(role, account, domain, store, &mut |giving| {
                    take(&holder, giving)
                })?;
                role.boundary.clone()
            }
        };
        if let Some(arn) = boundary {
            let name = arn.rsplit('/').next().map(str::to_owned);
            let bounding = NamedPolicy::bounding(arn, account, domain, store)?;
            policies.push(NamedPolicy { name, ..bounding });
        }
        Ok(policies)
    }
}
