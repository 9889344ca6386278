//! GetMFADevice.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::users::KeyHolder;
use crate::wire::{NewUserName, SerialNumber, UserName};
use crate::{IamError, mfa};

/// Tells of a user's MFA device.
///
/// Source: IAM API Reference, `GetMFADevice`.
pub struct GetMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct GetMfaDeviceInput {
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<NewUserName>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetMfaDeviceOutput {
    /// The user.
    #[shape(audit = omit)]
    pub user_name: Option<NewUserName>,
    /// The device.
    #[shape(audit = omit)]
    pub serial_number: SerialNumber,
    /// Since when it is theirs.
    #[shape(audit = omit)]
    pub enable_date: Option<Timestamp>,
}

impl Operation for GetMfaDevice {
    const SPEC: OperationSpec = OperationSpec::reads("GetMFADevice");
    type Input = GetMfaDeviceInput;
    type Output = GetMfaDeviceOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &GetMfaDeviceInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        let name = input.user_name.as_ref().map(UserName::of);
        Ok(KeyHolder::named_or_caller(name.as_ref(), view)?)
    }

    fn demands(_: &GetMfaDeviceInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:GetMFADevice"))
    }

    async fn act(
        input: &GetMfaDeviceInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?;
        let (_, device) = mfa::device_of(&user.id(), &input.serial_number, world.view())?;
        Ok(GetMfaDeviceOutput {
            user_name: Some(NewUserName(user.name.clone())),
            serial_number: input.serial_number.clone(),
            enable_date: device.enabled(),
        })
    }
}
