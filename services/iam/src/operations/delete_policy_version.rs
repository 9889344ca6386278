//! DeletePolicyVersion.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::PolicyTarget;
use crate::wire::{PolicyArn, VersionId};

/// Deletes a version of a managed policy that is not in force.
///
/// Source: IAM API Reference, `DeletePolicyVersion`.
pub struct DeletePolicyVersion;

/// The request.
#[derive(Debug, Shape)]
pub struct DeletePolicyVersionInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// The version.
    #[shape(audit = log)]
    pub version_id: VersionId,
}

impl Operation for DeletePolicyVersion {
    const SPEC: OperationSpec = OperationSpec::writes("DeletePolicyVersion").without_output();
    type Input = DeletePolicyVersionInput;
    type Output = Nothing;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &DeletePolicyVersionInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &DeletePolicyVersionInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeletePolicyVersion"))
    }

    fn check(
        input: &DeletePolicyVersionInput,
        permit: &Permit<PolicyTarget>,
        _: &View,
    ) -> Result<(), IamError> {
        let target = permit.targets();
        let policy = target.own()?;
        let version = target.version(&input.version_id)?;
        match policy.is_in_force(version) {
            false => Ok(()),
            true => Err(IamError::DeleteConflict(
                "Cannot delete the default version of a policy.",
            )),
        }
    }

    async fn act(
        input: &DeletePolicyVersionInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let number = target.version(&input.version_id)?.number;
        target.change(world, |policy| policy.remove_version(number))?;
        Ok(Nothing {})
    }
}
