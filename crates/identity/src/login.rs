//! Login profiles: the passwords of users.

use std::sync::Arc;

use ambient::pool::{Pool, PoolFailed};
use ambient::{Entropy, EntropyFailed, Timestamp};
use crypto::password::{PasswordFailed, PasswordHash, Salt};
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};
use secret::{SecretBuffer, SecretString};
use store::{Table, TableId, Unreadable};

use crate::failures::Failures;
use crate::limits;
use crate::mfa::Verdict;
use crate::unique_id::UniqueId;

/// That a user has a password, and which.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LoginProfile {
    #[n(0)]
    created_ms: i64,
    #[n(1)]
    password: Kept,
    #[n(2)]
    set_ms: i64,
    /// Whether the user has to choose another when it is next used.
    #[n(3)]
    pub reset_required: bool,
    /// Passwords of before, the latest first.
    #[n(4)]
    former: Vec<Kept>,
    #[n(5)]
    failures: Failures,
}

/// The hash of a password, as a record keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept(Arc<PasswordHash>);

impl<C> Encode<C> for Kept {
    fn encode<W: Write>(&self, out: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        out.bytes(&self.0.encode())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Kept {
    fn decode(from: &mut Decoder<'b>, _: &mut C) -> Result<Kept, DecodeError> {
        match PasswordHash::decode(from.bytes()?) {
            Ok(hash) => Ok(Kept(Arc::new(hash))),
            Err(bad) => Err(DecodeError::message(bad)),
        }
    }
}

/// Why a password was not worked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsFailed {
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// No thread for it.
    #[error(transparent)]
    Pool(#[from] PoolFailed),
    /// It could not be worked.
    #[error(transparent)]
    Password(#[from] PasswordFailed),
}

/// A password that was worked, to be kept.
#[derive(Debug)]
pub struct NewPassword(Kept);

impl NewPassword {
    /// Works a password on a thread of `pool`.
    pub async fn of(
        password: &SecretString,
        pool: &Pool,
        entropy: &dyn Entropy,
    ) -> Result<NewPassword, PasswordsFailed> {
        let salt = Salt::draw(entropy)?;
        let password = copy_of(password);
        let hash = pool.run(move || PasswordHash::of(&password, salt)).await??;
        Ok(NewPassword(Kept(Arc::new(hash))))
    }
}

impl LoginProfile {
    /// A profile made at `now`.
    pub fn new(password: NewPassword, reset_required: bool, now: Timestamp) -> LoginProfile {
        LoginProfile {
            created_ms: now.milliseconds(),
            password: password.0,
            set_ms: now.milliseconds(),
            reset_required,
            former: Vec::new(),
            failures: Failures::default(),
        }
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// When the password was set.
    pub fn password_set(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.set_ms)
    }

    /// Sets another password. So many are remembered, this one included.
    pub fn set_password(&mut self, password: NewPassword, remembered: Option<u32>, now: Timestamp) {
        let before = std::mem::replace(&mut self.password, password.0);
        self.former.insert(0, before);
        let remembered = remembered.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX));
        self.former
            .truncate(remembered.min(limits::FORMER_PASSWORDS).saturating_sub(1));
        self.set_ms = now.milliseconds();
        self.failures.forget();
    }

    /// Whether this is one of the last `remembered` passwords, worked on a thread of `pool`.
    pub async fn remembers(
        &self,
        password: &SecretString,
        remembered: Option<u32>,
        pool: &Pool,
    ) -> Result<bool, PasswordsFailed> {
        let remembered = remembered.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX));
        let last = std::iter::once(&self.password)
            .chain(&self.former)
            .take(remembered);
        let last: Vec<Arc<PasswordHash>> = last.map(|kept| Arc::clone(&kept.0)).collect();
        let password = copy_of(password);
        let known = pool.run(move || {
            for hash in last {
                if hash.is_of(&password)? {
                    return Ok(true);
                }
            }
            Ok::<bool, PasswordFailed>(false)
        });
        Ok(known.await??)
    }
}

/// Looks at a password, on a thread of `pool`. It takes as long for nobody, and during a pause.
///
/// The profile counts what came of it, so whoever asks keeps it: with the change that a right password brings, or with
/// a refusal's.
pub async fn verify_password(
    profile: Option<&mut LoginProfile>,
    password: &SecretString,
    now: Timestamp,
    pool: &Pool,
) -> Result<Verdict, PasswordsFailed> {
    let hash = match &profile {
        Some(profile) => Arc::clone(&profile.password.0),
        None => Arc::new(PasswordHash::decoy()?),
    };
    let password = copy_of(password);
    let is_right = pool.run(move || hash.is_of(&password)).await??;
    let Some(profile) = profile else {
        return Ok(Verdict::Failed);
    };
    if profile.failures.are_too_many(now) {
        return Ok(Verdict::Paused);
    }
    match is_right {
        true => {
            profile.failures.forget();
            Ok(Verdict::Proved)
        }
        false => {
            profile.failures.count(now);
            Ok(Verdict::Failed)
        }
    }
}

/// Work on another thread has to own what it works on.
fn copy_of(password: &SecretString) -> SecretString {
    SecretString::new(password.expose().to_owned())
}

/// The table of login profiles, by the unique id of the user.
#[derive(Debug)]
pub struct LoginProfiles;

impl Table for LoginProfiles {
    const ID: TableId = TableId(37);
    const NAME: &'static str = "login profiles";
    const FORMAT: u8 = 1;
    type Key = UniqueId;
    type Record = LoginProfile;

    fn encode(record: &LoginProfile, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<LoginProfile, Unreadable> {
        store::cbor::decode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn password(text: &str) -> SecretString {
        SecretString::new(text.to_owned())
    }

    async fn new(text: &str, pool: &Pool) -> NewPassword {
        let entropy = SeededEntropy::new(1);
        NewPassword::of(&password(text), pool, &entropy).await.unwrap()
    }

    #[tokio::test]
    async fn too_many_wrong_passwords_bring_a_pause() {
        let pool = Pool::start("test", 1, 1).unwrap();
        let mut profile = LoginProfile::new(new("right", &pool).await, false, NOW);
        let mut verify = async |text: &str, now| {
            verify_password(Some(&mut profile), &password(text), now, &pool)
                .await
                .unwrap()
        };
        assert_eq!(verify("right", NOW).await, Verdict::Proved);
        for _ in 0..limits::FAILURES {
            assert_eq!(verify("wrong", NOW).await, Verdict::Failed);
        }
        assert_eq!(verify("right", NOW).await, Verdict::Paused);
        assert_eq!(verify("right", NOW.after(limits::PAUSE)).await, Verdict::Proved);
        let nobody = verify_password(None, &password("right"), NOW, &pool).await;
        assert_eq!(nobody.unwrap(), Verdict::Failed);
    }

    #[tokio::test]
    async fn as_many_passwords_are_remembered_as_is_asked_for() {
        let pool = Pool::start("test", 1, 1).unwrap();
        let mut profile = LoginProfile::new(new("1", &pool).await, false, NOW);
        for text in ["2", "3"] {
            profile.set_password(new(text, &pool).await, Some(2), NOW);
        }
        for (text, remembered, expected) in [
            ("3", Some(1), true),
            ("2", Some(1), false),
            ("2", Some(2), true),
            ("1", Some(24), false),
            ("3", None, false),
        ] {
            let known = profile
                .remembers(&password(text), remembered, &pool)
                .await
                .unwrap();
            assert_eq!(known, expected, "{text} {remembered:?}");
        }
    }
}
