//! ListVirtualMFADevices.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::MfaDevices;
use model::{OperationSpec, Shape};

use super::create_virtual_mfa_device::VirtualMfaDevice;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::{NoTarget, demand_on};
use crate::wire::{SerialNumber, User};
use crate::{IamError, mfa};

/// Lists the virtual MFA devices of the account, by name, without their seeds.
///
/// Source: IAM API Reference, `ListVirtualMFADevices`.
pub struct ListVirtualMfaDevices;

/// Which devices are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum AssignmentStatus {
    /// Those that are somebody's.
    Assigned,
    /// Those that are nobody's.
    Unassigned,
    /// All.
    Any,
}

/// The request.
#[derive(Debug, Shape)]
pub struct ListVirtualMfaDevicesInput {
    /// Which are wanted; all unless given.
    #[shape(audit = log)]
    pub assignment_status: Option<AssignmentStatus>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListVirtualMfaDevicesOutput {
    /// The devices.
    #[shape(audit = omit, rename = "VirtualMFADevices")]
    pub devices: Vec<VirtualMfaDevice>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListVirtualMfaDevices {
    const SPEC: OperationSpec = OperationSpec::reads("ListVirtualMFADevices");
    type Input = ListVirtualMfaDevicesInput;
    type Output = ListVirtualMfaDevicesOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListVirtualMfaDevicesInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListVirtualMfaDevicesInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:ListVirtualMFADevices",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        input: &ListVirtualMfaDevicesInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let account = view.place().account;
        let status = input.assignment_status.unwrap_or(AssignmentStatus::Any);
        let bound_to: &[u8] = match status {
            AssignmentStatus::Assigned => b"assigned",
            AssignmentStatus::Unassigned => b"unassigned",
            AssignmentStatus::Any => b"any",
        };
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &[bound_to],
            input.max_items,
            input.marker.as_ref(),
        )?;
        let found = paging.gather::<MfaDevices, _>(view.domain(), MfaDevices::BY_NAME, |device| {
            let is_wanted = match status {
                AssignmentStatus::Assigned => device.user().is_some(),
                AssignmentStatus::Unassigned => device.user().is_none(),
                AssignmentStatus::Any => true,
            };
            if !is_wanted {
                return Ok(None);
            }
            let user = mfa::user_of(device, view)?;
            let serial = device
                .serial(account)
                .ok_or_else(|| IamError::damaged("MFA devices"))?;
            Ok(Some(VirtualMfaDevice {
                serial_number: SerialNumber(serial.to_string()),
                seed: None,
                picture: None,
                user: user.map(|user| User::told(&user, account, false)).transpose()?,
                enable_date: device.enabled(),
                tags: None,
            }))
        })?;
        let page = paging.cut(found, |(end, _)| end.clone())?;
        Ok(ListVirtualMfaDevicesOutput {
            devices: page.entries.into_iter().map(|(_, device)| device).collect(),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
