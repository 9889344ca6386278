//! EnableKey.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::state::State;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, duties, state};

/// Makes a disabled key usable again. A rotation that fell due meanwhile is done at once.
///
/// Source: KMS API Reference, `EnableKey`. Known differences: none.
pub struct EnableKey;

/// The request.
#[derive(Debug, Shape)]
pub struct EnableKeyInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

impl Operation for EnableKey {
    const SPEC: OperationSpec = OperationSpec::writes("EnableKey").without_output();
    type Input = EnableKeyInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &EnableKeyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::EnableKey>(&input.key_id)
    }

    fn demands(_: &EnableKeyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::EnableKey>())
    }

    fn check(_: &EnableKeyInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::SWITCHABLE, &key.arn)
    }

    async fn act(_: &EnableKeyInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        if key.state == State::Disabled {
            key.change(world, |key| key.enabled = true);
            if let Some(plan) = key.key.rotation {
                // It stands there already, unless it fell due while the key was disabled.
                duties::put_rotation(world, key, plan);
            }
        }
        Ok(Nothing {})
    }
}
