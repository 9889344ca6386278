//! ListUsers.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use arn::Arn;
use identity::Users;

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::{PathPrefix, User};

/// Lists the users of the account, by name.
///
/// Source: IAM API Reference, `ListUsers`.
pub struct ListUsers;

/// The request.
#[derive(Debug, Shape)]
pub struct ListUsersInput {
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
pub struct ListUsersOutput {
    /// The users.
    #[shape(audit = omit)]
    pub users: Vec<User>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListUsers {
    const SPEC: OperationSpec = OperationSpec::reads("ListUsers");
    type Input = ListUsersInput;
    type Output = ListUsersOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListUsersInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListUsersInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on("iam:ListUsers", Arn::root_of(account), account))
    }

    async fn act(input: &ListUsersInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
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
        let users = paging.gather::<Users, _>(view.domain(), Users::BY_NAME, |user| {
            let of_path = user.path.starts_with(prefix);
            of_path
                .then(|| User::told(user, view.place().account, false))
                .transpose()
        })?;
        let page = paging.cut(users, |(end, _)| end.clone())?;
        Ok(ListUsersOutput {
            users: page.entries.into_iter().map(|(_, user)| user).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
