//! ListMFADeviceTags.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::mfa::DeviceTarget;
use crate::paging::{Marker, MaxItems, Paging};
use crate::wire::{SerialNumber, Tag};
use crate::{IamError, tags};

/// Lists the tags of a virtual MFA device.
///
/// Source: IAM API Reference, `ListMFADeviceTags`.
pub struct ListMfaDeviceTags;

/// The request.
#[derive(Debug, Shape)]
pub struct ListMfaDeviceTagsInput {
    /// The device.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListMfaDeviceTagsOutput {
    /// The tags.
    #[shape(audit = omit, length = 0..=50)]
    pub tags: Vec<Tag>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListMfaDeviceTags {
    const SPEC: OperationSpec = OperationSpec::reads("ListMFADeviceTags");
    type Input = ListMfaDeviceTagsInput;
    type Output = ListMfaDeviceTagsOutput;
    type Targets = DeviceTarget;
    type Error = IamError;

    fn locate(input: &ListMfaDeviceTagsInput, view: &View) -> Result<DeviceTarget, Miss<IamError>> {
        Ok(DeviceTarget::of(&input.serial_number, view)?)
    }

    fn demands(_: &ListMfaDeviceTagsInput, device: &DeviceTarget, _: &View) -> Demands {
        Demands::of(device.demand("iam:ListMFADeviceTags"))
    }

    async fn act(
        input: &ListMfaDeviceTagsInput,
        permit: &Permit<DeviceTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (_, device) = permit.targets().held()?;
        let bound_to = [device.name.as_bytes()];
        let marker = input.marker.as_ref();
        let paging = Paging::of(world.view(), Self::SPEC.name, &bound_to, input.max_items, marker)?;
        let page = tags::page(&paging, &device.tags)?;
        Ok(ListMfaDeviceTagsOutput {
            tags: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
