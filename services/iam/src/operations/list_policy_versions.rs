//! ListPolicyVersions.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems};
use crate::policies::{PolicyTarget, version_told};
use crate::wire::{PolicyArn, PolicyVersion};

/// Lists the versions of a managed policy, newest first.
///
/// Source: IAM API Reference, `ListPolicyVersions`.
pub struct ListPolicyVersions;

/// The request.
#[derive(Debug, Shape)]
pub struct ListPolicyVersionsInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListPolicyVersionsOutput {
    /// The versions.
    #[shape(audit = omit)]
    pub versions: Option<Vec<PolicyVersion>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListPolicyVersions {
    const SPEC: OperationSpec = OperationSpec::reads("ListPolicyVersions");
    type Input = ListPolicyVersionsInput;
    type Output = ListPolicyVersionsOutput;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &ListPolicyVersionsInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &ListPolicyVersionsInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListPolicyVersions"))
    }

    async fn act(
        _: &ListPolicyVersionsInput,
        permit: &Permit<PolicyTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        // There are so few that they fit every page.
        let policy = permit.targets().held()?;
        let versions = policy.versions().iter().rev();
        Ok(ListPolicyVersionsOutput {
            versions: Some(
                versions
                    .map(|version| version_told(policy, version, false))
                    .collect(),
            ),
            is_truncated: Some(false),
            marker: None,
        })
    }
}
