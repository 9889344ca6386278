//! TagPolicy.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::PolicyTarget;
use crate::tags;
use crate::wire::{PolicyArn, Tag};

/// Gives a managed policy tags, over those of the same keys.
///
/// Source: IAM API Reference, `TagPolicy`.
pub struct TagPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct TagPolicyInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// The tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

impl Operation for TagPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("TagPolicy").without_output();
    type Input = TagPolicyInput;
    type Output = Nothing;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &TagPolicyInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &TagPolicyInput, policy: &PolicyTarget, _: &View) -> Demands {
        Demands::of(policy.demand("iam:TagPolicy"))
    }

    fn condition<'c>(input: &'c TagPolicyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &TagPolicyInput, permit: &Permit<PolicyTarget>, _: &View) -> Result<(), IamError> {
        tags::check(&input.tags, "TagsPerPolicy")?;
        let held = &permit.targets().own()?.tags;
        tags::check_with(held, &input.tags, "TagsPerPolicy")
    }

    async fn act(
        input: &TagPolicyInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |policy| {
            for tag in &input.tags {
                identity::set_tag(&mut policy.tags, &tag.key, &tag.value);
            }
        })?;
        Ok(Nothing {})
    }
}
