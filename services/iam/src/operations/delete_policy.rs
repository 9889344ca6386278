//! DeletePolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::ManagedPolicies;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::{self, PolicyTarget, Uses};
use crate::wire::PolicyArn;

/// Deletes a managed policy that nobody uses and that has no version but the one in force.
///
/// Source: IAM API Reference, `DeletePolicy`.
pub struct DeletePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DeletePolicyInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
}

impl Operation for DeletePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DeletePolicy").without_output();
    type Input = DeletePolicyInput;
    type Output = Nothing;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &DeletePolicyInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &DeletePolicyInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeletePolicy"))
    }

    fn check(_: &DeletePolicyInput, permit: &Permit<PolicyTarget>, view: &View) -> Result<(), IamError> {
        let target = permit.targets();
        let policy = target.own()?;
        let unused = Uses {
            attached: 0,
            bounding: 0,
        };
        if policies::uses_of(&target.arn, view)? != unused {
            return Err(IamError::DeleteConflict(
                "Cannot delete a policy attached to entities.",
            ));
        }
        match policy.versions().len() {
            0 | 1 => Ok(()),
            _ => Err(IamError::DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
                 The default version is deleted with the policy.",
            )),
        }
    }

    async fn act(
        _: &DeletePolicyInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id = permit.targets().own()?.id();
        let domain = world.view().domain();
        world.change().delete::<ManagedPolicies>(domain, id);
        Ok(Nothing {})
    }
}
