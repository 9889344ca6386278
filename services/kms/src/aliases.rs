//! Aliases, as requests hold them, and what CreateAlias, UpdateAlias and DeleteAlias share.
//!
//! Source: KMS Developer Guide, "Aliases in AWS KMS"; KMS API Reference, `CreateAlias`.

use ambient::Timestamp;
use arn::{Arn, Place};
use engine::{Action, Demand, Described, Miss, Resource, Targets, View, World};
use model::Shape;

use crate::key_id::{ALIAS_PREFIX, AliasName, Reference};
use crate::records::{Alias, Aliases, BY_TARGET, target_prefix};
use crate::target::{KeyTarget, KeysOf, RESOURCE_KIND, demand_on_alias};
use crate::{KmsError, limits};

/// The name of an alias, as the model admits it.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=256, pattern = "^[a-zA-Z0-9:/_-]+$")]
pub struct AliasText(pub String);

impl AliasText {
    /// The name, if an account may make, move and delete an alias of it.
    pub fn own(&self) -> Result<AliasName, KmsError> {
        let AliasText(text) = self;
        let invalid = |why: String| Err(KmsError::Validation(why));
        match text.strip_prefix(ALIAS_PREFIX) {
            None => invalid(
                "Alias must start with the prefix \"alias/\". Please see \
                 https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
                    .to_owned(),
            ),
            Some("") => invalid("Invalid identifier".to_owned()),
            Some(_) => match AliasName::parse(text) {
                None => invalid(format!("{text} contains invalid characters for an alias")),
                Some(name) if name.is_reserved() => Err(KmsError::ReservedAlias),
                Some(name) => Ok(name),
            },
        }
    }
}

/// Finds the key that an alias is to stand for; an alias can't stand for an alias.
pub fn target<A: Action>(key: &str, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
    match Reference::parse(key) {
        Some(Reference::Alias(_) | Reference::AliasArn(..)) => {
            Err(KmsError::Validation("Aliases must refer to keys. Not aliases".to_owned()).into())
        }
        _ => view.keys().find_by_id::<A>(key),
    }
}

/// Refuses one more alias for a key that has all it may have.
pub fn check_room(key: &KeyTarget, view: &View) -> Result<(), KmsError> {
    let most = limits::ALIASES_A_KEY;
    let has = view
        .store()
        .count_index::<Aliases>(key.domain, BY_TARGET, &target_prefix(key.id), most)?;
    if has < most {
        return Ok(());
    }
    Err(KmsError::LimitExceeded(format!(
        "{} has {most} aliases, and may have no more.",
        key.arn
    )))
}

/// Points an alias that was made at `created` at `key`.
pub fn point(name: &AliasName, key: &KeyTarget, created: Timestamp, world: &mut World<'_>) {
    let alias = Alias {
        name: name.as_str().to_owned(),
        target: key.id.to_bytes(),
        created_ms: created.milliseconds(),
        updated_ms: world.now().milliseconds(),
    };
    world.change().put::<Aliases>(key.domain, name.clone(), alias);
}

/// An alias and the key that it stands for, or is to stand for.
#[derive(Debug)]
pub struct AliasTarget {
    /// The alias.
    pub name: AliasName,
    /// The key.
    pub key: KeyTarget,
}

impl AliasTarget {
    /// The demand to do `A` to the alias.
    pub fn demand<A: Action>(&self) -> Demand {
        demand_on_alias::<A>(&self.key.place, &self.name)
    }
}

impl Targets for AliasTarget {
    fn resources(&self) -> Vec<Resource> {
        vec![resource(&self.name, &self.key.place), self.key.resource()]
    }

    fn described(&self, resource: &Arn) -> Option<&dyn Described> {
        (*resource == self.key.arn).then_some(&self.key)
    }

    fn response_of_silent_change(&self) -> Option<String> {
        self.key.response_of_silent_change()
    }
}

/// An alias as records name it.
pub fn resource(name: &AliasName, place: &Place) -> Resource {
    Resource {
        arn: name.arn(place),
        kind: RESOURCE_KIND,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        let refused = AliasText(name.to_owned()).own().unwrap_err();
        refused.to_string()
    }

    #[test]
    fn an_alias_begins_with_its_prefix() {
        let needed = "Alias must start with the prefix \"alias/\". Please see \
                      https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
        for name in ["payments", "Alias/payments", "alias", "alias-x", "/alias/x"] {
            assert_eq!(refusal(name), needed, "{name}");
        }
        assert_eq!(refusal("alias/"), "Invalid identifier");
    }

    #[test]
    fn an_alias_holds_no_colon_although_the_model_admits_it() {
        assert_eq!(
            refusal("alias/a:b"),
            "alias/a:b contains invalid characters for an alias"
        );
    }

    #[test]
    fn names_of_aws_are_reserved() {
        let reserved = |name: &str| matches!(AliasText(name.to_owned()).own(), Err(KmsError::ReservedAlias));
        assert!(reserved("alias/aws/s3") && reserved("alias/aws/"));
        assert!(!reserved("alias/aws") && !reserved("alias/AWS/s3") && !reserved("alias/awsome/x"));
    }
}
