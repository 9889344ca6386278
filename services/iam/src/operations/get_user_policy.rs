//! GetUserPolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::documents;
use crate::holders::Target;
use crate::wire::{DocumentText, PolicyName, UserName};

/// Tells what an inline policy of a user says.
///
/// Source: IAM API Reference, `GetUserPolicy`.
pub struct GetUserPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetUserPolicyInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetUserPolicyOutput {
    /// The user.
    #[shape(audit = omit)]
    pub user_name: UserName,
    /// The policy.
    #[shape(audit = omit)]
    pub policy_name: PolicyName,
    /// What it says, percent-encoded.
    #[shape(audit = omit)]
    pub policy_document: DocumentText,
}

impl Operation for GetUserPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetUserPolicy");
    type Input = GetUserPolicyInput;
    type Output = GetUserPolicyOutput;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &GetUserPolicyInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &GetUserPolicyInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:GetUserPolicy"))
    }

    async fn act(
        input: &GetUserPolicyInput,
        permit: &Permit<Target<Users>>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let policy = target.inline(&input.policy_name)?;
        Ok(GetUserPolicyOutput {
            user_name: UserName(target.held()?.name.clone()),
            policy_name: PolicyName(policy.name.clone()),
            policy_document: DocumentText(documents::encoded(policy.document.text())),
        })
    }
}
