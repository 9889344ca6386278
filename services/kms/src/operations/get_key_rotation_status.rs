//! GetKeyRotationStatus.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, rotation};

/// Tells whether a key rotates by itself, and when next. A key that waits for its deletion does not.
///
/// Source: KMS API Reference, `GetKeyRotationStatus`. Known differences: an on-demand rotation is complete before
/// its answer leaves, so none is ever under way.
pub struct GetKeyRotationStatus;

/// The request.
#[derive(Debug, Shape)]
pub struct GetKeyRotationStatusInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetKeyRotationStatusOutput {
    /// Whether it rotates by itself.
    #[shape(audit = omit)]
    pub key_rotation_enabled: bool,
    /// The key's id.
    #[shape(audit = omit)]
    pub key_id: KeyReference,
    /// Days between rotations.
    #[shape(audit = omit, range = 90..=2560)]
    pub rotation_period_in_days: Option<i32>,
    /// When it rotates next.
    #[shape(audit = omit)]
    pub next_rotation_date: Option<Timestamp>,
    /// When the on-demand rotation that is under way began.
    #[shape(audit = omit)]
    pub on_demand_rotation_start_date: Option<Timestamp>,
}

impl Operation for GetKeyRotationStatus {
    const SPEC: OperationSpec = OperationSpec::reads("GetKeyRotationStatus");
    type Input = GetKeyRotationStatusInput;
    type Output = GetKeyRotationStatusOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GetKeyRotationStatusInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys()
            .find_by_id_anywhere::<action::GetKeyRotationStatus>(&input.key_id)
    }

    fn demands(_: &GetKeyRotationStatusInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GetKeyRotationStatus>())
    }

    fn check(_: &GetKeyRotationStatusInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        rotation::check_spec(permit.targets())
    }

    async fn act(
        _: &GetKeyRotationStatusInput,
        permit: &Permit<KeyTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let plan = key.key.rotation.filter(|_| !key.state.is_going());
        Ok(GetKeyRotationStatusOutput {
            key_rotation_enabled: plan.is_some(),
            key_id: KeyReference(key.id.to_string()),
            rotation_period_in_days: plan.map(|plan| i32::from(plan.period_days)),
            next_rotation_date: plan.map(|plan| plan.next()),
            on_demand_rotation_start_date: None,
        })
    }
}
