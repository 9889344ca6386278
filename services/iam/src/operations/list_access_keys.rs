//! ListAccessKeys.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::{AccessKeys, Status};
use store::Domain;

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::KeyHolder;
use crate::wire::{AccessKeyIdText, NewUserName, StatusText, UserName};

/// Lists the access keys of a user, oldest first.
///
/// Source: IAM API Reference, `ListAccessKeys`.
pub struct ListAccessKeys;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAccessKeysInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListAccessKeysOutput {
    /// The keys.
    #[shape(audit = omit)]
    pub access_key_metadata: Vec<AccessKeyMetadata>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

/// An access key without its secret.
#[derive(Debug, Shape)]
pub struct AccessKeyMetadata {
    /// Whose it is.
    #[shape(audit = omit)]
    pub user_name: Option<NewUserName>,
    /// Its id.
    #[shape(audit = omit)]
    pub access_key_id: Option<AccessKeyIdText>,
    /// Whether it may sign.
    #[shape(audit = omit)]
    pub status: Option<StatusText>,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Option<Timestamp>,
}

impl Operation for ListAccessKeys {
    const SPEC: OperationSpec = OperationSpec::reads("ListAccessKeys");
    type Input = ListAccessKeysInput;
    type Output = ListAccessKeysOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &ListAccessKeysInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &ListAccessKeysInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:ListAccessKeys"))
    }

    async fn act(
        input: &ListAccessKeysInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (target, view) = (permit.targets(), world.view());
        let owned = AccessKeys::of_owner(&target.owner()?);
        let name = target.name()?;
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &[&owned],
            input.max_items,
            input.marker.as_ref(),
        )?;
        let rows = view.store().index::<AccessKeys>(
            Domain::Installation,
            AccessKeys::BY_OWNER,
            &owned,
            paging.after(),
            paging.enough(),
        )?;
        let page = paging.cut(rows, |row| row.bytes.clone())?;
        let mut keys = Vec::new();
        for row in &page.entries {
            let Some(key) = view.store().get_row::<AccessKeys>(&row.row)? else {
                continue;
            };
            keys.push(AccessKeyMetadata {
                user_name: name.map(|name| NewUserName(name.to_owned())),
                access_key_id: Some(AccessKeyIdText(
                    String::from_utf8_lossy(row.row.name()).into_owned(),
                )),
                status: Some(match key.status() {
                    Status::Active => StatusText::Active,
                    Status::Inactive => StatusText::Inactive,
                }),
                create_date: Some(key.created()),
            });
        }
        Ok(ListAccessKeysOutput {
            access_key_metadata: keys,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
