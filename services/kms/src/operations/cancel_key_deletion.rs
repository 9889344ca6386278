//! CancelKeyDeletion.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, duties};

/// Calls off the deletion of a key, which is disabled then. Automatic rotation is as it was before.
///
/// Source: KMS API Reference, `CancelKeyDeletion`. Known differences: none.
pub struct CancelKeyDeletion;

/// The request.
#[derive(Debug, Shape)]
pub struct CancelKeyDeletionInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CancelKeyDeletionOutput {
    /// The key's ARN.
    #[shape(audit = log, length = 1..=2048)]
    pub key_id: Arn,
}

impl Operation for CancelKeyDeletion {
    const SPEC: OperationSpec = OperationSpec::writes("CancelKeyDeletion");
    type Input = CancelKeyDeletionInput;
    type Output = CancelKeyDeletionOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &CancelKeyDeletionInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::CancelKeyDeletion>(&input.key_id)
    }

    fn demands(_: &CancelKeyDeletionInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::CancelKeyDeletion>())
    }

    fn check(_: &CancelKeyDeletionInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        match key.state.is_going() {
            true => Ok(()),
            false => Err(KmsError::InvalidState(key.arn.clone(), "is not pending deletion")),
        }
    }

    async fn act(
        _: &CancelKeyDeletionInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        key.change(world, |key| {
            key.deletion = None;
            key.deletion_after_replicas = None;
            key.enabled = false;
        });
        if let Some(deletion) = key.key.deletion {
            duties::drop_deletion(world, key, deletion);
        }
        if let Some(plan) = key.key.rotation {
            duties::put_rotation(world, key, plan);
        }
        Ok(CancelKeyDeletionOutput {
            key_id: key.arn.clone(),
        })
    }
}
