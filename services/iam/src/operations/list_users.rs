//! ListUsers.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use arn::Arn;
use identity::Users;
use store::IndexRow;

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
        let (mut users, mut after) = (Vec::new(), paging.after().map(<[u8]>::to_vec));
        // Users of other paths are passed over, until there are enough or no more.
        while users.len() < paging.enough() {
            let wanted = paging.enough();
            let rows =
                view.store()
                    .index::<Users>(view.domain(), Users::BY_NAME, b"", after.as_deref(), wanted)?;
            let more = rows.len() == wanted;
            after = rows.last().map(|row| row.bytes.clone());
            users.extend(of_path(view, prefix, rows)?);
            if !more {
                break;
            }
        }
        let page = paging.cut(users, |(end, _)| end.clone())?;
        Ok(ListUsersOutput {
            users: page.entries.into_iter().map(|(_, user)| user).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}

/// Those of the rows whose users stand there, each with where it stands in the list.
fn of_path(view: &View, prefix: &str, rows: Vec<IndexRow>) -> Result<Vec<(Vec<u8>, User)>, IamError> {
    let mut users = Vec::new();
    for row in rows {
        let user = view.store().get_row::<Users>(&row.row)?;
        if let Some(user) = user.filter(|user| user.path.starts_with(prefix)) {
            users.push((row.bytes, User::told(&user, view.place().account, false)?));
        }
    }
    Ok(users)
}
