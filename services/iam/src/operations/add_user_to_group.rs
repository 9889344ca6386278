//! AddUserToGroup.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::{Groups, Users};
use model::{OperationSpec, Shape};

use crate::holders::Target;
use crate::wire::{GroupName, UserName};
use crate::{IamError, limits};

/// Puts a user into a group. To do it again changes nothing.
///
/// Source: IAM API Reference, `AddUserToGroup`.
pub struct AddUserToGroup;

/// The request.
#[derive(Debug, Shape)]
pub struct AddUserToGroupInput {
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

impl Operation for AddUserToGroup {
    const SPEC: OperationSpec = OperationSpec::writes("AddUserToGroup").without_output();
    type Input = AddUserToGroupInput;
    type Output = Nothing;
    type Targets = Member;
    type Error = IamError;

    fn locate(input: &AddUserToGroupInput, view: &View) -> Result<Member, Miss<IamError>> {
        Ok(Member {
            group: Target::named(&input.group_name.0, view)?,
            user: Target::named(&input.user_name.0, view)?,
        })
    }

    fn demands(_: &AddUserToGroupInput, member: &Member, _: &View) -> Demands {
        Demands::of(member.group.demand("iam:AddUserToGroup"))
    }

    fn check(_: &AddUserToGroupInput, permit: &Permit<Member>, _: &View) -> Result<(), IamError> {
        let Member { group, user } = permit.targets();
        let (id, groups) = (group.held()?.id(), &user.held()?.groups);
        let is_in = groups.iter().any(|other| other == id.as_str());
        match is_in || groups.len() < limits::GROUPS_PER_USER {
            true => Ok(()),
            false => Err(IamError::LimitExceeded("GroupsPerUser", limits::GROUPS_PER_USER)),
        }
    }

    async fn act(_: &AddUserToGroupInput, permit: &Permit<Member>, world: &mut World<'_>) -> Outcome<Self> {
        let Member { group, user } = permit.targets();
        let id = group.held()?.id().to_string();
        if !user.held()?.groups.contains(&id) {
            user.change(world, |user| {
                user.groups.push(id);
                Ok(())
            })?;
        }
        Ok(Nothing {})
    }
}
