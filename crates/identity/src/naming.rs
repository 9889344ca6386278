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
/// Conditions compare text, so they stay as they are.
pub fn shown(text: &str, named: &[Named], view: &View) -> Result<String, StoreError> {
    let mut now = Vec::with_capacity(named.len());
    for Named { arn, id } in named {
        let account = arn.parse::<Arn>().ok().and_then(|arn| arn.account());
        let found = match account {
            Some(account) => principal_of_id(id, account, view)?,
            None => None,
        };
        let found = found.map_or_else(|| id.clone(), |arn| arn.to_string());
        now.push((format!("\"{arn}\""), format!("\"{found}\"")));
    }
    Ok(in_principals(text, |principals| {
        now.iter()
            .fold(principals.to_owned(), |text, (then, now)| text.replace(then, now))
    }))
}

/// A policy's text with what it says of principals turned into something else. The text has to be a policy's.
fn in_principals(text: &str, turn: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, from) = rest.split_at(start);
        let (string, behind) = from.split_at(end_of_string(from));
        out.push_str(before);
        out.push_str(string);
        rest = behind;
        let is_element = string == r#""Principal""# || string == r#""NotPrincipal""#;
        let value = behind.trim_start().strip_prefix(':').map(str::trim_start);
        if let Some(value) = value.filter(|_| is_element) {
            let (gap, value) = behind.split_at(behind.len() - value.len());
            let (value, behind) = value.split_at(end_of_value(value));
            out.push_str(gap);
            out.push_str(&turn(value));
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

/// Where the JSON string ends that a text begins with.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Where the JSON string, list or object ends that a text begins with.
fn end_of_value(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.as_bytes().first() {
            Some(b'"') => at += end_of_string(rest),
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
            }
            Some(b'}' | b']') => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => at += rest.chars().next().map_or(1, char::len_utf8),
        }
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_turned_and_nothing_else_is() {
        let turned = |text: &str| in_principals(text, |value| value.replace("\"a\"", "\"b\""));
        for (text, expected) in [
            (
                r#"{"Principal" : "a","Sid":"a"}"#,
                r#"{"Principal" : "b","Sid":"a"}"#,
            ),
            (
                r#"{"NotPrincipal":{"AWS":["a","c","a"]}}"#,
                r#"{"NotPrincipal":{"AWS":["b","c","b"]}}"#,
            ),
            (
                r#"{"Condition":{"ArnLike":{"aws:PrincipalArn":"a"}},"Principal":{"AWS":"a"}}"#,
                r#"{"Condition":{"ArnLike":{"aws:PrincipalArn":"a"}},"Principal":{"AWS":"b"}}"#,
            ),
            // Names in other places, brackets and quotes in strings.
            (
                r#"{"Sid":"Principal","Id":"a"}"#,
                r#"{"Sid":"Principal","Id":"a"}"#,
            ),
            (
                r#"[{"Principal":{"AWS":["]}\"",
 "a"]},"Sid":"a"},{"Sid":"\\","Principal":"a"}]"#,
                r#"[{"Principal":{"AWS":["]}\"",
 "b"]},"Sid":"a"},{"Sid":"\\","Principal":"b"}]"#,
            ),
            ("", ""),
        ] {
            assert_eq!(turned(text), expected);
        }
    }

    #[test]
    fn texts_that_are_none_are_kept() {
        for text in [
            "\"",
            "\"Principal\"",
            "\"Principal\":",
            "\"Principal\":[",
            "\"Principal\":{\"\\",
            "é\"Principal\":é",
        ] {
            assert_eq!(in_principals(text, str::to_owned), text);
        }
    }
}
