//! EnableKeyRotation.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::records::RotationPlan;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions, duties, multi_region, rotation, state};

/// Switches automatic rotation on, or changes its period; the period begins now.
///
/// Source: KMS API Reference, `EnableKeyRotation`. Known differences: none.
pub struct EnableKeyRotation;

/// The request.
#[derive(Debug, Shape)]
pub struct EnableKeyRotationInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Days between rotations: 90 to 2560, 365 unless given.
    #[shape(audit = log, range = 90..=2560, condition = "kms:RotationPeriodInDays")]
    pub rotation_period_in_days: Option<i32>,
}

/// Days between rotations unless a caller says otherwise.
const DEFAULT_PERIOD: u16 = 365;

impl Operation for EnableKeyRotation {
    const SPEC: OperationSpec = OperationSpec::writes("EnableKeyRotation").without_output();
    type Input = EnableKeyRotationInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &EnableKeyRotationInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::EnableKeyRotation>(&input.key_id)
    }

    fn demands(_: &EnableKeyRotationInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::EnableKeyRotation>())
    }

    fn condition<'c>(input: &'c EnableKeyRotationInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::default_of(
            "kms:rotationperiodindays",
            "365",
            input.rotation_period_in_days.is_some(),
            key,
        )
    }

    fn check(_: &EnableKeyRotationInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        rotation::check_origin(key)?;
        key.state.require(state::USABLE, &key.arn)?;
        rotation::check_spec(key)?;
        rotation::check_role(key)
    }

    async fn act(
        input: &EnableKeyRotationInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let days = input
            .rotation_period_in_days
            .and_then(|days| u16::try_from(days).ok());
        let plan = RotationPlan::from(world.now(), days.unwrap_or(DEFAULT_PERIOD));
        if let Some(former) = target.key.rotation {
            duties::drop_rotation(world, target, former);
        }
        duties::put_rotation(world, target, plan);
        multi_region::change_all(world, target, |key| key.rotation = Some(plan))?;
        Ok(Nothing {})
    }
}
