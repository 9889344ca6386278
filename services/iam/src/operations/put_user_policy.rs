//! PutUserPolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::Users;

use crate::users::UserTarget;
use crate::wire::{DocumentText, PolicyName, UserName};
use crate::{IamError, documents, limits};

/// Gives a user an inline policy, over the one of that name if there is one.
///
/// Source: IAM API Reference, `PutUserPolicy`.
pub struct PutUserPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct PutUserPolicyInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The policy.
    #[shape(audit = log)]
    pub policy_name: PolicyName,
    /// What it says.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
}

impl Operation for PutUserPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("PutUserPolicy").without_output();
    type Input = PutUserPolicyInput;
    type Output = Nothing;
    type Targets = UserTarget;
    type Error = IamError;

    fn locate(input: &PutUserPolicyInput, view: &View) -> Result<UserTarget, Miss<IamError>> {
        Ok(UserTarget::named(&input.user_name, view)?)
    }

    fn demands(_: &PutUserPolicyInput, user: &UserTarget, _: &View) -> Demands {
        Demands::of(user.demand("iam:PutUserPolicy"))
    }

    fn check(input: &PutUserPolicyInput, permit: &Permit<UserTarget>, _: &View) -> Result<(), IamError> {
        let user = permit.targets().user()?;
        documents::check(&input.policy_document)?;
        let others = user
            .policies
            .inline
            .iter()
            .filter(|policy| !is_named(policy, &input.policy_name));
        let all: usize = others
            .map(|policy| documents::length(policy.document.text()))
            .sum();
        match all + documents::length(&input.policy_document.0) <= limits::INLINE_POLICIES_OF_USER {
            true => Ok(()),
            false => Err(IamError::PolicySize(
                input.user_name.0.clone(),
                limits::INLINE_POLICIES_OF_USER,
            )),
        }
    }

    async fn act(
        input: &PutUserPolicyInput,
        permit: &Permit<UserTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let mut user = permit.targets().user()?.record().as_ref().clone();
        user.policies
            .set_inline(&input.policy_name.0, &input.policy_document.0);
        let domain = world.view().domain();
        world.change().put::<Users>(domain, user.id(), user);
        Ok(Nothing {})
    }
}

fn is_named(policy: &identity::InlinePolicy, PolicyName(name): &PolicyName) -> bool {
    policy.name.eq_ignore_ascii_case(name)
}
