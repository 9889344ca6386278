//! Key policies as callers give them: what is refused when one is to be stored.
//!
//! Source: KMS Developer Guide, "Key policies in AWS KMS"; KMS API Reference, `PutKeyPolicy`.

use arn::{AccountId, Arn, Place};
use engine::{Action, Authority, Demand, World};
use model::{Form, Path, Schema, Shape, Violations};
use policy::{Kind, Policy, Principal};
use serde::{Deserializer, Serializer};

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
pub struct LockoutBypass(pub bool);

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
        Ok(bool::decode(source, at, violations)?.map(LockoutBypass))
    }

    fn encode<S: Serializer>(&self, target: S, view: model::View) -> Result<S::Ok, S::Error> {
        self.0.encode(target, view)
    }
}

/// The name of a key's own policy.
const DEFAULT: &str = "default";
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

/// Reads a policy that is to be given to a key of `account`. Its principals have to exist; those that do are the
/// account itself, and everybody.
pub fn read(text: &PolicyText, account: AccountId) -> Result<KeyPolicy, KmsError> {
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
    let exists = |principal: &Principal| match principal {
        Principal::Anyone => true,
        Principal::Account(named) => *named == account,
        _ => false,
    };
    policy
        .resolve(exists)
        .map_err(|unresolved| KmsError::MalformedPolicy(unresolved.to_string()))?;
    Ok(KeyPolicy::given(text.clone(), &policy))
}

/// The policy that a new key is to have: the one that was given, or else the default.
pub fn of_new(
    given: Option<&PolicyText>,
    key: &Arn,
    place: &Place,
    bypass: LockoutBypass,
    world: &World<'_>,
) -> Result<KeyPolicy, KmsError> {
    let Some(text) = given else {
        return Ok(KeyPolicy::default_of(place.account));
    };
    let policy = read(text, place.account)?;
    check_lockout(&policy, key, place, bypass, world)?;
    Ok(policy)
}

/// Refuses a policy under which the caller could not change the key's policy again, unless it is to be so.
pub fn check_lockout(
    policy: &KeyPolicy,
    key: &Arn,
    place: &Place,
    bypass: LockoutBypass,
    world: &World<'_>,
) -> Result<(), KmsError> {
    if bypass.0 {
        return Ok(());
    }
    let again = Demand {
        action: action::PutKeyPolicy::NAME,
        resource: key.clone(),
        owner: place.account,
        authority: Authority::Resource(policy.compiled()),
    };
    if world.would_allow(again) {
        return Ok(());
    }
    Err(KmsError::MalformedPolicy(
        "The new key policy will not allow you to update the key policy in the future.".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(principal: &str) -> Result<String, String> {
        let text = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "kms:*", "Resource": "*"}}}}"#
        );
        let account = "111122223333".parse().unwrap();
        match read(&PolicyText(text.clone()), account) {
            Ok(policy) => Ok(policy.text()).inspect(|stored| assert_eq!(stored, &text)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_account_its_root_and_everybody_exist() {
        for principal in [
            r#""*""#,
            r#"{"AWS": "*"}"#,
            r#"{"AWS": "111122223333"}"#,
            r#"{"AWS": ["arn:aws:iam::111122223333:root", "*"]}"#,
        ] {
            reading(principal).unwrap();
        }
    }

    #[test]
    fn nobody_else_exists() {
        for principal in [
            r#"{"AWS": "444455556666"}"#,
            r#"{"AWS": ["*", "arn:aws:iam::444455556666:root"]}"#,
            r#"{"AWS": "arn:aws:iam::111122223333:user/a"}"#,
            r#"{"AWS": "AIDAEXAMPLE"}"#,
            r#"{"Service": "s3.amazonaws.com"}"#,
        ] {
            assert_eq!(
                reading(principal).unwrap_err(),
                "Policy contains a statement with one or more invalid principals."
            );
        }
    }

    #[test]
    fn a_policy_has_32768_bytes_at_most() {
        let account = "111122223333".parse().unwrap();
        let sized = |bytes: usize| {
            let text = Policy::default_key_policy_text(account);
            PolicyText(format!("{text}{}", " ".repeat(bytes - text.len())))
        };
        read(&sized(32_768), account).unwrap();
        assert!(matches!(
            read(&sized(32_769), account),
            Err(KmsError::LimitExceeded(_))
        ));
    }

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
