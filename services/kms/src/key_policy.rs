//! Key policies as callers give them: what is refused when one is to be stored.
//!
//! Source: KMS Developer Guide, "Key policies in AWS KMS"; KMS API Reference, `PutKeyPolicy`.

use arn::{AccountId, Arn};
use engine::{Action, Authority, Demand, Described, View, World};
use identity::Named;
use model::{Condition, Form, Path, Schema, Shape, Violations};
use policy::{Kind, Policy};
use serde::{Deserializer, Serializer};

use crate::conditions::{NewKey, PolicyChange};
use crate::records::KeyPolicy;
use crate::{KmsError, action, limits};

/// The text of a key policy.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=131_072, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
pub struct PolicyText(pub String);

/// The name of one of a key's policies.
#[derive(Debug, Clone, PartialEq, Eq, Shape)]
#[shape(transparent, length = 1..=128, pattern = "[\\w]+")]
pub struct PolicyName(String);

/// Whether a caller may give a key a policy that locks itself out. `false` unless given, and recorded even then.
#[derive(Debug, Clone, Copy, Default)]
pub struct LockoutBypass(Option<bool>);

impl Shape for LockoutBypass {
    const FORM: &'static Form = bool::FORM;

    fn schema() -> &'static Schema {
        bool::schema()
    }

    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<LockoutBypass>, D::Error> {
        Ok(bool::decode(source, at, violations)?.map(|given| LockoutBypass(Some(given))))
    }

    fn encode<S: Serializer>(&self, target: S, view: model::View) -> Result<S::Ok, S::Error> {
        (self.0 == Some(true)).encode(target, view)
    }

    fn condition(&self, name: Option<&str>) -> Condition<'_> {
        self.0
            .as_ref()
            .map_or(Condition::Absent, |given| given.condition(name))
    }
}

/// The name of a key's own policy.
pub const DEFAULT: &str = "default";
/// The name of the policy that RAM attaches to a key that is shared through it; there is no RAM here.
const OF_RAM: &str = "AWS_RAM";

impl PolicyName {
    /// The name of a key's own policy.
    pub fn default_policy() -> PolicyName {
        PolicyName(DEFAULT.to_owned())
    }

    /// Refuses to read another policy than the key's own, which is meant where none is named.
    pub fn check_read(name: Option<&PolicyName>) -> Result<(), KmsError> {
        match name {
            Some(PolicyName(name)) if name != DEFAULT => Err(KmsError::NoPolicy),
            _ => Ok(()),
        }
    }

    /// Refuses to write another policy than the key's own, which is meant where none is named.
    pub fn check_write(name: Option<&PolicyName>) -> Result<(), KmsError> {
        match name {
            Some(PolicyName(name)) if name == OF_RAM => Err(KmsError::Validation(
                "The AWS_RAM policy can only be managed by the RAM service.".to_owned(),
            )),
            name => PolicyName::check_read(name),
        }
    }
}

/// Reads a policy that is to be given to a key. Its principals have to exist; they are known by their unique ids from then
/// on.
pub fn read(text: &PolicyText, view: &View) -> Result<KeyPolicy, KmsError> {
    let PolicyText(text) = text;
    if text.len() > limits::KEY_POLICY_BYTES {
        return Err(KmsError::LimitExceeded(format!(
            "The key policy has {} bytes, and may have {}.",
            text.len(),
            limits::KEY_POLICY_BYTES
        )));
    }
    let policy = Policy::parse(text, Kind::Key)
        .map_err(|malformed| KmsError::MalformedPolicy(malformed.to_string()))?;
    let named = named_in(&policy, view)?;
    Ok(KeyPolicy::given(text.clone(), policy, named))
}

/// Those whom a policy names by their ARNs; refused where it names somebody who does not exist, in whatever way.
fn named_in(policy: &Policy, view: &View) -> Result<Vec<Named>, KmsError> {
    identity::named_in(policy, view.place().account, false, view.store()).map_err(|unknown| match unknown {
        identity::Unknown::Store(error) => error.into(),
        identity::Unknown::Nobody(_) | identity::Unknown::Missing => invalid_principals(),
    })
}

fn invalid_principals() -> KmsError {
    KmsError::MalformedPolicy("Policy contains a statement with one or more invalid principals.".to_owned())
}

/// A policy as callers see it: principals have the ARNs that they have now, and those that are gone their unique ids.
pub fn shown(policy: &KeyPolicy, view: &View) -> Result<PolicyText, KmsError> {
    Ok(PolicyText(identity::shown(
        &policy.text(),
        policy.named(),
        view.store(),
    )?))
}

/// The policy that a new key is to have: the one that was given, or else the default.
pub fn of_new(
    given: Option<&PolicyText>,
    arn: &Arn,
    new: NewKey<'_>,
    bypass: LockoutBypass,
    world: &World<'_>,
) -> Result<KeyPolicy, KmsError> {
    let Some(text) = given else {
        return Ok(KeyPolicy::default_of(new.place.account));
    };
    let policy = read(text, world.view())?;
    check_lockout(&policy, arn, new.place.account, &new, bypass, world)?;
    Ok(policy)
}

/// Refuses a policy under which the caller could not change the key's policy again, unless it is to be so.
pub fn check_lockout(
    policy: &KeyPolicy,
    arn: &Arn,
    owner: AccountId,
    key: &dyn Described,
    bypass: LockoutBypass,
    world: &World<'_>,
) -> Result<(), KmsError> {
    if bypass.0 == Some(true) {
        return Ok(());
    }
    let again = Demand {
        action: action::PutKeyPolicy::NAME,
        resource: arn.clone(),
        owner,
        authority: Authority::Resource(policy.compiled()),
    };
    if world.would_allow(again, key, &PolicyChange) {
        return Ok(());
    }
    Err(KmsError::MalformedPolicy(
        "The new key policy will not allow you to update the key policy in the future.".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_policy() {
        let named = |name: &str| Some(PolicyName(name.to_owned()));
        for name in [None, named("default")] {
            PolicyName::check_read(name.as_ref()).unwrap();
            PolicyName::check_write(name.as_ref()).unwrap();
        }
        for name in ["Default", "other", "AWS_RAM"] {
            assert!(matches!(
                PolicyName::check_read(named(name).as_ref()),
                Err(KmsError::NoPolicy)
            ));
        }
        assert!(matches!(
            PolicyName::check_write(named("other").as_ref()),
            Err(KmsError::NoPolicy)
        ));
        assert!(matches!(
            PolicyName::check_write(named("AWS_RAM").as_ref()),
            Err(KmsError::Validation(_))
        ));
    }
}
