//! EnableMFADevice.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{MfaDevice, MfaDevices, Users};
use model::{OperationSpec, Shape};

use crate::holders::Target;
use crate::mfa::DeviceTarget;
use crate::wire::{AuthenticationCode, SerialNumber, UserName};
use crate::{IamError, mfa};

/// Makes a device the second factor of a user, who proves to have it by two codes in a row.
///
/// Source: IAM API Reference, `EnableMFADevice`.
pub struct EnableMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct EnableMfaDeviceInput {
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

impl Operation for EnableMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("EnableMFADevice").without_output();
    type Input = EnableMfaDeviceInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &EnableMfaDeviceInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &EnableMfaDeviceInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:EnableMFADevice"))
    }

    fn check(
        input: &EnableMfaDeviceInput,
        permit: &Permit<Target<Users>>,
        view: &View,
    ) -> Result<(), IamError> {
        permit.targets().held()?;
        let target = DeviceTarget::of(&input.serial_number, view)?;
        let (_, device) = target.held()?;
        match device.user() {
            None => mfa::check_count(permit.targets(), view),
            Some(_) => Err(IamError::AlreadyExists(
                "MFA Device is already in use.".to_owned(),
            )),
        }
    }

    async fn act(
        input: &EnableMfaDeviceInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id = permit.targets().held()?.id();
        let target = DeviceTarget::of(&input.serial_number, world.view())?;
        let (domain, held) = target.held()?;
        let codes = [input.one_code.0.as_str(), &input.next_code.0];
        let mut device = world
            .synchronize(domain, held, codes)?
            .ok_or(IamError::InvalidCode)?;
        let now = world.now();
        device.enable(&id, now);
        world
            .change()
            .put::<MfaDevices>(domain, MfaDevice::key(&device.name), device);
        Ok(Nothing {})
    }
}
