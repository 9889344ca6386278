//! ListRoles.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use arn::Arn;
use identity::Roles;

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::{PathPrefix, Role};

/// Lists the roles of the account, by name.
///
/// Source: IAM API Reference, `ListRoles`.
pub struct ListRoles;

/// The request.
#[derive(Debug, Shape)]
pub struct ListRolesInput {
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
pub struct ListRolesOutput {
    /// The roles.
    #[shape(audit = omit)]
    pub roles: Vec<Role>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListRoles {
    const SPEC: OperationSpec = OperationSpec::reads("ListRoles");
    type Input = ListRolesInput;
    type Output = ListRolesOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListRolesInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListRolesInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on("iam:ListRoles", Arn::root_of(account), account))
    }

    async fn act(input: &ListRolesInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let view = world.view();
        let prefix = input
            .path_prefix
            .as_ref()
            .map_or("/", |PathPrefix(prefix)| prefix);
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &[prefix.as_bytes()],
            input.max_items,
            input.marker.as_ref(),
        )?;
        let roles = paging.gather::<Roles, _>(view.domain(), Roles::BY_NAME, |role| {
            let of_path = role.path.starts_with(prefix);
            of_path
                .then(|| Role::told(role, view.place().account, false, view))
                .transpose()
        })?;
        let page = paging.cut(roles, |(end, _)| end.clone())?;
        Ok(ListRolesOutput {
            roles: page.entries.into_iter().map(|(_, role)| role).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
