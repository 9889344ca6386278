//! ListRolePolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{PolicyName, RoleName};

/// Lists the names of the inline policies of a role.
///
/// Source: IAM API Reference, `ListRolePolicies`.
pub struct ListRolePolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListRolePoliciesInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListRolePoliciesOutput {
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

impl Operation for ListRolePolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListRolePolicies");
    type Input = ListRolePoliciesInput;
    type Output = ListRolePoliciesOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &ListRolePoliciesInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &ListRolePoliciesInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListRolePolicies"))
    }

    async fn act(
        input: &ListRolePoliciesInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (size, marker) = (input.max_items, input.marker.as_ref());
        let page = permit
            .targets()
            .inline_names(world.view(), Self::SPEC.name, size, marker)?;
        Ok(ListRolePoliciesOutput {
            policy_names: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
