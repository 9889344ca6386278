//! RemoveUserFromGroup.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::{Groups, Users};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::{GroupName, UserName};

/// Takes a user out of a group. To do it again changes nothing.
///
/// Source: IAM API Reference, `RemoveUserFromGroup`.
pub struct RemoveUserFromGroup;

/// The request.
#[derive(Debug, Shape)]
pub struct RemoveUserFromGroupInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
}

/// Who, and of what.
#[derive(Debug)]
pub struct Member {
    group: Target<Groups>,
    user: Target<Users>,
}

impl Targets for Member {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for RemoveUserFromGroup {
    const SPEC: OperationSpec = OperationSpec::writes("RemoveUserFromGroup").without_output();
    type Input = RemoveUserFromGroupInput;
    type Output = Nothing;
    type Targets = Member;
    type Error = IamError;

    fn locate(input: &RemoveUserFromGroupInput, view: &View) -> Result<Member, Miss<IamError>> {
        Ok(Member {
            group: Target::named(&input.group_name.0, view)?,
            user: Target::named(&input.user_name.0, view)?,
        })
    }

    fn demands(_: &RemoveUserFromGroupInput, member: &Member, _: &View) -> Demands {
        Demands::of(member.group.demand("iam:RemoveUserFromGroup"))
    }

    async fn act(
        _: &RemoveUserFromGroupInput,
        permit: &Permit<Member>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let Member { group, user } = permit.targets();
        let id = group.held()?.id().to_string();
        if user.held()?.groups.contains(&id) {
            user.change(world, |user| {
                user.groups.retain(|other| *other != id);
                Ok(())
            })?;
        }
        Ok(Nothing {})
    }
}
