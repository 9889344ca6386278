//! DeactivateMFADevice.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{MfaDevice, MfaDevices};
use model::{OperationSpec, Shape};

use crate::users::KeyHolder;
use crate::wire::{SerialNumber, UserName};
use crate::{IamError, mfa};

/// Takes a second factor from a user; the device stays.
///
/// Source: IAM API Reference, `DeactivateMFADevice`.
pub struct DeactivateMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct DeactivateMfaDeviceInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
}

impl Operation for DeactivateMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("DeactivateMFADevice").without_output();
    type Input = DeactivateMfaDeviceInput;
    type Output = Nothing;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &DeactivateMfaDeviceInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &DeactivateMfaDeviceInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:DeactivateMFADevice"))
    }

    async fn act(
        input: &DeactivateMfaDeviceInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let user = permit.targets().user()?.id();
        let (domain, held) = mfa::device_of(&user, &input.serial_number, world.view())?;
        let mut device = held.record().as_ref().clone();
        device.disable();
        world
            .change()
            .put::<MfaDevices>(domain, MfaDevice::key(&device.name), device);
        Ok(Nothing {})
    }
}
