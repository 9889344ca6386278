//! Virtual MFA devices: seeds of codes that are a user's second factor.
//!
//! Sources: RFC 6238; IAM User Guide, "Assign a virtual MFA device".

use ambient::Timestamp;
use arn::{AccountId, Arn};
use crypto::totp;
use minicbor::{Decode, Encode};
use secret::{SecretBuffer, SecretBytes};
use store::{Domain, HashedName, Held, IndexKey, SecretTable, StoreError, Table, TableId, Unreadable, View};

use crate::entity::{Tag, arn_of};
use crate::failures::Failures;
use crate::unique_id::UniqueId;
use crate::user::below;
use crate::{domain_of, limits};

/// A virtual MFA device, but its seed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MfaDevice {
    /// Unique in the account, without regard to case.
    #[n(0)]
    pub name: String,
    /// As of users.
    #[n(1)]
    pub path: String,
    #[n(2)]
    created_ms: i64,
    /// At most 50.
    #[n(3)]
    pub tags: Vec<Tag>,
    /// The unique id of the user whose second factor it is.
    #[n(4)]
    user: Option<String>,
    #[n(5)]
    enabled_ms: Option<i64>,
    /// The step of the last code that was taken; none up to it is taken again.
    #[n(6)]
    last_step: i64,
    /// By how many steps the device is ahead of us.
    #[n(7)]
    ahead: i64,
    #[n(8)]
    failures: Failures,
}

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right, and counts as used.
    Proved,
    /// It is wrong or was used, and counts as a failure.
    Failed,
    /// There were too many failures: it was not looked at.
    Paused,
}

impl MfaDevice {
    /// A device made at `now`, nobody's yet.
    pub fn new(name: &str, path: &str, now: Timestamp) -> MfaDevice {
        MfaDevice {
            name: name.to_owned(),
            path: path.to_owned(),
            created_ms: now.milliseconds(),
            tags: Vec::new(),
            user: None,
            enabled_ms: None,
            last_step: 0,
            ahead: 0,
            failures: Failures::default(),
        }
    }

    /// The row of the device of a name.
    pub fn key(name: &str) -> HashedName {
        HashedName(name.to_ascii_lowercase())
    }

    /// Its serial number, which is its ARN; `None` in a damaged record alone.
    pub fn serial(&self, account: AccountId) -> Option<Arn> {
        arn_of(account, "mfa", &self.path, &self.name)
    }

    /// The user whose it is.
    pub fn user(&self) -> Option<UniqueId> {
        self.user.as_deref().map(UniqueId::kept)
    }

    /// Since when it is theirs.
    pub fn enabled(&self) -> Option<Timestamp> {
        self.enabled_ms.map(Timestamp::from_milliseconds)
    }

    /// Gives it to a user.
    pub fn enable(&mut self, user: &UniqueId, now: Timestamp) {
        self.user = Some(user.to_string());
        self.enabled_ms = Some(now.milliseconds());
    }

    /// Takes it from its user. Codes that were used stay used.
    pub fn disable(&mut self) {
        self.user = None;
        self.enabled_ms = None;
    }

    /// Looks at a code.
    pub fn take(&mut self, seed: &SecretBytes, code: &str, now: Timestamp) -> Verdict {
        let here = step_of(now).saturating_add(self.ahead);
        // All are looked at, so that the time tells nothing.
        let steps = around(here, limits::CODE_WINDOW);
        let found = steps
            .filter(|step| self.is_due(*step) && is_code(seed, *step, code))
            .max();
        self.settle(found, now)
    }

    /// Looks at two codes in a row, which bring the device into step.
    pub fn take_pair(&mut self, seed: &SecretBytes, [one, other]: [&str; 2], now: Timestamp) -> Verdict {
        let here = step_of(now);
        let is_pair = |step: i64| {
            let (is_one, is_other) = (is_code(seed, step, one), is_code(seed, step + 1, other));
            self.is_due(step) && is_one & is_other
        };
        let found = around(here, limits::SYNC_WINDOW)
            .filter(|step| is_pair(*step))
            .max();
        let verdict = self.settle(found.map(|step| step + 1), now);
        if verdict == Verdict::Proved {
            let ahead = self.last_step - here;
            self.ahead = match ahead.abs() <= limits::SYNC_SLACK {
                true => 0,
                false => ahead,
            };
        }
        verdict
    }

    fn is_due(&self, step: i64) -> bool {
        step > self.last_step
    }

    fn settle(&mut self, found: Option<i64>, now: Timestamp) -> Verdict {
        if self.failures.are_too_many(now) {
            return Verdict::Paused;
        }
        match found {
            Some(step) => {
                self.last_step = step;
                self.failures.forget();
                Verdict::Proved
            }
            None => {
                self.failures.count(now);
                Verdict::Failed
            }
        }
    }
}

fn step_of(now: Timestamp) -> i64 {
    now.milliseconds().div_euclid(1000 * totp::STEP_SECONDS)
}

fn around(step: i64, window: i64) -> impl Iterator<Item = i64> {
    step.saturating_sub(window)..=step.saturating_add(window)
}

fn is_code(seed: &SecretBytes, step: i64, code: &str) -> bool {
    u64::try_from(step).is_ok_and(|step| totp::is_code(seed, step, code))
}

