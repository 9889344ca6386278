//! ListAttachedRolePolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{AttachedPolicy, PolicyPath, RoleName};

/// Lists the managed policies that are attached to a role.
///
/// Source: IAM API Reference, `ListAttachedRolePolicies`.
pub struct ListAttachedRolePolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAttachedRolePoliciesInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The beginning of the paths of those that are wanted; all unless given.
    #[shape(audit = log)]
    pub path_prefix: Option<PolicyPath>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListAttachedRolePoliciesOutput {
    /// The policies.
    #[shape(audit = omit)]
    pub attached_policies: Option<Vec<AttachedPolicy>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListAttachedRolePolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListAttachedRolePolicies");
    type Input = ListAttachedRolePoliciesInput;
    type Output = ListAttachedRolePoliciesOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &ListAttachedRolePoliciesInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &ListAttachedRolePoliciesInput, target: &Target<Roles>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListAttachedRolePolicies"))
    }

    async fn act(
        input: &ListAttachedRolePoliciesInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (size, marker) = (input.max_items, input.marker.as_ref());
        let prefix = input
            .path_prefix
            .as_ref()
            .map_or("/", |PolicyPath(prefix)| prefix);
        let page = permit
            .targets()
            .attached(world.view(), Self::SPEC.name, prefix, size, marker)?;
        Ok(ListAttachedRolePoliciesOutput {
            attached_policies: Some(page.entries),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
