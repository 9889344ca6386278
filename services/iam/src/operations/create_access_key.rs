//! CreateAccessKey.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use identity::{AccessKeys, NewAccessKey};
use secret::SecretString;
use store::Domain;

use crate::users::KeyHolder;
use crate::wire::{AccessKeyIdText, NewUserName, StatusText, UserName};
use crate::{IamError, limits};

/// Makes an access key, whose secret is shown here and never again.
///
/// Source: IAM API Reference, `CreateAccessKey`.
pub struct CreateAccessKey;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateAccessKeyInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateAccessKeyOutput {
    /// The key.
    #[shape(audit = log)]
    pub access_key: NewKey,
}

/// A new access key.
#[derive(Debug, Shape)]
pub struct NewKey {
    /// Whose it is.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// Its id.
    #[shape(audit = log)]
    pub access_key_id: AccessKeyIdText,
    /// Whether it may sign.
    #[shape(audit = log)]
    pub status: StatusText,
    /// Its secret.
    #[shape(sensitive)]
    pub secret_access_key: SecretString,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Option<Timestamp>,
}

impl Operation for CreateAccessKey {
    const SPEC: OperationSpec = OperationSpec::writes("CreateAccessKey");
    type Input = CreateAccessKeyInput;
    type Output = CreateAccessKeyOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &CreateAccessKeyInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &CreateAccessKeyInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:CreateAccessKey"))
    }

    fn check(_: &CreateAccessKeyInput, permit: &Permit<KeyHolder>, view: &View) -> Result<(), IamError> {
        let keys = AccessKeys::of_owner(&permit.targets().owner()?);
        let most = limits::ACCESS_KEYS_PER_USER;
        let held = view.store().count_index::<AccessKeys>(
            Domain::Installation,
            AccessKeys::BY_OWNER,
            &keys,
            most,
        )?;
        match held < most {
            true => Ok(()),
            false => Err(IamError::LimitExceeded("AccessKeysPerUser", most)),
        }
    }

    async fn act(
        _: &CreateAccessKeyInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let key = NewAccessKey::draw(world.entropy())?;
        let now = world.now();
        key.keep(&target.owner()?, now, world.change());
        let name = target.name()?.unwrap_or_default();
        Ok(CreateAccessKeyOutput {
            access_key: NewKey {
                user_name: NewUserName(name.to_owned()),
                access_key_id: AccessKeyIdText(key.id.to_string()),
                status: StatusText::Active,
                secret_access_key: key.secret,
                create_date: Some(now),
            },
        })
    }
}
