//! UntagPolicy.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policies::PolicyTarget;
use crate::tags;
use crate::wire::{PolicyArn, TagKey};

/// Takes tags from a managed policy; those that it has not are passed over.
///
/// Source: IAM API Reference, `UntagPolicy`.
pub struct UntagPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct UntagPolicyInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// The keys of the tags.
    #[shape(audit = log, length = 0..=50)]
    pub tag_keys: Vec<TagKey>,
}

impl Operation for UntagPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("UntagPolicy").without_output();
    type Input = UntagPolicyInput;
    type Output = Nothing;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &UntagPolicyInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &UntagPolicyInput, policy: &PolicyTarget, _: &View) -> Demands {
        Demands::of(policy.demand("iam:UntagPolicy"))
    }

    fn condition<'c>(input: &'c UntagPolicyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition_of_keys(&input.tag_keys, key)
    }

    async fn act(
        input: &UntagPolicyInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit
            .targets()
            .change(world, |policy| tags::remove(&mut policy.tags, &input.tag_keys))?;
        Ok(Nothing {})
    }
}
