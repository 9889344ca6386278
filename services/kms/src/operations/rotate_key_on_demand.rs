//! RotateKeyOnDemand.

use std::time::Duration;

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::records::{Key, Origin, RotationKind};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, imports, limits, rotation, state};

/// Gives a key new material now: made here, or for imported keys what was imported and waits. Automatic rotation goes on
/// as planned.
///
/// Source: KMS API Reference, `RotateKeyOnDemand`. Known differences: the rotation is complete before the answer
/// leaves.
pub struct RotateKeyOnDemand;

/// The request.
#[derive(Debug, Shape)]
pub struct RotateKeyOnDemandInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct RotateKeyOnDemandOutput {
    /// The key's ARN.
    #[shape(audit = log, length = 1..=2048)]
    pub key_id: Arn,
}

/// How close an automatic rotation may be.
const CLEARANCE: Duration = Duration::from_secs(20 * 60);

impl Operation for RotateKeyOnDemand {
    const SPEC: OperationSpec = OperationSpec::writes("RotateKeyOnDemand");
    type Input = RotateKeyOnDemandInput;
    type Output = RotateKeyOnDemandOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &RotateKeyOnDemandInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::RotateKeyOnDemand>(&input.key_id)
    }

    fn demands(_: &RotateKeyOnDemandInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::RotateKeyOnDemand>())
    }

    fn check(_: &RotateKeyOnDemandInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::SETTLED, &key.arn)?;
        rotation::check_spec(key)?;
        rotation::check_role(key)?;
        if key
            .key
            .rotation
            .is_some_and(|plan| plan.next() <= view.now().after(CLEARANCE))
        {
            let text = format!(
                "An automatic rotation of {} is in progress, or due within 20 minutes.",
                key.arn
            );
            return Err(KmsError::Conflict(text));
        }
        if key.key.origin == Origin::External {
            imports::check_rotation(key, view)?;
        }
        if key.key.rotations_on_demand() >= limits::ROTATIONS_ON_DEMAND {
            return Err(KmsError::LimitExceeded(format!(
                "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations \
                 can be performed for this key: {}",
                key.arn
            )));
        }
        Ok(())
    }

    async fn act(
        _: &RotateKeyOnDemandInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let mut key = Key::clone(&target.key);
        let event = match key.origin {
            Origin::AwsKms => rotation::rotate(world, target.id, &mut key, RotationKind::OnDemand)?,
            Origin::External => imports::rotate(world, target.id, &mut key)?,
        };
        world.happened(event);
        rotation::put_key(world, target.domain, target.id, key);
        Ok(RotateKeyOnDemandOutput {
            key_id: target.arn.clone(),
        })
    }
}
