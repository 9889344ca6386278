//! ScheduleKeyDeletion.

use ambient::Timestamp;
use arn::Arn;
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::key_kinds::KeyState;
use crate::records::Deletion;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions, duties, state};

/// Makes a key unusable now, and has it destroyed after a waiting period, unless that is cancelled.
///
/// Source: KMS API Reference, `ScheduleKeyDeletion`. Known differences: none.
pub struct ScheduleKeyDeletion;

/// The request.
#[derive(Debug, Shape)]
pub struct ScheduleKeyDeletionInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The waiting period in days: 7 to 30, 30 unless given.
    #[shape(audit = log, range = 1..=365, condition = "kms:ScheduleKeyDeletionPendingWindowInDays")]
    pub pending_window_in_days: Option<i32>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ScheduleKeyDeletionOutput {
    /// The key's ARN.
    #[shape(audit = log, length = 1..=2048)]
    pub key_id: Arn,
    /// From when on the key is gone.
    #[shape(audit = log)]
    pub deletion_date: Option<Timestamp>,
    /// The state the key is in now.
    #[shape(audit = log)]
    pub key_state: KeyState,
    /// The waiting period in days.
    #[shape(audit = log, range = 1..=365)]
    pub pending_window_in_days: i32,
}

/// Days until a key is destroyed: 7 to 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WaitingPeriod(u8);

impl WaitingPeriod {
    const LONGEST: WaitingPeriod = WaitingPeriod(30);

    /// The period that a caller asks for; the longest where none is named.
    fn asked_for(days: Option<i32>) -> Result<WaitingPeriod, KmsError> {
        match days.map(u8::try_from) {
            None => Ok(WaitingPeriod::LONGEST),
            Some(Ok(days @ 7..=30)) => Ok(WaitingPeriod(days)),
            Some(_) => Err(KmsError::Validation(
                "PendingWindowInDays must be between 7 and 30".to_owned(),
            )),
        }
    }
}

impl Operation for ScheduleKeyDeletion {
    const SPEC: OperationSpec = OperationSpec::writes("ScheduleKeyDeletion");
    type Input = ScheduleKeyDeletionInput;
    type Output = ScheduleKeyDeletionOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ScheduleKeyDeletionInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        WaitingPeriod::asked_for(input.pending_window_in_days)?;
        view.keys()
            .find_by_id::<action::ScheduleKeyDeletion>(&input.key_id)
    }

    fn demands(_: &ScheduleKeyDeletionInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::ScheduleKeyDeletion>())
    }

    fn condition<'c>(input: &'c ScheduleKeyDeletionInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::default_of(
            "kms:schedulekeydeletionpendingwindowindays",
            "30",
            input.pending_window_in_days.is_some(),
            key,
        )
    }

    fn check(_: &ScheduleKeyDeletionInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::DELETABLE, &key.arn)
    }

    async fn act(
        input: &ScheduleKeyDeletionInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let WaitingPeriod(days) = WaitingPeriod::asked_for(input.pending_window_in_days)?;
        // A primary outlives its replicas: its waiting period begins when the last of them is gone.
        let relatives = key.key.relatives.as_ref();
        let waits = !key.is_replica() && relatives.is_some_and(|relatives| !relatives.replicas.is_empty());
        let deletion = (!waits).then(|| Deletion::after(world.now(), days));
        key.change(world, |key| {
            key.deletion = deletion;
            key.deletion_after_replicas = waits.then_some(days);
        });
        if let Some(deletion) = deletion {
            duties::put_deletion(world, key, deletion);
        }
        if let Some(plan) = key.key.rotation {
            duties::drop_rotation(world, key, plan);
        }
        Ok(ScheduleKeyDeletionOutput {
            key_id: key.arn.clone(),
            deletion_date: deletion.map(|deletion| deletion.due()),
            key_state: match waits {
                true => KeyState::PendingReplicaDeletion,
                false => KeyState::PendingDeletion,
            },
            pending_window_in_days: i32::from(days),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waiting_period_is_7_to_30_days() {
        assert_eq!(WaitingPeriod::asked_for(None).unwrap(), WaitingPeriod(30));
        for days in [7, 30] {
            assert_eq!(i32::from(WaitingPeriod::asked_for(Some(days)).unwrap().0), days);
        }
        for days in [i32::MIN, -1, 0, 1, 6, 31, 255, 256, 263, 365, i32::MAX] {
            let refused = WaitingPeriod::asked_for(Some(days)).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "PendingWindowInDays must be between 7 and 30"
            );
        }
    }
}
