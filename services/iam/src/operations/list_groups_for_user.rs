//! ListGroupsForUser.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Groups, UniqueId, Users};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{Group, UserName};

/// Lists the groups that a user is in, in the order in which it was added.
///
/// Source: IAM API Reference, `ListGroupsForUser`.
pub struct ListGroupsForUser;

/// The request.
#[derive(Debug, Shape)]
pub struct ListGroupsForUserInput {
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
pub struct ListGroupsForUserOutput {
    /// The groups.
    #[shape(audit = omit)]
    pub groups: Vec<Group>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListGroupsForUser {
    const SPEC: OperationSpec = OperationSpec::reads("ListGroupsForUser");
    type Input = ListGroupsForUserInput;
    type Output = ListGroupsForUserOutput;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &ListGroupsForUserInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &ListGroupsForUserInput, target: &Target<Users>, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListGroupsForUser"))
    }

    async fn act(
        _: &ListGroupsForUserInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        // A user has so few groups that they fit the smallest usual page; a marker is none that was given here.
        let (target, view) = (permit.targets(), world.view());
        let mut groups = Vec::new();
        for id in &target.held()?.groups {
            if let Some(group) = view.store().get::<Groups>(view.domain(), &UniqueId::kept(id))? {
                groups.push(Group::told(&group, target.account)?);
            }
        }
        Ok(ListGroupsForUserOutput {
            groups,
            is_truncated: Some(false),
            marker: None,
        })
    }
}
