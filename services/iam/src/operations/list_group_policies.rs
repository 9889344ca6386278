//! ListGroupPolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{GroupName, PolicyName};

/// Lists the names of the inline policies of a group.
///
/// Source: IAM API Reference, `ListGroupPolicies`.
pub struct ListGroupPolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListGroupPoliciesInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListGroupPoliciesOutput {
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

impl Operation for ListGroupPolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListGroupPolicies");
    type Input = ListGroupPoliciesInput;
    type Output = ListGroupPoliciesOutput;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &ListGroupPoliciesInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &ListGroupPoliciesInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListGroupPolicies"))
    }

    async fn act(
        input: &ListGroupPoliciesInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (size, marker) = (input.max_items, input.marker.as_ref());
        let page = permit
            .targets()
            .inline_names(world.view(), Self::SPEC.name, size, marker)?;
        Ok(ListGroupPoliciesOutput {
            policy_names: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
