//! Who is calling.

use std::sync::Arc;

use ambient::Timestamp;
use arn::{AccountId, Arn};
use identity::{
    AccessKey, AccessKeyId, AccessKeySecrets, AccessKeys, Kind, Principal, Session, Status, TEMPORARY,
};
use sigv4::{Expected, KnownSecret, Presented, SignatureError, SignedRequest, SigningKeys};
use store::{Domain, Held, StoreError, Vault};

use crate::sessions::{Known, Sessions};
use crate::{Subject, WebIdentity};

/// A caller whose signature was verified, or whose token was. Only [`authenticate`] and [`identify`](crate::identify) make one.
#[derive(Debug, Clone)]
pub struct Caller(Arc<Signer>);

#[derive(Debug)]
struct Signer {
    principal: Principal,
    /// Of whoever signed.
    access_key: Option<AccessKeyId>,
    /// Of temporary credentials.
    session: Option<Arc<Known>>,
    /// Of whoever a provider speaks for; they did not sign.
    web: Option<WebIdentity>,
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

    /// The access key that signed; none of whoever a provider speaks for.
    pub fn access_key(&self) -> Option<&AccessKeyId> {
        self.0.access_key.as_ref()
    }

    /// Whom a provider speaks for, where the caller did not sign.
    pub fn web_identity(&self) -> Option<&WebIdentity> {
        self.0.web.as_ref()
    }

    /// Whoever a provider speaks for, in the account that has the provider.
    pub(crate) fn of_web_identity(account: AccountId, web: WebIdentity) -> Caller {
        Caller(Arc::new(Signer {
            principal: Principal::web_identity(account, web.provider(), web.audience(), web.subject()),
            access_key: None,
            session: None,
            web: Some(web),
        }))
    }

    /// The session that the caller's credentials are of, where they are temporary.
    pub fn session(&self) -> Option<&Session> {
        self.0.session.as_ref().map(|known| &known.session)
    }

    /// The caller, as whom decisions are about.
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            principal: self.principal(),
            session: self.session(),
            web: self.web_identity(),
        }
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

/// What callers are known by, beside the store: opened secrets, derived keys and tokens that were read.
#[derive(Debug, Clone, Copy)]
pub struct KnownCallers<'k> {
    /// Opens secrets.
    pub vault: &'k Vault,
    /// Keys derived from secrets.
    pub keys: &'k SigningKeys,
    /// Sessions of tokens.
    pub sessions: &'k Sessions,
}

fn unknown() -> AuthenticationError {
    AuthenticationError::Signature(SignatureError::UnknownKey)
}

/// Finds the access key that a request presents, and verifies the request with its secret.
///
/// An unknown key, an inactive one, a session token with a long-term key, and a token that is not its key's own or whose
/// role or user is gone give the same refusal.
pub fn authenticate(
    request: &SignedRequest<'_>,
    presented: &Presented<'_>,
    view: &store::View,
    known: KnownCallers<'_>,
    now: Timestamp,
    expected: &Expected<'_>,
) -> Result<Caller, AuthenticationError> {
    let id: AccessKeyId = presented.access_key_id().parse().map_err(|_| unknown())?;
    let signer = match (presented.session_token(), id.as_str().starts_with(TEMPORARY)) {
        (Some(token), true) => {
            let session = known
                .sessions
                .of(&id, token, view.snapshot())
                .ok_or_else(unknown)?;
            let principal = Principal::of_session(&session.session, view)?.ok_or_else(unknown)?;
            if now >= session.session.expires() {
                return Err(SignatureError::TokenExpired.into());
            }
            let secret = KnownSecret {
                key: &session.secret,
                // Its secret never changes.
                revision: 0,
            };
            sigv4::verify(request, presented, secret, known.keys, now, expected)?;
            Signer {
                principal,
                access_key: Some(id),
                session: Some(session),
                web: None,
            }
        }
        (None, false) => {
            let (principal, revision) = owner(&id, view)?;
            let secret = known
                .vault
                .open::<AccessKeySecrets>(view, Domain::Installation, &id)?
                .ok_or_else(unknown)?;
            // A key's record and its secret are written together, so the one's revision tells of the other.
            let secret = KnownSecret {
                key: &secret,
                revision,
            };
            sigv4::verify(request, presented, secret, known.keys, now, expected)?;
            Signer {
                principal,
                access_key: Some(id),
                session: None,
                web: None,
            }
        }
        _ => return Err(unknown()),
    };
    Ok(Caller(Arc::new(signer)))
}

/// Reads a caller's credentials again, so that what is decided rests on them as they are in `view`.
pub fn reaffirm(caller: &Caller, view: &store::View) -> Result<(), AuthenticationError> {
    let is_good = match (caller.web_identity(), caller.session(), caller.access_key()) {
        (Some(web), ..) => web.is_good(caller.account(), view)?,
        (None, Some(session), _) => {
            Principal::of_session(session, view)?.as_ref() == Some(caller.principal())
        }
        (None, None, Some(key)) => active(key, view)?.is_some_and(|key| caller.principal().owns(&key)),
        (None, None, None) => false,
    };
    match is_good {
        true => Ok(()),
        false => Err(unknown()),
    }
}

/// The principal that an active key belongs to, and the revision of the key's record.
fn owner(id: &AccessKeyId, view: &store::View) -> Result<(Principal, u64), AuthenticationError> {
    let key = active(id, view)?.ok_or_else(unknown)?;
    let principal = Principal::of_key(&key, view)?.ok_or_else(unknown)?;
    Ok((principal, key.revision()))
}

/// The record of an access key, if it is there and may sign.
fn active(id: &AccessKeyId, view: &store::View) -> Result<Option<Held<AccessKey>>, StoreError> {
    let key = view.get::<AccessKeys>(Domain::Installation, id)?;
    Ok(key.filter(|key| key.status() == Status::Active))
}
