//! ListAttachedGroupPolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{AttachedPolicy, GroupName, PolicyPath};

/// Lists the managed policies that are attached to a group.
///
/// Source: IAM API Reference, `ListAttachedGroupPolicies`.
pub struct ListAttachedGroupPolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAttachedGroupPoliciesInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
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
pub struct ListAttachedGroupPoliciesOutput {
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

impl Operation for ListAttachedGroupPolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListAttachedGroupPolicies");
    type Input = ListAttachedGroupPoliciesInput;
    type Output = ListAttachedGroupPoliciesOutput;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &ListAttachedGroupPoliciesInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &ListAttachedGroupPoliciesInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListAttachedGroupPolicies"))
    }

    async fn act(
        input: &ListAttachedGroupPoliciesInput,
        permit: &Permit<Target<Groups>>,
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
        Ok(ListAttachedGroupPoliciesOutput {
            attached_policies: Some(page.entries),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
