//! DeleteVirtualMFADevice.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{MfaDevice, MfaDevices, MfaSeeds};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::mfa::DeviceTarget;
use crate::wire::SerialNumber;

/// Deletes a virtual MFA device that is nobody's any more.
///
/// Source: IAM API Reference, `DeleteVirtualMFADevice`.
pub struct DeleteVirtualMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteVirtualMfaDeviceInput {
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
}

impl Operation for DeleteVirtualMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteVirtualMFADevice").without_output();
    type Input = DeleteVirtualMfaDeviceInput;
    type Output = Nothing;
    type Targets = DeviceTarget;
    type Error = IamError;

    fn locate(input: &DeleteVirtualMfaDeviceInput, view: &View) -> Result<DeviceTarget, Miss<IamError>> {
        Ok(DeviceTarget::of(&input.serial_number, view)?)
    }

    fn demands(_: &DeleteVirtualMfaDeviceInput, device: &DeviceTarget, _: &View) -> Demands {
        Demands::of(device.demand("iam:DeleteVirtualMFADevice"))
    }

    fn check(
        _: &DeleteVirtualMfaDeviceInput,
        permit: &Permit<DeviceTarget>,
        _: &View,
    ) -> Result<(), IamError> {
        let (_, device) = permit.targets().held()?;
        match device.user() {
            None => Ok(()),
            Some(_) => Err(IamError::DeleteConflict(
                "MFA VirtualDevice in use. Must deactivate first.",
            )),
        }
    }

    async fn act(
        _: &DeleteVirtualMfaDeviceInput,
        permit: &Permit<DeviceTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (domain, device) = permit.targets().held()?;
        let key = MfaDevice::key(&device.name);
        let change = world.change();
        change.delete::<MfaDevices>(domain, key.clone());
        change.destroy::<MfaSeeds>(domain, key);
        Ok(Nothing {})
    }
}
