//! Key states, and which of them admit an operation.
//!
//! Source: KMS Developer Guide, "Key states of AWS KMS keys".

use ambient::Timestamp;
use arn::Arn;

use crate::KmsError;
use crate::key_kinds::KeyState;
use crate::records::Key;

/// The state of a key; AWS's other states belong to kinds of key that are not made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Usable.
    Enabled,
    /// Switched off.
    Disabled,
    /// Switched off, and gone at a date.
    PendingDeletion,
}

impl State {
    /// The state of `key` at `now`; `None` once its deletion is due, since it is then gone for every caller.
    pub fn of(key: &Key, now: Timestamp) -> Option<State> {
        match key.deletion {
            Some(deletion) if now >= deletion.due() => None,
            Some(_) => Some(State::PendingDeletion),
            None if key.enabled => Some(State::Enabled),
            None => Some(State::Disabled),
        }
    }

    /// Admits what only an enabled key may do: cryptography and rotation.
    pub fn usable(self, arn: &Arn) -> Result<(), KmsError> {
        match self {
            State::Enabled => Ok(()),
            State::Disabled => Err(KmsError::Disabled(arn.clone())),
            State::PendingDeletion => Err(KmsError::PendingDeletion(arn.clone())),
        }
    }

    /// Admits what any key may do that is not about to go: tags, descriptions, new aliases.
    pub fn lasting(self, arn: &Arn) -> Result<(), KmsError> {
        match self {
            State::Enabled | State::Disabled => Ok(()),
            State::PendingDeletion => Err(KmsError::PendingDeletion(arn.clone())),
        }
    }
}

impl From<State> for KeyState {
    fn from(state: State) -> KeyState {
        match state {
            State::Enabled => KeyState::Enabled,
            State::Disabled => KeyState::Disabled,
            State::PendingDeletion => KeyState::PendingDeletion,
        }
    }
}
