//! UpdateGroup.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::{Target, arn_of};
use crate::users::demand_on;
use crate::wire::{GroupName, PathText};

/// Gives a group another name or path. Its unique id, members and policies stay.
///
/// Source: IAM API Reference, `UpdateGroup`.
pub struct UpdateGroup;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateGroupInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// Where it is to stand from now on.
    #[shape(audit = log)]
    pub new_path: Option<PathText>,
    /// What it is to be called from now on.
    #[shape(audit = log)]
    pub new_group_name: Option<GroupName>,
}

impl Operation for UpdateGroup {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateGroup").without_output();
    type Input = UpdateGroupInput;
    type Output = Nothing;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &UpdateGroupInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(input: &UpdateGroupInput, group: &Target<Groups>, _: &View) -> Demands {
        let demands = Demands::of(group.demand("iam:UpdateGroup"));
        let Ok(held) = group.held() else {
            return demands;
        };
        // What it is to become has to be the caller's to change as well.
        let path = input.new_path.as_ref().map_or(&held.path, |PathText(path)| path);
        let name = input
            .new_group_name
            .as_ref()
            .map_or(&held.name, |GroupName(name)| name);
        match arn_of(group.account, "group", path, name) {
            Ok(arn) if arn != group.arn => demands.and(demand_on("iam:UpdateGroup", arn, group.account)),
            _ => demands,
        }
    }

    fn check(input: &UpdateGroupInput, permit: &Permit<Target<Groups>>, view: &View) -> Result<(), IamError> {
        let group = permit.targets().held()?;
        let Some(GroupName(name)) = &input.new_group_name else {
            return Ok(());
        };
        match identity::group_named(name, view.domain(), view.store())? {
            Some(other) if other.id() != group.id() => Err(IamError::AlreadyExists(format!(
                "Group with name {name} already exists."
            ))),
            _ => Ok(()),
        }
    }

    async fn act(
        input: &UpdateGroupInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |group| {
            if let Some(PathText(path)) = &input.new_path {
                group.path.clone_from(path);
            }
            if let Some(GroupName(name)) = &input.new_group_name {
                group.name.clone_from(name);
            }
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
