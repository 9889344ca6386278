//! DeleteAlias.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::aliases::{AliasTarget, AliasText};
use crate::records::Aliases;
use crate::target::{KeysOf, no_alias};
use crate::{KmsError, action};

/// Takes a name away from a key; the key stays.
///
/// Source: KMS API Reference, `DeleteAlias`. Known differences: none.
pub struct DeleteAlias;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteAliasInput {
    /// The name, `alias/` and all.
    #[shape(audit = log)]
    pub alias_name: AliasText,
}

impl Operation for DeleteAlias {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteAlias").without_output();
    type Input = DeleteAliasInput;
    type Output = Nothing;
    type Targets = AliasTarget;
    type Error = KmsError;

    fn locate(input: &DeleteAliasInput, view: &View) -> Result<AliasTarget, Miss<KmsError>> {
        let name = input.alias_name.own()?;
        match view.keys().alias(view.place(), &name)? {
            Some((_, key)) => Ok(AliasTarget { name, key }),
            None => Err(no_alias::<action::DeleteAlias>(view.place(), &name)),
        }
    }

    fn demands(_: &DeleteAliasInput, target: &AliasTarget, _: &View) -> Demands {
        Demands::of(target.demand::<action::DeleteAlias>()).and(target.key.demand::<action::DeleteAlias>())
    }

    async fn act(_: &DeleteAliasInput, permit: &Permit<AliasTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let AliasTarget { name, key } = permit.targets();
        world.change().delete::<Aliases>(key.domain, name.clone());
        Ok(Nothing {})
    }
}
