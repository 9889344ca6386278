//! Sessions that were verified, remembered: to open and read a token costs more than all else that a call is decided by.

use std::sync::Arc;

use aws_lc_rs::digest;
use identity::{AccessKeyId, Session, SessionCredentials};
use quick_cache::sync::Cache;
use secret::SecretString;
use store::Snapshot;

/// Tokens that are remembered.
const REMEMBERED: usize = 2000;

/// A session as its token tells of it, with the secret that signs. Whether it goes on is asked at each use.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: AccessKeyId,
    pub(crate) session: Session,
    pub(crate) secret: SecretString,
}

/// A bounded cache of session tokens. What leaves it is erased.
pub struct Sessions(Cache<Hash, Arc<Known>>);

/// SHA-256 of a token: tokens themselves are not kept.
type Hash = [u8; digest::SHA256_OUTPUT_LEN];

impl Sessions {
    /// An empty one.
    pub fn new() -> Sessions {
        Sessions(Cache::new(REMEMBERED))
    }

    /// The session of a token that was presented with an access key; `None` where it is not that key's own.
    pub(crate) fn of(&self, id: &AccessKeyId, token: &str, snapshot: &Snapshot) -> Option<Arc<Known>> {
        let hash = hash_of(token);
        if let Some(known) = self.0.get(&hash) {
            return (known.id == *id).then_some(known);
        }
        let (session, secret) = SessionCredentials::read(id, token, snapshot)?;
        let known = Arc::new(Known {
            id: id.clone(),
            session,
            secret,
        });
        self.0.insert(hash, Arc::clone(&known));
        Some(known)
    }
}

fn hash_of(token: &str) -> Hash {
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    // INVARIANT: SHA-256 gives as many bytes.
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions::new()
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sessions({} known)", self.0.len())
    }
}
