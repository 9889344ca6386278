//! Virtual MFA devices, as operations find them; and how their seeds are shown.

use arn::{AccountId, Arn};
use crypto::totp;
use data_encoding::BASE32;
use engine::{ConditionKey, Demand, Described, Found, Resource, Targets, View};
use identity::{MfaDevice, MfaDevices, UniqueId, Users};
use qrcodegen::{QrCode, QrCodeEcc};
use secret::{SecretBytes, SecretString};
use store::{Domain, Held};
use zeroize::Zeroizing;

use crate::holders::{Target, arn_of};
use crate::users::demand_on;
use crate::wire::SerialNumber;
use crate::{IamError, documents, limits, tags};

/// A device that a call is about.
#[derive(Debug)]
pub struct DeviceTarget {
    account: AccountId,
    arn: Arn,
    /// It, or the serial number that none has: told once the caller is known to be allowed to ask.
    found: Result<(Domain, Held<MfaDevice>), String>,
}

impl Targets for DeviceTarget {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(self)
    }
}

impl Described for DeviceTarget {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        let (_, device) = self.found.as_ref().ok()?;
        tags::condition_of_resource(&device.tags, key)
    }
}

impl DeviceTarget {
    /// The device of this serial number.
    pub fn of(SerialNumber(text): &SerialNumber, view: &View) -> Result<DeviceTarget, IamError> {
        let account = view.place().account;
        let serial: Option<Arn> = text.parse().ok();
        let own = serial.filter(|serial| serial.service() == "iam" && serial.account() == Some(account));
        let found = match &own {
            Some(serial) => identity::mfa_device_of(serial, view.store())?,
            None => None,
        };
        Ok(DeviceTarget {
            account,
            arn: match own {
                Some(serial) => serial,
                // What stands for nothing of ours is asked for under a name that nothing has.
                None => arn_of(account, "mfa", "/", "")?,
            },
            found: found.ok_or_else(|| text.clone()),
        })
    }

    /// The device, and the part of the store that it is in.
    pub fn held(&self) -> Result<(Domain, &Held<MfaDevice>), IamError> {
        match &self.found {
            Ok((domain, device)) => Ok((*domain, device)),
            Err(serial) => Err(IamError::NoSuchEntity(format!(
                "VirtualMFADevice with serial number {serial} doesn't exist."
            ))),
        }
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        demand_on(action, self.arn.clone(), self.account)
    }
}

/// The device of this serial number, which has to be the user's.
pub fn device_of(
    user: &UniqueId,
    serial: &SerialNumber,
    view: &View,
) -> Result<(Domain, Held<MfaDevice>), IamError> {
    match DeviceTarget::of(serial, view)?.found {
        Ok((domain, device)) if device.user().as_ref() == Some(user) => Ok((domain, device)),
        _ => Err(IamError::NoSuchEntity("MFA Device invalid for user.".to_owned())),
    }
}

/// How many devices a user has, up to one more than may be.
pub fn count_of(user: &UniqueId, view: &View) -> Result<usize, IamError> {
    let entries = MfaDevices::of_user(user);
    let most = limits::MFA_DEVICES_PER_USER + 1;
    Ok(view
        .store()
        .count_index::<MfaDevices>(view.domain(), MfaDevices::BY_USER, &entries, most)?)
}

/// The user whose a device is.
pub fn user_of(device: &MfaDevice, view: &View) -> Result<Option<Held<identity::User>>, IamError> {
    match device.user() {
        Some(id) => Ok(view.store().get::<Users>(view.domain(), &id)?),
        None => Ok(None),
    }
}

/// Refuses a change of the devices of somebody who has as many as there may be.
pub fn check_count(user: &Target<Users>, view: &View) -> Result<(), IamError> {
    let most = limits::MFA_DEVICES_PER_USER;
    match count_of(&user.held()?.id(), view)? < most {
        true => Ok(()),
        false => Err(IamError::LimitExceeded("MFADevicesPerUser", most)),
    }
}

/// A seed in letters, as it is typed into an authenticator.
pub fn letters(seed: &SecretBytes) -> SecretString {
    SecretString::new(BASE32.encode(seed.expose()))
}

/// A picture of what an authenticator reads: `otpauth://totp/Keystead:phone@111122223333?secret=…&issuer=Keystead`.
///
/// The crates that draw keep no secrets, so what they leave behind on the heap is not erased.
pub fn picture(seed: &SecretString, name: &str, account: AccountId) -> Result<SecretBytes, IamError> {
    let label = documents::encoded(&format!("{name}@{account}"));
    let (secret, digits, period) = (seed.expose(), totp::DIGITS, totp::STEP_SECONDS);
    let uri = Zeroizing::new(format!(
        "otpauth://totp/Keystead:{label}?secret={secret}&issuer=Keystead&algorithm=SHA1&digits={digits}&period={period}"
    ));
    let code = QrCode::encode_text(&uri, QrCodeEcc::Low).map_err(|_| IamError::Picture)?;
    drawn(&code).map(SecretBytes::new)
}

/// Pixels of one square of the code.
const SCALE: i32 = 6;
/// Squares of white around it. Source: ISO/IEC 18004, "Quiet zone".
const MARGIN: i32 = 4;

/// The code in a black and white PNG, one bit for each pixel.
fn drawn(code: &QrCode) -> Result<Vec<u8>, IamError> {
    let side = (code.size() + 2 * MARGIN) * SCALE;
    let mut pixels = Zeroizing::new(Vec::new());
    for y in 0..side {
        for from in (0..side).step_by(8) {
            let bits = (from..from + 8).fold(0_u8, |bits, x| {
                let is_dark = code.get_module(x / SCALE - MARGIN, y / SCALE - MARGIN);
                bits << 1 | u8::from(!is_dark)
            });
            pixels.push(bits);
        }
    }
    let side = u32::try_from(side).map_err(|_| IamError::Picture)?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(|_| IamError::Picture)?;
    writer.write_image_data(&pixels).map_err(|_| IamError::Picture)?;
    writer.finish().map_err(|_| IamError::Picture)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_of_the_longest_name_is_a_png() {
        let seed = letters(&SecretBytes::copied_from(&[7; totp::SEED]));
        assert_eq!(seed.expose().len(), 64);
        let account = AccountId::from_number(111_122_223_333).unwrap();
        let picture = picture(&seed, &"+".repeat(limits::MFA_DEVICE_NAME), account).unwrap();
        assert!(picture.expose().starts_with(b"\x89PNG\r\n\x1a\n"));
    }
}
