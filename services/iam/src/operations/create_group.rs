//! CreateGroup.

use arn::{AccountId, Arn};
use engine::{Demands, Miss, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::{Groups, IdKind, UniqueId};
use model::{OperationSpec, Shape};

use crate::holders::arn_of;
use crate::users::demand_on;
use crate::wire::{Group, GroupName, PathText};
use crate::{IamError, limits};

/// Makes a group, which has no members and no policies yet.
///
/// Source: IAM API Reference, `CreateGroup`.
pub struct CreateGroup;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateGroupInput {
    /// Where it is to stand; `/` unless given.
    #[shape(audit = log)]
    pub path: Option<PathText>,
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateGroupOutput {
    /// The group.
    #[shape(audit = log)]
    pub group: Group,
}

/// What is to be made.
#[derive(Debug)]
pub struct New {
    account: AccountId,
    arn: Arn,
}

impl Targets for New {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for CreateGroup {
    const SPEC: OperationSpec = OperationSpec::writes("CreateGroup");
    type Input = CreateGroupInput;
    type Output = CreateGroupOutput;
    type Targets = New;
    type Error = IamError;

    fn locate(input: &CreateGroupInput, view: &View) -> Result<New, Miss<IamError>> {
        let account = view.place().account;
        let path = input.path.as_ref().map_or("/", |PathText(path)| path);
        let arn = arn_of(account, "group", path, &input.group_name.0)?;
        Ok(New { account, arn })
    }

    fn demands(_: &CreateGroupInput, new: &New, _: &View) -> Demands {
        Demands::of(demand_on("iam:CreateGroup", new.arn.clone(), new.account))
    }

    fn check(input: &CreateGroupInput, _: &Permit<New>, view: &View) -> Result<(), IamError> {
        let GroupName(name) = &input.group_name;
        if identity::group_named(name, view.domain(), view.store())?.is_some() {
            return Err(IamError::AlreadyExists(format!(
                "Group with name {name} already exists."
            )));
        }
        match view.store().snapshot().count::<Groups>(view.domain()) < limits::GROUPS as u64 {
            true => Ok(()),
            false => Err(IamError::LimitExceeded("GroupsPerAccount", limits::GROUPS)),
        }
    }

    async fn act(input: &CreateGroupInput, permit: &Permit<New>, world: &mut World<'_>) -> Outcome<Self> {
        let id = UniqueId::draw(IdKind::Group, world.entropy())?;
        let path = input.path.as_ref().map_or("/", |PathText(path)| path);
        let group = identity::Group::new(&id, &input.group_name.0, path, world.now());
        let told = Group::told(&group, permit.targets().account)?;
        let domain = world.view().domain();
        world.change().put::<Groups>(domain, id, group);
        Ok(CreateGroupOutput { group: told })
    }
}
