//! SetDefaultPolicyVersion.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::PolicyTarget;
use crate::wire::{PolicyArn, VersionId};

/// Puts a version of a managed policy in force, for all to whom it is attached.
///
/// Source: IAM API Reference, `SetDefaultPolicyVersion`.
pub struct SetDefaultPolicyVersion;

/// The request.
#[derive(Debug, Shape)]
pub struct SetDefaultPolicyVersionInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// The version.
    #[shape(audit = log)]
    pub version_id: VersionId,
}

impl Operation for SetDefaultPolicyVersion {
    const SPEC: OperationSpec = OperationSpec::writes("SetDefaultPolicyVersion").without_output();
    type Input = SetDefaultPolicyVersionInput;
    type Output = Nothing;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &SetDefaultPolicyVersionInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &SetDefaultPolicyVersionInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:SetDefaultPolicyVersion"))
    }

    async fn act(
        input: &SetDefaultPolicyVersionInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let (number, now) = (target.version(&input.version_id)?.number, world.now());
        target.change(world, |policy| policy.put_in_force(number, now))?;
        Ok(Nothing {})
    }
}
