//! Whom policies name: principals are known by their unique ids from the time on when a policy was given, so that whoever
//! gets a name later is somebody else.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal".

use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};
use policy::{Element, Policy, Principal};
use store::{StoreError, View};

use crate::{account_exists, principal_of_arn, principal_of_id};

/// A principal that a policy names by its ARN, and who that was when the policy was given.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Named {
    /// The ARN, as the policy has it.
    #[n(0)]
    pub arn: String,
    /// The unique id.
    #[n(1)]
    pub id: String,
}

/// Why a policy's principals can't be known.
#[derive(Debug)]
pub enum Unknown {
    /// It names somebody who does not exist: as `"AWS":"…"`.
    Nobody(String),
    /// A statement names nobody at all.
    Missing,
    /// The store could not be read.
    Store(StoreError),
}

impl From<StoreError> for Unknown {
    fn from(error: StoreError) -> Unknown {
        Unknown::Store(error)
    }
}

/// Those whom a policy names by their ARNs; fails where it names somebody who does not exist. `account` is whose the policy
/// is. Services and identity providers exist where `takes_providers`.
pub fn named_in(
    policy: &Policy,
    account: AccountId,
    takes_providers: bool,
    view: &View,
) -> Result<Vec<Named>, Unknown> {
    let mut named: Vec<Named> = Vec::new();
    for statement in &policy.statements {
        let principals = statement.principals.as_ref().ok_or(Unknown::Missing)?;
        for principal in principals.values() {
            let (known, text) = match principal {
                Principal::Anyone => (true, "*".to_owned()),
                Principal::Account(account) => (account_exists(*account, view)?, account.to_string()),
                Principal::Id(id) => (principal_of_id(id, account, view)?.is_some(), id.clone()),
                Principal::Arn(arn) => {
                    let text = arn.to_string();
                    let id = principal_of_arn(arn, view)?;
                    let known = id.is_some();
                    // A federated user has no other name than its ARN.
                    if let Some(id) = id.filter(|id| *id != text)
                        && !named.iter().any(|known| known.arn == text)
                    {
                        named.push(Named {
                            arn: text.clone(),
                            id,
                        });
                    }
                    (known, text)
                }
                Principal::Service(name) | Principal::Federated(name) => (takes_providers, name.clone()),
                Principal::Other(text) | Principal::CanonicalUser(text) => (false, text.clone()),
            };
            if !known {
                let element = principal.element();
                return Err(Unknown::Nobody(format!(r#""{element}":"{text}""#)));
            }
        }
    }
    Ok(named)
}

/// The policy with principals named by their unique ids instead of their ARNs.
pub fn by_id(mut policy: Policy, named: &[Named]) -> Policy {
    for statement in &mut policy.statements {
        let Some(Element::These(principals) | Element::Not(principals)) = &mut statement.principals else {
            continue;
        };
        for principal in principals {
            if let Principal::Arn(arn) = principal
                && let Some(known) = named.iter().find(|known| known.arn == arn.as_str())
            {
                *principal = Principal::Id(known.id.clone());
            }
        }
    }
    policy
}

/// A policy's text as callers see it: principals have the ARNs that they have now, and those that are gone their unique ids.
pub fn shown(text: &str, named: &[Named], view: &View) -> Result<String, StoreError> {
    let mut shown = text.to_owned();
    for Named { arn, id } in named {
        let account = arn.parse::<Arn>().ok().and_then(|arn| arn.account());
        let now = match account {
            Some(account) => principal_of_id(id, account, view)?,
            None => None,
        };
        let now = now.map_or_else(|| id.clone(), |arn| arn.to_string());
        shown = shown.replace(&format!("\"{arn}\""), &format!("\"{now}\""));
    }
    Ok(shown)
}
