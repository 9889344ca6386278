//! Roles, where somebody asks who may take them on.

use std::sync::Arc;

use arn::{AccountId, Arn};
use engine::{Authority, ConditionKey, Described, Explained, Found, NotExplained, View, by_identity};
use identity::{Role, Tag};

/// What a role's trust policy decides.
const OF_ROLES: &[&str] = &[
    "sts:AssumeRole",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// The role that an action is to be done to.
pub fn explain(
    action: Option<&str>,
    resource: &str,
    caller: AccountId,
    view: &View,
) -> Result<Explained, NotExplained> {
    if action.is_some_and(|action| !OF_ROLES.contains(&action)) {
        return by_identity(action, resource, caller, view);
    }
    let not_of_action = || NotExplained::NotOfAction(resource.to_owned());
    let arn: Arn = resource.parse().map_err(|_| not_of_action())?;
    let (Some(account), Some(below)) = (arn.account(), arn.resource().strip_prefix("role/")) else {
        return Err(not_of_action());
    };
    let name = below.rsplit('/').next().unwrap_or_default();
    let role = match identity::domain_of(account, view.store()) {
        Some(domain) => identity::role_named(name, domain, view.store())?,
        None => None,
    };
    let role = role
        .filter(|role| role.arn(account).as_ref() == Some(&arn))
        .ok_or_else(|| NotExplained::NoResource(format!("role {arn}")))?;
    Ok(Explained {
        resource: arn.to_string(),
        owner: account,
        authority: Authority::Resource(Arc::clone(&role.trust.compiled())),
        exception: None,
        policy: Some(role.trust.text().to_owned()),
        described: Some(Box::new(TagsOf(Role::clone(&role).tags))),
        grants: Vec::new(),
        actions: OF_ROLES.to_vec(),
    })
}

/// What is known of a role before anybody asks for it.
struct TagsOf(Vec<Tag>);

impl Described for TagsOf {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        match key.prefix() {
            "aws:resourcetag" | "iam:resourcetag" => {
                let value = key.name().and_then(|name| identity::tag(&self.0, name));
                Some(value.map_or(Found::Absent, Found::text))
            }
            _ => None,
        }
    }
}
