//! Second factors: whether codes are right. Seeds stay in here.

use arn::Arn;
use identity::{Kind, MfaDevice, MfaDevices, MfaSeeds, Verdict};
use store::{Domain, Held, StoreError};

use crate::world::World;

impl World<'_> {
    /// Whether `code` is right for the device of this serial number, and the device the caller's own. Where it is, the
    /// call's change keeps it from being used again; where it is not, the failure counts though the call is refused.
    pub fn prove_second_factor(&mut self, serial: &str, code: &str) -> Result<bool, StoreError> {
        let Some(caller) = self.caller().map(gate::Caller::principal) else {
            return Ok(false);
        };
        let serial: Option<Arn> = serial.parse().ok();
        let Some(serial) = serial.filter(|serial| serial.account() == Some(caller.account)) else {
            return Ok(false);
        };
        let found = identity::mfa_device_of(&serial, self.view().store())?;
        let is_own = |device: &MfaDevice| device.user().is_some_and(|user| user.as_str() == caller.id);
        let Some((domain, device)) = found.filter(|(_, device)| caller.kind == Kind::User && is_own(device))
        else {
            return Ok(false);
        };
        let now = self.now();
        let proved = self.judge(domain, &device, |device, seed| device.take(seed, code, now))?;
        let Some(device) = proved else {
            return Ok(false);
        };
        let key = MfaDevice::key(&device.name);
        self.change().put::<MfaDevices>(domain, key, device);
        self.note_second_factor();
        Ok(true)
    }

    /// The device as it becomes by two codes in a row that are right, to be put into the call's change; `None` where they
    /// are not, which counts though the call is refused.
    pub fn synchronize(
        &mut self,
        domain: Domain,
        device: &Held<MfaDevice>,
        codes: [&str; 2],
    ) -> Result<Option<MfaDevice>, StoreError> {
        let now = self.now();
        self.judge(domain, device, |device, seed| device.take_pair(seed, codes, now))
    }

    fn judge(
        &mut self,
        domain: Domain,
        held: &Held<MfaDevice>,
        take: impl FnOnce(&mut MfaDevice, &secret::SecretBytes) -> Verdict,
    ) -> Result<Option<MfaDevice>, StoreError> {
        let mut device = held.record().as_ref().clone();
        let key = MfaDevice::key(&device.name);
        let seed = self.vault().open::<MfaSeeds>(self.view().store(), domain, &key)?;
        let seed = seed.ok_or(StoreError::Damaged("seeds of MFA devices"))?;
        match take(&mut device, &seed) {
            Verdict::Proved => return Ok(Some(device)),
            Verdict::Failed => {
                self.change_of_refusal().put::<MfaDevices>(domain, key, device);
            }
            Verdict::Paused => {
                tracing::warn!(device = %device.name, "codes are refused for a while: too many were wrong");
            }
        }
        Ok(None)
    }
}
