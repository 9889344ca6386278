//! Sessions: temporary credentials that carry in a sealed token all that is to be known of them, so that no row is kept.
//!
//! A token is sealed under the installation's keys to its access key's id. It holds the secret access key, who the session
//! is of by unique id, and what bounds it. Source: IAM User Guide, "Temporary security credentials in IAM".

use std::sync::Arc;

use ambient::{Entropy, EntropyFailed, Timestamp};
use arn::AccountId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minicbor::{Decode, Encode};
use policy::Compiled;
use secret::{SecretBuffer, SecretString};
use store::{Domain, Purpose, Snapshot, StoreError};

use crate::access_key::{AccessKeyId, NewAccessKey};
use crate::document::Document;
use crate::entity::Tag;

/// What session credentials begin with.
pub const TEMPORARY: &str = "ASIA";
/// Characters of a token, at most.
pub const TOKEN_CHARACTERS: usize = 4096;
/// Characters of a secret access key.
const SECRET: usize = 40;
const LABEL: &[u8] = b"session";

/// How a session came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SessionKind {
    /// A role was taken on.
    #[n(0)]
    Role,
    /// GetSessionToken: the user or root user itself.
    #[n(1)]
    Own,
    /// GetFederationToken: somebody a user speaks for.
    #[n(2)]
    Federated,
}

/// All that a token says, but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Session {
    /// How it came about.
    #[n(0)]
    pub kind: SessionKind,
    #[n(1)]
    account: u64,
    /// The unique id of the role or user that it is of; the account's digits for its root user.
    #[n(2)]
    pub principal: String,
    /// What it is called: a role session's or a federated user's name.
    #[n(3)]
    pub name: String,
    #[n(4)]
    issued_ms: i64,
    #[n(5)]
    expires_ms: i64,
    #[n(6)]
    mfa_ms: Option<i64>,
    /// The policy that was passed.
    #[n(7)]
    pub policy: Option<Document>,
    /// The ARNs of managed policies that were passed.
    #[n(8)]
    pub policy_arns: Vec<String>,
    /// Tags that were passed.
    #[n(9)]
    pub tags: Vec<Tag>,
    /// The keys of those that are passed on to the next role.
    #[n(10)]
    pub transitive: Vec<String>,
    /// Who is behind it, as whoever began the first session said.
    #[n(11)]
    pub source_identity: Option<String>,
    /// Whether it was begun from a session of another role.
    #[n(12)]
    pub is_chained: bool,
    /// Nothing, so that the token has the length that was asked for.
    #[n(13)]
    padding: Option<String>,
    /// The provider that spoke for whoever began it, where one did.
    #[n(14)]
    pub web: Option<WebFederation>,
}

/// What a session keeps of the token that it was begun with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WebFederation {
    /// The ARN of the OpenID Connect provider.
    #[n(0)]
    pub provider: String,
    /// Which of its registered audiences the token was for.
    #[n(1)]
    pub audience: String,
    /// Whom it spoke of.
    #[n(2)]
    pub subject: String,
}

impl Session {
    /// A session that begins at `issued` and lasts so many seconds, bound by nothing of its own.
    pub fn new(
        kind: SessionKind,
        account: AccountId,
        principal: &str,
        name: &str,
        issued: Timestamp,
        seconds: u32,
    ) -> Session {
        Session {
            kind,
            account: account.number(),
            principal: principal.to_owned(),
            name: name.to_owned(),
            issued_ms: issued.milliseconds(),
            expires_ms: issued.milliseconds().saturating_add(i64::from(seconds) * 1000),
            mfa_ms: None,
            policy: None,
            policy_arns: Vec::new(),
            tags: Vec::new(),
            transitive: Vec::new(),
            source_identity: None,
            is_chained: false,
            padding: None,
            web: None,
        }
    }

    /// The account; `None` in a damaged token alone.
    pub fn account(&self) -> Option<AccountId> {
        AccountId::from_number(self.account)
    }

    /// When it began.
    pub fn issued(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.issued_ms)
    }

    /// When it ends.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.expires_ms)
    }

    /// When its owner proved a second factor, where they did.
    pub fn mfa(&self) -> Option<Timestamp> {
        self.mfa_ms.map(Timestamp::from_milliseconds)
    }

    /// Says that its owner proved a second factor at `now`.
    pub fn set_mfa(&mut self, now: Timestamp) {
        self.mfa_ms = Some(now.milliseconds());
    }

    /// The policy that was passed, to be evaluated.
    pub fn compiled(&self) -> Option<Arc<Compiled>> {
        self.policy.as_ref().map(Document::compiled)
    }
}

/// Fresh session credentials, to be shown once.
#[derive(Debug)]
pub struct SessionCredentials {
    /// The access key's id.
    pub id: AccessKeyId,
    /// The secret access key.
    pub secret: SecretString,
    /// The token.
    pub token: SecretString,
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum NoCredentials {
    /// The token would be too long, by this many characters in all.
    #[error("the token would have {0} characters")]
    TooLong(usize),
    /// There were no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// The token could not be sealed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SessionCredentials {
    /// Draws credentials for a session, whose token has `least` characters or more.
    pub fn of(
        mut session: Session,
        least: usize,
        snapshot: &Snapshot,
        entropy: &dyn Entropy,
    ) -> Result<SessionCredentials, NoCredentials> {
        let NewAccessKey { id, secret } = NewAccessKey::draw_temporary(entropy)?;
        let sealed = |session: &Session| -> Result<String, NoCredentials> {
            let mut content = SecretBuffer::with_capacity(1024);
            content.extend(secret.expose().as_bytes());
            store::cbor::encode(session, &mut content);
            let aad = [LABEL, id.as_str().as_bytes()];
            let sealed = snapshot.seal(Domain::Installation, Purpose::Token, &aad, content.expose())?;
            Ok(STANDARD.encode(sealed))
        };
        let mut token = sealed(&session)?;
        // Three bytes are four characters; the padding's own length takes a few bytes as well.
        let mut padding = least.saturating_sub(token.len()) * 3 / 4;
        padding = padding.saturating_sub(4);
        while token.len() < least.min(TOKEN_CHARACTERS) {
            padding += 1;
            session.padding = Some(" ".repeat(padding));
            token = sealed(&session)?;
        }
        match token.len() <= TOKEN_CHARACTERS {
            true => Ok(SessionCredentials {
                id,
                secret,
                token: SecretString::new(token),
            }),
            false => Err(NoCredentials::TooLong(token.len())),
        }
    }

    /// Reads a token that was presented with an access key; `None` where it is not that key's own.
    pub fn read(id: &AccessKeyId, token: &str, snapshot: &Snapshot) -> Option<(Session, SecretString)> {
        if token.len() > TOKEN_CHARACTERS {
            return None;
        }
        let sealed = STANDARD.decode(token).ok()?;
        let aad = [LABEL, id.as_str().as_bytes()];
        let content = snapshot
            .open(Domain::Installation, Purpose::Token, &aad, &sealed)
            .ok()?;
        let (secret, session) = content.expose().split_at_checked(SECRET)?;
        let secret = std::str::from_utf8(secret).ok()?;
        let session = store::cbor::decode(session).ok()?;
        Some((session, SecretString::new(secret.to_owned())))
    }
}
