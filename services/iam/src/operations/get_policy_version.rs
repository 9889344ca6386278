//! GetPolicyVersion.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::{PolicyTarget, version_told};
use crate::wire::{PolicyArn, PolicyVersion, VersionId};

/// Tells what a version of a managed policy says.
///
/// Source: IAM API Reference, `GetPolicyVersion`.
pub struct GetPolicyVersion;

/// The request.
#[derive(Debug, Shape)]
pub struct GetPolicyVersionInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// The version.
    #[shape(audit = log)]
    pub version_id: VersionId,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetPolicyVersionOutput {
    /// The version.
    #[shape(audit = omit)]
    pub policy_version: Option<PolicyVersion>,
}

impl Operation for GetPolicyVersion {
    const SPEC: OperationSpec = OperationSpec::reads("GetPolicyVersion");
    type Input = GetPolicyVersionInput;
    type Output = GetPolicyVersionOutput;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &GetPolicyVersionInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &GetPolicyVersionInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:GetPolicyVersion"))
    }

    async fn act(
        input: &GetPolicyVersionInput,
        permit: &Permit<PolicyTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let version = target.version(&input.version_id)?;
        Ok(GetPolicyVersionOutput {
            policy_version: Some(version_told(target.held()?, version, true)),
        })
    }
}
