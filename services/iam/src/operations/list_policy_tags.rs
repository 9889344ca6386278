//! ListPolicyTags.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::policies::PolicyTarget;
use crate::tags;
use crate::wire::{PolicyArn, Tag};

/// Lists the tags of a managed policy.
///
/// Source: IAM API Reference, `ListPolicyTags`.
pub struct ListPolicyTags;

/// The request.
#[derive(Debug, Shape)]
pub struct ListPolicyTagsInput {
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
pub struct ListPolicyTagsOutput {
    /// The tags.
    #[shape(audit = omit, length = 0..=50)]
    pub tags: Vec<Tag>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListPolicyTags {
    const SPEC: OperationSpec = OperationSpec::reads("ListPolicyTags");
    type Input = ListPolicyTagsInput;
    type Output = ListPolicyTagsOutput;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &ListPolicyTagsInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &ListPolicyTagsInput, policy: &PolicyTarget, _: &View) -> Demands {
        Demands::of(policy.demand("iam:ListPolicyTags"))
    }

    async fn act(
        input: &ListPolicyTagsInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let policy = permit.targets().held()?;
        let bound_to = [permit.targets().arn.as_str().as_bytes()];
        let paging = Paging::of(
            world.view(),
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let page = tags::page(&paging, &policy.tags)?;
        Ok(ListPolicyTagsOutput {
            tags: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
