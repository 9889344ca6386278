//! Wrong answers in a row, and the pauses that they bring.

use ambient::Timestamp;
use minicbor::{Decode, Encode};

use crate::limits;

/// Wrong answers in a row, and until when no further one is listened to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Failures {
    #[n(0)]
    count: u32,
    #[n(1)]
    paused_until_ms: i64,
}

impl Failures {
    /// Whether no answer is listened to now, right or wrong.
    pub(crate) fn are_too_many(&self, now: Timestamp) -> bool {
        now.milliseconds() < self.paused_until_ms
    }

    /// Counts a wrong answer.
    pub(crate) fn count(&mut self, now: Timestamp) {
        self.count = self.count.saturating_add(1);
        if self.count >= limits::FAILURES {
            self.paused_until_ms = now.after(limits::PAUSE).milliseconds();
        }
    }

    /// Forgets them, after a right answer.
    pub(crate) fn forget(&mut self) {
        *self = Failures::default();
    }
}
