//! ResyncMFADevice.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{MfaDevice, MfaDevices, Users};
use model::{OperationSpec, Shape};

use crate::holders::Target;
use crate::wire::{AuthenticationCode, SerialNumber, UserName};
use crate::{IamError, mfa};

/// Brings a device into step with the time here, by two codes in a row.
///
/// Source: IAM API Reference, `ResyncMFADevice`.
pub struct ResyncMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct ResyncMfaDeviceInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
    /// A code.
    #[shape(audit = omit, rename = "AuthenticationCode1")]
    pub one_code: AuthenticationCode,
    /// The code after it.
    #[shape(audit = omit, rename = "AuthenticationCode2")]
    pub next_code: AuthenticationCode,
}

impl Operation for ResyncMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("ResyncMFADevice").without_output();
    type Input = ResyncMfaDeviceInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &ResyncMfaDeviceInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &ResyncMfaDeviceInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:ResyncMFADevice"))
    }

    fn check(
        input: &ResyncMfaDeviceInput,
        permit: &Permit<Target<Users>>,
        view: &View,
    ) -> Result<(), IamError> {
        mfa::device_of(&permit.targets().held()?.id(), &input.serial_number, view).map(drop)
    }

    async fn act(
        input: &ResyncMfaDeviceInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id = permit.targets().held()?.id();
        let (domain, held) = mfa::device_of(&id, &input.serial_number, world.view())?;
        let codes = [input.one_code.0.as_str(), &input.next_code.0];
        let device = world
            .synchronize(domain, &held, codes)?
            .ok_or(IamError::InvalidCode)?;
        world
            .change()
            .put::<MfaDevices>(domain, MfaDevice::key(&device.name), device);
        Ok(Nothing {})
    }
}
