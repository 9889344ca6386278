//! UpdateAccessKey.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::{AccessKeys, Status};
use store::Domain;

use crate::IamError;
use crate::users::{KeyHolder, key_of};
use crate::wire::{AccessKeyIdText, StatusText, UserName};

/// Lets an access key sign, or not.
///
/// Source: IAM API Reference, `UpdateAccessKey`.
pub struct UpdateAccessKey;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateAccessKeyInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
    /// The key.
    #[shape(audit = log)]
    pub access_key_id: AccessKeyIdText,
    /// Whether it may sign from now on.
    #[shape(audit = log)]
    pub status: StatusText,
}

impl Operation for UpdateAccessKey {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateAccessKey").without_output();
    type Input = UpdateAccessKeyInput;
    type Output = Nothing;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &UpdateAccessKeyInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &UpdateAccessKeyInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:UpdateAccessKey"))
    }

    async fn act(
        input: &UpdateAccessKeyInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (id, key) = key_of(&input.access_key_id, permit.targets(), world.view())?;
        let mut key = key.record().as_ref().clone();
        key.set_status(match input.status {
            StatusText::Active => Status::Active,
            StatusText::Inactive => Status::Inactive,
            StatusText::Expired => {
                let refusal = "A key is Active or Inactive; Expired is not yours to set.";
                return Err(IamError::Validation(refusal.to_owned()));
            }
        });
        world.change().put::<AccessKeys>(Domain::Installation, id, key);
        Ok(Nothing {})
    }
}
