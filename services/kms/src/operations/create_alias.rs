//! CreateAlias.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::aliases::{self, AliasTarget, AliasText};
use crate::target::KeysOf;
use crate::wire::KeyReference;
use crate::{KmsError, action, state};

/// Gives a key a name of the account's own.
///
/// Source: KMS API Reference, `CreateAlias`. Known differences: none.
pub struct CreateAlias;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateAliasInput {
    /// The name, `alias/` and all.
    #[shape(audit = log)]
    pub alias_name: AliasText,
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub target_key_id: KeyReference,
}

impl Operation for CreateAlias {
    const SPEC: OperationSpec = OperationSpec::writes("CreateAlias").without_output();
    type Input = CreateAliasInput;
    type Output = Nothing;
    type Targets = AliasTarget;
    type Error = KmsError;

    fn locate(input: &CreateAliasInput, view: &View) -> Result<AliasTarget, Miss<KmsError>> {
        let name = input.alias_name.own()?;
        let key = aliases::target::<action::CreateAlias>(&input.target_key_id, view)?;
        Ok(AliasTarget { name, key })
    }

    fn demands(_: &CreateAliasInput, target: &AliasTarget, _: &View) -> Demands {
        Demands::of(target.demand::<action::CreateAlias>()).and(target.key.demand::<action::CreateAlias>())
    }

    fn check(_: &CreateAliasInput, permit: &Permit<AliasTarget>, view: &View) -> Result<(), KmsError> {
        let AliasTarget { name, key } = permit.targets();
        key.state.require(state::LASTING, &key.arn)?;
        if view.keys().alias(&key.place, name)?.is_some() {
            return Err(KmsError::AliasExists(name.arn(&key.place)));
        }
        aliases::check_room(key, view)
    }

    async fn act(_: &CreateAliasInput, permit: &Permit<AliasTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let AliasTarget { name, key } = permit.targets();
        aliases::point(name, key, world.now(), world);
        Ok(Nothing {})
    }
}
