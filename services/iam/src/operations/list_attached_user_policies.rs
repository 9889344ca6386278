//! ListAttachedUserPolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{AttachedPolicy, NewUserName, PolicyPath};

/// Lists the managed policies that are attached to a user.
///
/// Source: IAM API Reference, `ListAttachedUserPolicies`.
pub struct ListAttachedUserPolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAttachedUserPoliciesInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: NewUserName,
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
pub struct ListAttachedUserPoliciesOutput {
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

impl Operation for ListAttachedUserPolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListAttachedUserPolicies");
    type Input = ListAttachedUserPoliciesInput;
    type Output = ListAttachedUserPoliciesOutput;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &ListAttachedUserPoliciesInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &ListAttachedUserPoliciesInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListAttachedUserPolicies"))
    }

    async fn act(
        input: &ListAttachedUserPoliciesInput,
        permit: &Permit<Target<Users>>,
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
        Ok(ListAttachedUserPoliciesOutput {
            attached_policies: Some(page.entries),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
