//! ListMFADevices.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::MfaDevices;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::paging::{Marker, MaxItems, Paging};
use crate::users::KeyHolder;
use crate::wire::{NewUserName, SerialNumber, UserName};

/// Lists the MFA devices of a user, by name.
///
/// Source: IAM API Reference, `ListMFADevices`. The root user has none here.
pub struct ListMfaDevices;

/// The request.
#[derive(Debug, Shape)]
pub struct ListMfaDevicesInput {
    /// The user; the caller where none is named.
    #[shape(audit = log)]
    pub user_name: Option<UserName>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListMfaDevicesOutput {
    /// The devices.
    #[shape(audit = omit, rename = "MFADevices")]
    pub devices: Vec<MfaDeviceOfUser>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

/// A user's MFA device.
#[derive(Debug, Shape)]
pub struct MfaDeviceOfUser {
    /// Whose it is.
    #[shape(audit = omit)]
    pub user_name: NewUserName,
    /// Its serial number.
    #[shape(audit = omit)]
    pub serial_number: SerialNumber,
    /// Since when it is theirs.
    #[shape(audit = omit)]
    pub enable_date: Timestamp,
}

impl Operation for ListMfaDevices {
    const SPEC: OperationSpec = OperationSpec::reads("ListMFADevices");
    type Input = ListMfaDevicesInput;
    type Output = ListMfaDevicesOutput;
    type Targets = KeyHolder;
    type Error = IamError;

    fn locate(input: &ListMfaDevicesInput, view: &View) -> Result<KeyHolder, Miss<IamError>> {
        Ok(KeyHolder::named_or_caller(input.user_name.as_ref(), view)?)
    }

    fn demands(_: &ListMfaDevicesInput, user: &KeyHolder, _: &View) -> Demands {
        Demands::of(user.demand("iam:ListMFADevices"))
    }

    async fn act(
        input: &ListMfaDevicesInput,
        permit: &Permit<KeyHolder>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let KeyHolder::User(target) = permit.targets() else {
            return Ok(ListMfaDevicesOutput {
                devices: Vec::new(),
                is_truncated: Some(false),
                marker: None,
            });
        };
        let view = world.view();
        let user = target.held()?;
        let owned = MfaDevices::of_user(&user.id());
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &[&owned],
            input.max_items,
            input.marker.as_ref(),
        )?;
        let rows = view.store().index::<MfaDevices>(
            view.domain(),
            MfaDevices::BY_USER,
            &owned,
            paging.after(),
            paging.enough(),
        )?;
        let page = paging.cut(rows, |row| row.bytes.clone())?;
        let mut devices = Vec::new();
        for row in &page.entries {
            let Some(device) = view.store().get_row::<MfaDevices>(&row.row)? else {
                continue;
            };
            let damaged = || IamError::damaged("MFA devices");
            devices.push(MfaDeviceOfUser {
                user_name: NewUserName(user.name.clone()),
                serial_number: SerialNumber(device.serial(target.account).ok_or_else(damaged)?.to_string()),
                enable_date: device.enabled().ok_or_else(damaged)?,
            });
        }
        Ok(ListMfaDevicesOutput {
            devices,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
