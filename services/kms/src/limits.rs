//! Quotas of KMS. Source: KMS Developer Guide, "Quotas".

use engine::View;
use store::Domain;

use crate::KmsError;
use crate::records::Keys;

/// Customer managed keys of an account in a Region.
pub const KEYS: u64 = 100_000;
/// Aliases of a key.
pub const ALIASES_A_KEY: usize = 50;
/// Tags of a key.
pub const TAGS_A_KEY: usize = 50;
/// Grants on a key.
pub const GRANTS_A_KEY: usize = 50_000;
/// Pairs of a grant's encryption context constraint.
pub const PAIRS_A_CONSTRAINT: usize = 8;
/// Characters of a value of such a pair.
pub const CHARACTERS_A_CONSTRAINT_VALUE: usize = 384;
/// On-demand rotations of a key.
pub const ROTATIONS_ON_DEMAND: usize = 25;
/// Bytes of a key policy.
pub const KEY_POLICY_BYTES: usize = policy::limits::KEY_POLICY_BYTES;

/// Refuses one more key in a part of the store that has as many as it may.
pub(crate) fn room_for_key(view: &View, domain: Domain) -> Result<(), KmsError> {
    if view.store().snapshot().count::<Keys>(domain) < KEYS {
        return Ok(());
    }
    Err(KmsError::LimitExceeded(format!(
        "The account has {KEYS} keys in the Region, and may have no more."
    )))
}
