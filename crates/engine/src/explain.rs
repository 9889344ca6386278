//! What a service tells of its resources where somebody asks who may do what to them.

use std::collections::BTreeMap;

use arn::{AccountId, Arn};
use gate::{Authority, GrantOn, Resource, Supposed, Wanted};
use store::StoreError;

use crate::view::View;

/// A resource, with what decides who may do what to it.
pub struct Explained {
    /// The resource as policies speak of it.
    pub resource: String,
    /// The account that owns it.
    pub owner: AccountId,
    /// Which policies decide.
    pub authority: Authority,
    /// An action that is decided otherwise.
    pub exception: Option<(&'static str, Authority)>,
    /// The text of its policy.
    pub policy: Option<String>,
    /// What condition keys see of it.
    pub described: Option<Box<dyn Resource>>,
    /// The grants on it.
    pub grants: Vec<GrantOn>,
    /// What can be done to it that its policy decides.
    pub actions: Vec<&'static str>,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum NotExplained {
    /// There is no such resource.
    #[error("There is no {0}.")]
    NoResource(String),
    /// The service's actions have no such resources.
    #[error("{0} is not the ARN of a resource that this action is done to.")]
    NotOfAction(String),
    /// Ours to mend: the resource could not be read.
    #[error("the resource could not be read")]
    Store(#[from] StoreError),
}

/// Finds what `resource` names, an ARN or `*`, for an action of the service or for whatever can be done to it, and for
/// callers of an account.
pub type Explain =
    fn(action: Option<&str>, resource: &str, caller: AccountId, &View) -> Result<Explained, NotExplained>;

/// Where nothing but the caller's own policies decides.
pub fn by_identity(
    _action: Option<&str>,
    resource: &str,
    caller: AccountId,
    _: &View,
) -> Result<Explained, NotExplained> {
    let owner = match resource {
        "*" => caller,
        _ => {
            let arn: Option<Arn> = resource.parse().ok();
            let arn = arn.ok_or_else(|| NotExplained::NotOfAction(resource.to_owned()))?;
            arn.account().unwrap_or(caller)
        }
    };
    Ok(Explained {
        resource: resource.to_owned(),
        owner,
        authority: Authority::Identity,
        exception: None,
        policy: None,
        described: None,
        grants: Vec::new(),
        actions: Vec::new(),
    })
}

impl Explained {
    /// An action on it.
    pub fn wanted<'w>(&'w self, action: &'w str) -> Wanted<'w> {
        let exception = self
            .exception
            .as_ref()
            .filter(|(exception, _)| *exception == action);
        Wanted {
            action,
            resource: &self.resource,
            owner: self.owner,
            authority: exception.map_or(&self.authority, |(_, authority)| authority),
        }
    }

    /// What is known of a call that is about it.
    pub fn supposed<'a>(&'a self, values: &'a BTreeMap<String, Vec<String>>, view: &'a View) -> Supposed<'a> {
        Supposed {
            resource: self.described.as_deref(),
            policy: self.policy.as_deref(),
            grants: &self.grants,
            values,
            is_whole: false,
            time: view.now(),
            view: view.store(),
        }
    }
}
