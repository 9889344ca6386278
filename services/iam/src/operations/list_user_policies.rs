//! ListUserPolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{PolicyName, UserName};

/// Lists the names of the inline policies of a user.
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
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &ListUserPoliciesInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &ListUserPoliciesInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListUserPolicies"))
    }

    async fn act(
        input: &ListUserPoliciesInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (size, marker) = (input.max_items, input.marker.as_ref());
        let page = permit
            .targets()
            .inline_names(world.view(), Self::SPEC.name, size, marker)?;
        Ok(ListUserPoliciesOutput {
            policy_names: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
