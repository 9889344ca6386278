//! ListGroups.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Groups;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::{Group, PathPrefix};

/// Lists the groups of the account, by name.
///
/// Source: IAM API Reference, `ListGroups`.
pub struct ListGroups;

/// The request.
#[derive(Debug, Shape)]
pub struct ListGroupsInput {
    /// The beginning of the paths of those that are wanted; all unless given.
    #[shape(audit = log)]
    pub path_prefix: Option<PathPrefix>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListGroupsOutput {
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

impl Operation for ListGroups {
    const SPEC: OperationSpec = OperationSpec::reads("ListGroups");
    type Input = ListGroupsInput;
    type Output = ListGroupsOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListGroupsInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListGroupsInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on("iam:ListGroups", Arn::root_of(account), account))
    }

    async fn act(input: &ListGroupsInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let view = world.view();
        let prefix = input
            .path_prefix
            .as_ref()
            .map_or("/", |PathPrefix(prefix)| prefix);
        let bound_to = [prefix.as_bytes()];
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let groups = paging.gather::<Groups, _>(view.domain(), Groups::BY_NAME, |group| {
            let of_path = group.path.starts_with(prefix);
            of_path
                .then(|| Group::told(group, view.place().account))
                .transpose()
        })?;
        let page = paging.cut(groups, |(end, _)| end.clone())?;
        Ok(ListGroupsOutput {
            groups: page.entries.into_iter().map(|(_, group)| group).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
