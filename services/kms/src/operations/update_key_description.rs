//! UpdateKeyDescription.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::key_metadata::Description;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, state};

/// Replaces the description of a key.
///
/// Source: KMS API Reference, `UpdateKeyDescription`. Known differences: none.
pub struct UpdateKeyDescription;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateKeyDescriptionInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The new description; empty to have none.
    #[shape(audit = log)]
    pub description: Description,
}

impl Operation for UpdateKeyDescription {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateKeyDescription").without_output();
    type Input = UpdateKeyDescriptionInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &UpdateKeyDescriptionInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys()
            .find_by_id::<action::UpdateKeyDescription>(&input.key_id)
    }

    fn demands(_: &UpdateKeyDescriptionInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::UpdateKeyDescription>())
    }

    fn check(_: &UpdateKeyDescriptionInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::LASTING, &key.arn)
    }

    async fn act(
        input: &UpdateKeyDescriptionInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let Description(description) = input.description.clone();
        permit
            .targets()
            .change(world, |key| key.description = description);
        Ok(Nothing {})
    }
}
