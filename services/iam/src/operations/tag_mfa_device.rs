//! TagMFADevice.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{MfaDevice, MfaDevices};
use model::{OperationSpec, Shape};

use crate::mfa::DeviceTarget;
use crate::wire::{SerialNumber, Tag};
use crate::{IamError, tags};

/// Gives a virtual MFA device tags, over those of the same keys.
///
/// Source: IAM API Reference, `TagMFADevice`.
pub struct TagMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct TagMfaDeviceInput {
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
    /// The tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

impl Operation for TagMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("TagMFADevice").without_output();
    type Input = TagMfaDeviceInput;
    type Output = Nothing;
    type Targets = DeviceTarget;
    type Error = IamError;

    fn locate(input: &TagMfaDeviceInput, view: &View) -> Result<DeviceTarget, Miss<IamError>> {
        Ok(DeviceTarget::of(&input.serial_number, view)?)
    }

    fn demands(_: &TagMfaDeviceInput, device: &DeviceTarget, _: &View) -> Demands {
        Demands::of(device.demand("iam:TagMFADevice"))
    }

    fn condition<'c>(input: &'c TagMfaDeviceInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &TagMfaDeviceInput, permit: &Permit<DeviceTarget>, _: &View) -> Result<(), IamError> {
        let (_, device) = permit.targets().held()?;
        tags::check(&input.tags, "TagsPerVirtualMFADevice")?;
        tags::check_with(&device.tags, &input.tags, "TagsPerVirtualMFADevice")
    }

    async fn act(
        input: &TagMfaDeviceInput,
        permit: &Permit<DeviceTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (domain, held) = permit.targets().held()?;
        let mut device = held.record().as_ref().clone();
        for tag in &input.tags {
            identity::set_tag(&mut device.tags, &tag.key, &tag.value);
        }
        world
            .change()
            .put::<MfaDevices>(domain, MfaDevice::key(&device.name), device);
        Ok(Nothing {})
    }
}