/// The device of a serial number, in the account that it names; and the part of the store that it is in.
pub fn mfa_device_of(serial: &Arn, view: &View) -> Result<Option<(Domain, Held<MfaDevice>)>, StoreError> {
    let name = serial
        .resource()
        .strip_prefix("mfa/")
        .and_then(|below| below.rsplit('/').next());
    let (Some(account), Some(name)) = (serial.account(), name) else {
        return Ok(None);
    };
    let Some(domain) = domain_of(account, view) else {
        return Ok(None);
    };
    let device = view.get::<MfaDevices>(domain, &MfaDevice::key(name))?;
    let exact = device.filter(|device| device.serial(account).as_ref() == Some(serial));
    Ok(exact.map(|device| (domain, device)))
}

/// The table of virtual MFA devices, by name in small letters.
#[derive(Debug)]
pub struct MfaDevices;

/// The indexes of virtual MFA devices.
impl MfaDevices {
    /// By name, in small letters.
    pub const BY_NAME: u8 = 0;
    /// By their user's unique id, then their name.
    pub const BY_USER: u8 = 1;

    /// What the entries of a user begin with.
    pub fn of_user(user: &UniqueId) -> Vec<u8> {
        [user.as_str().as_bytes(), b"\0"].concat()
    }
}

impl Table for MfaDevices {
    const ID: TableId = TableId(34);
    const NAME: &'static str = "MFA devices";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = HashedName;
    type Record = MfaDevice;

    fn encode(record: &MfaDevice, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<MfaDevice, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &MfaDevice, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: MfaDevices::BY_NAME,
            bytes: record.name.to_ascii_lowercase().into_bytes(),
        });
        if let Some(user) = &record.user {
            out.push(below(MfaDevices::BY_USER, user, &record.name));
        }
    }
}

/// The table of the seeds of MFA devices, by name in small letters; the vault alone opens them.
#[derive(Debug)]
pub struct MfaSeeds;

impl SecretTable for MfaSeeds {
    const ID: TableId = TableId(36);
    const NAME: &'static str = "seeds of MFA devices";
    const FORMAT: u8 = 1;
    type Key = HashedName;
    type Secret = SecretBytes;

    fn encode(secret: &SecretBytes, out: &mut SecretBuffer) {
        out.extend(secret.expose());
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<SecretBytes, Unreadable> {
        Ok(SecretBytes::copied_from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_010);

    fn seed() -> SecretBytes {
        SecretBytes::copied_from(&[7; totp::SEED])
    }

    fn code(steps: i64) -> String {
        let step = u64::try_from(step_of(NOW) + steps).unwrap();
        String::from_utf8(totp::code(&seed(), step).to_vec()).unwrap()
    }

    fn device() -> MfaDevice {
        MfaDevice::new("phone", "/", NOW)
    }

    #[test]
    fn a_code_is_taken_within_its_window_and_once() {
        for (steps, expected) in [
            (-2, Verdict::Failed),
            (-1, Verdict::Proved),
            (0, Verdict::Proved),
            (1, Verdict::Proved),
            (2, Verdict::Failed),
        ] {
            let mut device = device();
            assert_eq!(device.take(&seed(), &code(steps), NOW), expected, "{steps}");
            assert_eq!(
                device.take(&seed(), &code(steps), NOW),
                Verdict::Failed,
                "{steps}"
            );
        }
    }

    #[test]
    fn a_code_before_one_that_was_taken_is_as_good_as_used() {
        let mut device = device();
        assert_eq!(device.take(&seed(), &code(1), NOW), Verdict::Proved);
        assert_eq!(device.take(&seed(), &code(0), NOW), Verdict::Failed);
    }

    #[test]
    fn two_codes_in_a_row_bring_a_device_into_step() {
        let mut late = device();
        assert_eq!(
            late.take_pair(&seed(), [&code(-10), &code(-9)], NOW),
            Verdict::Proved
        );
        assert_eq!(late.take(&seed(), &code(0), NOW), Verdict::Failed);
        assert_eq!(late.take(&seed(), &code(-8), NOW), Verdict::Proved);
        for pair in [[-10, -8], [-9, -10], [0, 0], [21, 22], [-22, -21]] {
            let [one, other] = pair.map(code);
            assert_eq!(
                device().take_pair(&seed(), [&one, &other], NOW),
                Verdict::Failed,
                "{pair:?}"
            );
        }
    }

    #[test]
    fn the_time_that_typing_takes_is_no_reason_to_be_out_of_step() {
        let mut device = device();
        assert_eq!(
            device.take_pair(&seed(), [&code(-2), &code(-1)], NOW),
            Verdict::Proved
        );
        assert_eq!(device.take(&seed(), &code(0), NOW), Verdict::Proved);
        assert_eq!(
            device.take_pair(&seed(), [&code(0), &code(1)], NOW),
            Verdict::Failed
        );
    }

    #[test]
    fn too_many_failures_bring_a_pause_and_each_further_one_another() {
        let mut device = device();
        for _ in 0..limits::FAILURES {
            assert_eq!(device.take(&seed(), "no code", NOW), Verdict::Failed);
        }
        assert_eq!(device.take(&seed(), &code(0), NOW), Verdict::Paused);
        let later = NOW.after(limits::PAUSE);
        assert_eq!(device.take(&seed(), "no code", later), Verdict::Failed);
        assert_eq!(device.take(&seed(), "no code", later), Verdict::Paused);
        let last = later.after(limits::PAUSE);
        let step = u64::try_from(step_of(last)).unwrap();
        let code = String::from_utf8(totp::code(&seed(), step).to_vec()).unwrap();
        assert_eq!(device.take(&seed(), &code, last), Verdict::Proved);
        assert_eq!(device.take(&seed(), "no code", last), Verdict::Failed);
    }
}
