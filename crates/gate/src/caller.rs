//! Who is calling.

use std::sync::Arc;

use ambient::Timestamp;
use arn::{AccountId, Arn};
use identity::{AccessKey, AccessKeyId, AccessKeySecrets, AccessKeys, Kind, Principal, Status};
use sigv4::{Expected, KnownSecret, Presented, SignatureError, SignedRequest, SigningKeys};
use store::{Domain, Held, StoreError, Vault};

/// A caller whose signature was verified. Only [`authenticate`] makes one.
#[derive(Debug, Clone)]
pub struct Caller(Arc<Signer>);

#[derive(Debug)]
struct Signer {
    principal: Principal,
    access_key: AccessKeyId,
}

impl Caller {
    /// Whose signature it was.
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The caller's account.
    pub fn account(&self) -> AccountId {
        self.0.principal.account
    }

    /// The caller's ARN.
    pub fn arn(&self) -> &Arn {
        &self.0.principal.arn
    }

    /// Whether the caller is its account's root user.
    pub fn is_root(&self) -> bool {
        self.0.principal.kind == Kind::Root
    }

    /// The access key that signed.
    pub fn access_key(&self) -> &AccessKeyId {
        &self.0.access_key
    }
}

/// Why a request has no caller.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The request is not believed; the text is AWS's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Ours to mend: the access key could not be read.
    #[error("the access key could not be read")]
    Store(#[from] StoreError),
}

/// Finds the access key that a request presents, and verifies the request with its secret.
///
/// An unknown key, an inactive one and a session token with a long-term key give the same refusal.
pub fn authenticate(
    request: &SignedRequest<'_>,
    presented: &Presented<'_>,
    view: &store::View,
    vault: &Vault,
    keys: &SigningKeys,
    now: Timestamp,
    expected: &Expected<'_>,
) -> Result<Caller, AuthenticationError> {
    let unknown = || AuthenticationError::Signature(SignatureError::UnknownKey);
    let id: AccessKeyId = presented.access_key_id().parse().map_err(|_| unknown())?;
    let (principal, revision) = owner(&id, view)?;
    // There are no sessions yet, so no token is any key's own.
    if presented.session_token().is_some() {
        return Err(unknown());
    }
    let secret = vault
        .open::<AccessKeySecrets>(view, Domain::Installation, &id)?
        .ok_or_else(unknown)?;
    // A key's record and its secret are written together, so the one's revision tells of the other.
    let known = KnownSecret {
        key: &secret,
        revision,
    };
    sigv4::verify(request, presented, known, keys, now, expected)?;
    Ok(Caller(Arc::new(Signer {
        principal,
        access_key: id,
    })))
}

/// Reads a caller's credentials again, so that what is decided rests on them as they are in `view`.
pub fn reaffirm(caller: &Caller, view: &store::View) -> Result<(), AuthenticationError> {
    match active(caller.access_key(), view)? {
        Some(key) if caller.principal().owns(&key) => Ok(()),
        _ => Err(SignatureError::UnknownKey.into()),
    }
}

/// The principal that an active key belongs to, and the revision of the key's record.
fn owner(id: &AccessKeyId, view: &store::View) -> Result<(Principal, u64), AuthenticationError> {
    let unknown = || AuthenticationError::Signature(SignatureError::UnknownKey);
    let key = active(id, view)?.ok_or_else(unknown)?;
    let principal = Principal::of_key(&key, view)?.ok_or_else(unknown)?;
    Ok((principal, key.revision()))
}

/// The record of an access key, if it is there and may sign.
fn active(id: &AccessKeyId, view: &store::View) -> Result<Option<Held<AccessKey>>, StoreError> {
    let key = view.get::<AccessKeys>(Domain::Installation, id)?;
    Ok(key.filter(|key| key.status() == Status::Active))
}
