//! UpdateAlias.

use ambient::Timestamp;
use arn::Arn;
use engine::{Demands, Described, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View, World};
use model::{OperationSpec, Shape};

use crate::aliases::{self, AliasTarget, AliasText};
use crate::records::Key;
use crate::target::{KeyTarget, KeysOf, no_alias};
use crate::wire::KeyReference;
use crate::{KmsError, action, state};

/// Moves an alias to another key of the same type and usage.
///
/// Source: KMS API Reference, `UpdateAlias`. Known differences: none.
pub struct UpdateAlias;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateAliasInput {
    /// The name, `alias/` and all.
    #[shape(audit = log)]
    pub alias_name: AliasText,
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub target_key_id: KeyReference,
}

/// An alias between two keys.
#[derive(Debug)]
pub struct Move {
    to: AliasTarget,
    from: KeyTarget,
    created: Timestamp,
}

impl Move {
    /// Whether the alias stays where it is.
    fn stays(&self) -> bool {
        self.from.id == self.to.key.id
    }
}

impl Targets for Move {
    fn resources(&self) -> Vec<Resource> {
        let mut resources = self.to.resources();
        if !self.stays() {
            resources.push(self.from.resource());
        }
        resources
    }

    fn described(&self, resource: &Arn) -> Option<&dyn Described> {
        match *resource == self.from.arn {
            true => Some(&self.from),
            false => self.to.described(resource),
        }
    }

    fn response_of_silent_change(&self) -> Option<String> {
        self.to.response_of_silent_change()
    }
}

impl Operation for UpdateAlias {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateAlias").without_output();
    type Input = UpdateAliasInput;
    type Output = Nothing;
    type Targets = Move;
    type Error = KmsError;

    fn locate(input: &UpdateAliasInput, view: &View) -> Result<Move, Miss<KmsError>> {
        let name = input.alias_name.own()?;
        let key = aliases::target::<action::UpdateAlias>(&input.target_key_id, view)?;
        let Some((alias, from)) = view.keys().alias(view.place(), &name)? else {
            return Err(no_alias::<action::UpdateAlias>(view.place(), &name));
        };
        Ok(Move {
            to: AliasTarget { name, key },
            from,
            created: alias.created(),
        })
    }

    fn demands(_: &UpdateAliasInput, target: &Move, _: &View) -> Demands {
        let demands = Demands::of(target.to.demand::<action::UpdateAlias>())
            .and(target.from.demand::<action::UpdateAlias>());
        match target.stays() {
            true => demands,
            false => demands.and(target.to.key.demand::<action::UpdateAlias>()),
        }
    }

    fn check(_: &UpdateAliasInput, permit: &Permit<Move>, view: &View) -> Result<(), KmsError> {
        let Move { to, from, .. } = permit.targets();
        to.key.state.require(state::LASTING, &to.key.arn)?;
        if permit.targets().stays() {
            return Ok(());
        }
        check_alike(to.name.as_str(), &from.key, &to.key.key)?;
        aliases::check_room(&to.key, view)
    }

    async fn act(_: &UpdateAliasInput, permit: &Permit<Move>, world: &mut World<'_>) -> Outcome<Self> {
        let Move { to, created, .. } = permit.targets();
        aliases::point(&to.name, &to.key, *created, world);
        Ok(Nothing {})
    }
}

/// Refuses to move an alias to a key that can't do what the former one did.
fn check_alike(alias: &str, former: &Key, new: &Key) -> Result<(), KmsError> {
    if former.usage != new.usage {
        return Err(KmsError::Validation(format!(
            "Alias {alias} cannot be changed from a CMK with key usage {} to a CMK with key usage {}. The key usage of \
             the current CMK and the new CMK must be the same.",
            former.usage, new.usage
        )));
    }
    let family = |key: &Key| crypto::specs::find(&key.spec).map(|spec| spec.family);
    if let (Some(former), Some(new)) = (family(former), family(new))
        && former != new
    {
        return Err(KmsError::Validation(format!(
            "Alias {alias} cannot be changed from a CMK of type {former} to a CMK of type {new}. The type of the \
             current CMK and the new CMK must be the same."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Origin;
    use ambient::Timestamp;

    fn key(spec: &str, usage: &str) -> Key {
        Key::bare(spec, usage, Origin::AwsKms, Timestamp::from_milliseconds(0))
    }

    #[test]
    fn an_alias_moves_between_keys_of_one_type_and_usage_alone() {
        let symmetric = key("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
        let rsa = |usage| key("RSA_2048", usage);
        check_alike("alias/a", &symmetric, &symmetric).unwrap();
        check_alike(
            "alias/a",
            &rsa("SIGN_VERIFY"),
            &key("ECC_NIST_P256", "SIGN_VERIFY"),
        )
        .unwrap();
        assert_eq!(
            check_alike("alias/a", &rsa("ENCRYPT_DECRYPT"), &rsa("SIGN_VERIFY"))
                .unwrap_err()
                .to_string(),
            "Alias alias/a cannot be changed from a CMK with key usage ENCRYPT_DECRYPT to a CMK with key usage \
             SIGN_VERIFY. The key usage of the current CMK and the new CMK must be the same."
        );
        assert!(check_alike("alias/a", &symmetric, &rsa("ENCRYPT_DECRYPT")).is_err());
    }
}
