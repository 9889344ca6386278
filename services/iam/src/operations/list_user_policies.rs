//! ListUserPolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::UserTarget;
use crate::wire::{PolicyName, UserName};

/// Lists the names of a user's inline policies.
///
/// Source: IAM API Reference, `ListUserPolicies`.
pub struct ListUserPolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListUserPoliciesInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListUserPoliciesOutput {
    /// The names.
    #[shape(audit = omit)]
    pub policy_names: Vec<PolicyName>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListUserPolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListUserPolicies");
    type Input = ListUserPoliciesInput;
    type Output = ListUserPoliciesOutput;
    type Targets = UserTarget;
    type Error = IamError;

    fn locate(input: &ListUserPoliciesInput, view: &View) -> Result<UserTarget, Miss<IamError>> {
        Ok(UserTarget::named(&input.user_name, view)?)
    }

    fn demands(_: &ListUserPoliciesInput, user: &UserTarget, _: &View) -> Demands {
        Demands::of(user.demand("iam:ListUserPolicies"))
    }

    async fn act(
        input: &ListUserPoliciesInput,
        permit: &Permit<UserTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?;
        let id = user.id();
        let bound_to = [id.as_str().as_bytes()];
        let paging = Paging::of(
            world.view(),
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let is_due = |name: &&str| paging.after().is_none_or(|after| name.as_bytes() > after);
        let names = user.policies.inline.iter().map(|policy| policy.name.as_str());
        let names: Vec<&str> = names.filter(is_due).take(paging.enough()).collect();
        let page = paging.cut(names, |name| name.as_bytes().to_vec())?;
        Ok(ListUserPoliciesOutput {
            policy_names: page
                .entries
                .into_iter()
                .map(|name| PolicyName(name.to_owned()))
                .collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
