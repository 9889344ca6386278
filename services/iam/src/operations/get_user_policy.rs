//! GetUserPolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::users::UserTarget;
use crate::wire::{DocumentText, PolicyName, UserName};
use crate::{IamError, documents};

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
    type Targets = UserTarget;
    type Error = IamError;

    fn locate(input: &GetUserPolicyInput, view: &View) -> Result<UserTarget, Miss<IamError>> {
        Ok(UserTarget::named(&input.user_name, view)?)
    }

    fn demands(_: &GetUserPolicyInput, user: &UserTarget, _: &View) -> Demands {
        Demands::of(user.demand("iam:GetUserPolicy"))
    }

    async fn act(
        input: &GetUserPolicyInput,
        permit: &Permit<UserTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?;
        let PolicyName(name) = &input.policy_name;
        let policy = user
            .policies
            .inline(name)
            .ok_or_else(|| IamError::no_user_policy(name))?;
        Ok(GetUserPolicyOutput {
            user_name: UserName(user.name.clone()),
            policy_name: PolicyName(policy.name.clone()),
            policy_document: DocumentText(documents::encoded(policy.document.text())),
        })
    }
}
