//! CreateVirtualMFADevice.

use std::sync::Arc;

use ambient::Timestamp;
use arn::{AccountId, Arn};
use crypto::totp;
use engine::{
    ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, Targets, View, World,
};
use identity::{MfaDevice, MfaDevices, MfaSeeds};
use model::{OperationSpec, Shape};
use secret::SecretBytes;
use zeroize::Zeroizing;

use crate::holders::arn_of;
use crate::users::demand_on;
use crate::wire::{PathText, SerialNumber, Tag, User};
use crate::{IamError, limits, mfa, tags};

/// Makes a virtual MFA device, whose seed is shown here and never again.
///
/// Source: IAM API Reference, `CreateVirtualMFADevice`.
pub struct CreateVirtualMfaDevice;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateVirtualMfaDeviceInput {
    /// Where it is to stand; `/` unless given.
    #[shape(audit = log)]
    pub path: Option<PathText>,
    /// Its name.
    #[shape(audit = log, rename = "VirtualMFADeviceName", length = 1.., pattern = "[\\w+=,.@-]+")]
    pub name: String,
    /// Its tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateVirtualMfaDeviceOutput {
    /// The device.
    #[shape(audit = log, rename = "VirtualMFADevice")]
    pub device: VirtualMfaDevice,
}

/// A virtual MFA device, as it is told of.
#[derive(Debug, Shape)]
pub struct VirtualMfaDevice {
    /// Its serial number.
    #[shape(audit = log)]
    pub serial_number: SerialNumber,
    /// Its seed, in letters.
    #[shape(sensitive, rename = "Base32StringSeed")]
    pub seed: Option<SecretBytes>,
    /// Its seed, in a picture.
    #[shape(sensitive, rename = "QRCodePNG")]
    pub picture: Option<SecretBytes>,
    /// The user whose it is.
    #[shape(audit = log)]
    pub user: Option<User>,
    /// Since when it is theirs.
    #[shape(audit = log)]
    pub enable_date: Option<Timestamp>,
    /// Its tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

/// A device that is to be made.
#[derive(Debug)]
pub struct NewDevice {
    account: AccountId,
    arn: Arn,
}

impl Targets for NewDevice {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for CreateVirtualMfaDevice {
    const SPEC: OperationSpec = OperationSpec::writes("CreateVirtualMFADevice");
    type Input = CreateVirtualMfaDeviceInput;
    type Output = CreateVirtualMfaDeviceOutput;
    type Targets = NewDevice;
    type Error = IamError;

    fn locate(input: &CreateVirtualMfaDeviceInput, view: &View) -> Result<NewDevice, Miss<IamError>> {
        let most = limits::MFA_DEVICE_NAME;
        if input.name.len() > most {
            return Err(IamError::Validation(format!(
                "The name of a virtual MFA device has at most {most} characters."
            ))
            .into());
        }
        let account = view.place().account;
        let arn = arn_of(account, "mfa", path_of(input), &input.name)?;
        // Else nobody could give the serial number.
        if arn.as_str().len() > limits::SERIAL_NUMBER {
            return Err(
                IamError::Validation("The path and the name are too long together.".to_owned()).into(),
            );
        }
        Ok(NewDevice { account, arn })
    }

    fn demands(_: &CreateVirtualMfaDeviceInput, new: &NewDevice, _: &View) -> Demands {
        Demands::of(demand_on(
            "iam:CreateVirtualMFADevice",
            new.arn.clone(),
            new.account,
        ))
    }

    fn condition<'c>(
        input: &'c CreateVirtualMfaDeviceInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(
        input: &CreateVirtualMfaDeviceInput,
        _: &Permit<NewDevice>,
        view: &View,
    ) -> Result<(), IamError> {
        let store = view.store();
        let key = MfaDevice::key(&input.name);
        if store.get::<MfaDevices>(view.domain(), &key)?.is_some() {
            return Err(IamError::AlreadyExists(
                "MFADevice entity at the same path and name already exists.".to_owned(),
            ));
        }
        if store.snapshot().count::<MfaDevices>(view.domain()) >= limits::MFA_DEVICES as u64 {
            return Err(IamError::LimitExceeded(
                "VirtualMFADevicesPerAccount",
                limits::MFA_DEVICES,
            ));
        }
        tags::check(&input.tags, "TagsPerVirtualMFADevice")
    }

    async fn act(
        input: &CreateVirtualMfaDeviceInput,
        permit: &Permit<NewDevice>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let NewDevice { account, arn } = permit.targets();
        let mut random = Zeroizing::new([0; totp::SEED]);
        world.random(&mut *random)?;
        let seed = SecretBytes::copied_from(&*random);
        let letters = mfa::letters(&seed);
        let picture = mfa::picture(&letters, &input.name, *account)?;
        let mut device = MfaDevice::new(&input.name, path_of(input), world.now());
        for tag in &input.tags {
            identity::set_tag(&mut device.tags, &tag.key, &tag.value);
        }
        let domain = world.view().domain();
        let change = world.change();
        change.put::<MfaDevices>(domain, MfaDevice::key(&input.name), device);
        change.put_secret::<MfaSeeds>(domain, MfaDevice::key(&input.name), Arc::new(seed));
        Ok(CreateVirtualMfaDeviceOutput {
            device: VirtualMfaDevice {
                serial_number: SerialNumber(arn.to_string()),
                seed: Some(SecretBytes::copied_from(letters.expose().as_bytes())),
                picture: Some(picture),
                user: None,
                enable_date: None,
                tags: (!input.tags.is_empty()).then(|| input.tags.clone()),
            },
        })
    }
}

fn path_of(input: &CreateVirtualMfaDeviceInput) -> &str {
    input.path.as_ref().map_or("/", |PathText(path)| path)
}
