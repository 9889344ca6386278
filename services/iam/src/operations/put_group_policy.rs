//! PutGroupPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{DocumentText, GroupName, PolicyName};

/// Gives a group an inline policy, over the one of that name if there is one.
///
/// Source: IAM API Reference, `PutGroupPolicy`.
pub struct PutGroupPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct PutGroupPolicyInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
    /// What it says.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
}

impl Operation for PutGroupPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("PutGroupPolicy").without_output();
    type Input = PutGroupPolicyInput;
    type Output = Nothing;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &PutGroupPolicyInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &PutGroupPolicyInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:PutGroupPolicy"))
    }

    fn check(input: &PutGroupPolicyInput, permit: &Permit<Target<Groups>>, _: &View) -> Result<(), IamError> {
        permit
            .targets()
            .check_inline(&input.policy_name, &input.policy_document)
    }

    async fn act(
        input: &PutGroupPolicyInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit
            .targets()
            .put_inline(world, &input.policy_name, &input.policy_document)?;
        Ok(Nothing {})
    }
}
