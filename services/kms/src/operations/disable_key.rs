//! DisableKey.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::state::State;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, state};

/// Makes a key unusable until it is enabled again.
///
/// Source: KMS API Reference, `DisableKey`. Known differences: none.
pub struct DisableKey;

/// The request.
#[derive(Debug, Shape)]
pub struct DisableKeyInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

impl Operation for DisableKey {
    const SPEC: OperationSpec = OperationSpec::writes("DisableKey").without_output();
    type Input = DisableKeyInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DisableKeyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::DisableKey>(&input.key_id)
    }

    fn demands(_: &DisableKeyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::DisableKey>())
    }

    fn check(_: &DisableKeyInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::SWITCHABLE, &key.arn)
    }

    async fn act(_: &DisableKeyInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        if key.state == State::Enabled {
            key.change(world, |key| key.enabled = false);
        }
        Ok(Nothing {})
    }
}
