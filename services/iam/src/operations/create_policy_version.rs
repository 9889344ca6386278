//! CreatePolicyVersion.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::policies::{PolicyTarget, version_told};
use crate::wire::{DocumentText, PolicyArn, PolicyVersion};
use crate::{IamError, documents, limits};

/// Adds a version to a managed policy, and puts it in force where that is wanted.
///
/// Source: IAM API Reference, `CreatePolicyVersion`.
pub struct CreatePolicyVersion;

/// The request.
#[derive(Debug, Shape)]
pub struct CreatePolicyVersionInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// What it says.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
    /// Whether it is put in force.
    #[shape(audit = log)]
    pub set_as_default: Option<bool>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreatePolicyVersionOutput {
    /// The version.
    #[shape(audit = log)]
    pub policy_version: Option<PolicyVersion>,
}

impl Operation for CreatePolicyVersion {
    const SPEC: OperationSpec = OperationSpec::writes("CreatePolicyVersion");
    type Input = CreatePolicyVersionInput;
    type Output = CreatePolicyVersionOutput;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &CreatePolicyVersionInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &CreatePolicyVersionInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:CreatePolicyVersion"))
    }

    fn check(
        input: &CreatePolicyVersionInput,
        permit: &Permit<PolicyTarget>,
        _: &View,
    ) -> Result<(), IamError> {
        documents::check_managed(&input.policy_document)?;
        match permit.targets().own()?.versions().len() < limits::VERSIONS {
            true => Ok(()),
            false => Err(IamError::TooManyVersions(limits::VERSIONS)),
        }
    }

    async fn act(
        input: &CreatePolicyVersionInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (now, in_force) = (world.now(), input.set_as_default == Some(true));
        let mut told = None;
        permit.targets().change(world, |policy| {
            policy.add_version(&input.policy_document.0, in_force, now);
            told = policy
                .versions()
                .last()
                .map(|version| version_told(policy, version, false));
        })?;
        Ok(CreatePolicyVersionOutput { policy_version: told })
    }
}
