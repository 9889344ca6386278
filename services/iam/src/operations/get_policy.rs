//! GetPolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::{self, PolicyTarget};
use crate::wire::{Policy, PolicyArn};

/// Tells of a managed policy, and how it is used.
///
/// Source: IAM API Reference, `GetPolicy`.
pub struct GetPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetPolicyInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetPolicyOutput {
    /// The policy.
    #[shape(audit = omit)]
    pub policy: Option<Policy>,
}

impl Operation for GetPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetPolicy");
    type Input = GetPolicyInput;
    type Output = GetPolicyOutput;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &GetPolicyInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &GetPolicyInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:GetPolicy"))
    }

    async fn act(_: &GetPolicyInput, permit: &Permit<PolicyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let target = permit.targets();
        let policy = target.held()?;
        let uses = policies::uses_of(&target.arn, world.view())?;
        Ok(GetPolicyOutput {
            policy: Some(policies::told(policy, target.arn.clone(), uses, true)?),
        })
    }
}
