//! DisableKeyRotation.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, duties, multi_region, rotation, state};

/// Switches automatic rotation off; material that was made stays.
///
/// Source: KMS API Reference, `DisableKeyRotation`. Known differences: none.
pub struct DisableKeyRotation;

/// The request.
#[derive(Debug, Shape)]
pub struct DisableKeyRotationInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

impl Operation for DisableKeyRotation {
    const SPEC: OperationSpec = OperationSpec::writes("DisableKeyRotation").without_output();
    type Input = DisableKeyRotationInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DisableKeyRotationInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys()
            .find_by_id::<action::DisableKeyRotation>(&input.key_id)
    }

    fn demands(_: &DisableKeyRotationInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::DisableKeyRotation>())
    }

    fn check(_: &DisableKeyRotationInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        rotation::check_origin(key)?;
        key.state.require(state::USABLE, &key.arn)?;
        rotation::check_spec(key)?;
        rotation::check_role(key)
    }

    async fn act(
        _: &DisableKeyRotationInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        if let Some(former) = target.key.rotation {
            duties::drop_rotation(world, target, former);
            multi_region::change_all(world, target, |key| key.rotation = None)?;
        }
        Ok(Nothing {})
    }
}
