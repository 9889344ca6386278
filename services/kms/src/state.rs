//! Key states, and which of them admit an operation.
//!
//! Source: KMS Developer Guide, "Key states of AWS KMS keys".

use ambient::Timestamp;
use arn::Arn;

use crate::KmsError;
use crate::key_kinds::KeyState;
use crate::records::{Key, Origin, Transition};

/// The state of a key; `Unavailable` belongs to custom key stores, which there are none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A replica that is being made.
    Creating,
    /// Usable.
    Enabled,
    /// Switched off.
    Disabled,
    /// Without material that was imported, or is to be.
    PendingImport,
    /// Switched off, and gone at a date.
    PendingDeletion,
    /// Switched off, and to be deleted when the last of its replicas is gone.
    PendingReplicaDeletion,
    /// On the way between being primary and being replica, and usable.
    Updating,
}

use State::{Creating, Disabled, Enabled, PendingDeletion, PendingImport, PendingReplicaDeletion, Updating};

/// Cryptography.
pub const USABLE: &[State] = &[Enabled, Updating];
/// What any key may do that is not about to go: tags, descriptions, new aliases.
pub const LASTING: &[State] = &[Enabled, Disabled, PendingImport, Creating, Updating];
/// Being enabled or disabled.
pub const SWITCHABLE: &[State] = &[Enabled, Disabled];
/// What changes a key's material or its relatives.
pub const SETTLED: &[State] = &[Enabled];
/// Being asked for a wrapping key.
pub const AWAITING_IMPORT: &[State] = &[Enabled, Disabled, PendingImport];
/// Being given material.
pub const IMPORTING: &[State] = &[Enabled, Disabled, PendingImport, Updating];
/// Losing imported material.
pub const LOSING_IMPORT: &[State] = &[
    Enabled,
    Disabled,
    PendingImport,
    PendingDeletion,
    PendingReplicaDeletion,
];
/// Having a deletion scheduled.
pub const DELETABLE: &[State] = &[Enabled, Disabled, PendingImport, Creating];

impl State {
    /// The state of `key` at `now`; `None` once its deletion is due, since it is then gone for every caller.
    pub fn of(key: &Key, now: Timestamp) -> Option<State> {
        match key.deletion {
            Some(deletion) if now >= deletion.due() => return None,
            Some(_) => return Some(PendingDeletion),
            None if key.deletion_after_replicas.is_some() => return Some(PendingReplicaDeletion),
            None => {}
        }
        Some(match key.transition {
            Some(Transition::Creating) => Creating,
            Some(Transition::Updating) => Updating,
            None if key.origin == Origin::External && !key.has_all_material(now) => PendingImport,
            None if key.enabled => Enabled,
            None => Disabled,
        })
    }

    /// Refuses what none but these states admit.
    pub fn require(self, admitted: &[State], arn: &Arn) -> Result<(), KmsError> {
        if admitted.contains(&self) {
            return Ok(());
        }
        Err(match self {
            Disabled => KmsError::Disabled(arn.clone()),
            Creating => KmsError::InvalidState(arn.clone(), "is creating"),
            Updating => KmsError::InvalidState(arn.clone(), "is updating"),
            PendingImport => KmsError::InvalidState(arn.clone(), "is pending import"),
            PendingDeletion => KmsError::InvalidState(arn.clone(), "is pending deletion"),
            PendingReplicaDeletion => KmsError::InvalidState(arn.clone(), "is pending replica deletion"),
            // INVARIANT: every list has it, so it is never refused.
            Enabled => KmsError::Cryptography,
        })
    }

    /// Whether a deletion is scheduled.
    pub fn is_going(self) -> bool {
        matches!(self, PendingDeletion | PendingReplicaDeletion)
    }
}

impl From<State> for KeyState {
    fn from(state: State) -> KeyState {
        match state {
            Creating => KeyState::Creating,
            Enabled => KeyState::Enabled,
            Disabled => KeyState::Disabled,
            PendingImport => KeyState::PendingImport,
            PendingDeletion => KeyState::PendingDeletion,
            PendingReplicaDeletion => KeyState::PendingReplicaDeletion,
            Updating => KeyState::Updating,
        }
    }
}
