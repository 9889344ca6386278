//! GetGroup.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Groups, Users};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems, Paging};
use crate::wire::{Group, GroupName, User};

/// Tells of a group and lists its members, by name.
///
/// Source: IAM API Reference, `GetGroup`.
pub struct GetGroup;

/// The request.
#[derive(Debug, Shape)]
pub struct GetGroupInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetGroupOutput {
    /// The group.
    #[shape(audit = omit)]
    pub group: Group,
    /// Its members.
    #[shape(audit = omit)]
    pub users: Vec<User>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for GetGroup {
    const SPEC: OperationSpec = OperationSpec::reads("GetGroup");
    type Input = GetGroupInput;
    type Output = GetGroupOutput;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &GetGroupInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &GetGroupInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:GetGroup"))
    }

    async fn act(
        input: &GetGroupInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (target, view) = (permit.targets(), world.view());
        let group = target.held()?;
        let prefix = [group.id().as_str().as_bytes(), b"\0"].concat();
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &[&prefix],
            input.max_items,
            input.marker.as_ref(),
        )?;
        let rows = view.store().index::<Users>(
            view.domain(),
            Users::BY_GROUP,
            &prefix,
            paging.after(),
            paging.enough(),
        )?;
        let page = paging.cut(rows, |row| row.bytes.clone())?;
        let mut users = Vec::new();
        for row in &page.entries {
            if let Some(user) = view.store().get_row::<Users>(&row.row)? {
                users.push(User::told(&user, target.account, false)?);
            }
        }
        Ok(GetGroupOutput {
            group: Group::told(group, target.account)?,
            users,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
