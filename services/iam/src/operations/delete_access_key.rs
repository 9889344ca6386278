//! DeleteAccessKey.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::{AccessKeySecrets, AccessKeys};
use store::Domain;

use crate::IamError;
use crate::users::{KeyHolder, key_of};
use crate::wire::{AccessKeyIdText, UserName};

/// Deletes an access key and its secret.
///
/// Source: IAM API Reference, `DeleteAccessKey`.
pub struct DeleteAccessKey;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteAccessKeyInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
    /// The key.
    #[shape(audit = log)]
    pub access_key_id: AccessKeyIdText,
}

impl Operation for DeleteAccessKey {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteAccessKey").without_output();
    type Input = DeleteAccessKeyInput;
    type Output = Nothing;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &DeleteAccessKeyInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &DeleteAccessKeyInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:DeleteAccessKey"))
    }

    async fn act(
        input: &DeleteAccessKeyInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (id, _) = key_of(&input.access_key_id, permit.targets(), world.view())?;
        let change = world.change();
        change.delete::<AccessKeys>(Domain::Installation, id.clone());
        change.destroy::<AccessKeySecrets>(Domain::Installation, id);
        Ok(Nothing {})
    }
}
