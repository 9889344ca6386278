//! GetGroupPolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::documents;
use crate::holders::Target;
use crate::wire::{DocumentText, GroupName, PolicyName};

/// Tells what an inline policy of a group says.
///
/// Source: IAM API Reference, `GetGroupPolicy`.
pub struct GetGroupPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetGroupPolicyInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetGroupPolicyOutput {
    /// The group.
    #[shape(audit = omit)]
    pub group_name: GroupName,
    /// The policy.
    #[shape(audit = omit)]
    pub policy_name: PolicyName,
    /// What it says, percent-encoded.
    #[shape(audit = omit)]
    pub policy_document: DocumentText,
}

impl Operation for GetGroupPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetGroupPolicy");
    type Input = GetGroupPolicyInput;
    type Output = GetGroupPolicyOutput;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &GetGroupPolicyInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &GetGroupPolicyInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:GetGroupPolicy"))
    }

    async fn act(
        input: &GetGroupPolicyInput,
        permit: &Permit<Target<Groups>>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let policy = target.inline(&input.policy_name)?;
        Ok(GetGroupPolicyOutput {
            group_name: GroupName(target.held()?.name.clone()),
            policy_name: PolicyName(policy.name.clone()),
            policy_document: DocumentText(documents::encoded(policy.document.text())),
        })
    }
}
