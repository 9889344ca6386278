//! UntagMFADevice.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{MfaDevice, MfaDevices};
use model::{OperationSpec, Shape};

use crate::mfa::DeviceTarget;
use crate::wire::{SerialNumber, TagKey};
use crate::{IamError, tags};

/// Takes tags from a virtual MFA device; those that it has not are passed over.
///
/// Source: IAM API Reference, `UntagMFADevice`.
pub struct UntagMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct UntagMfaDeviceInput {
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
    /// The keys of the tags.
    #[shape(audit = log, length = 0..=50)]
    pub tag_keys: Vec<TagKey>,
}

impl Operation for UntagMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("UntagMFADevice").without_output();
    type Input = UntagMfaDeviceInput;
    type Output = Nothing;
    type Targets = DeviceTarget;
    type Error = IamError;

    fn locate(input: &UntagMfaDeviceInput, view: &View) -> Result<DeviceTarget, Miss<IamError>> {
        Ok(DeviceTarget::of(&input.serial_number, view)?)
    }

    fn demands(_: &UntagMfaDeviceInput, device: &DeviceTarget, _: &View) -> Demands {
        Demands::of(device.demand("iam:UntagMFADevice"))
    }

    fn condition<'c>(input: &'c UntagMfaDeviceInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition_of_keys(&input.tag_keys, key)
    }

    async fn act(
        input: &UntagMfaDeviceInput,
        permit: &Permit<DeviceTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (domain, held) = permit.targets().held()?;
        let mut device = held.record().as_ref().clone();
        tags::remove(&mut device.tags, &input.tag_keys);
        world
            .change()
            .put::<MfaDevices>(domain, MfaDevice::key(&device.name), device);
        Ok(Nothing {})
    }
}
