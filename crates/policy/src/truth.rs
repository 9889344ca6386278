//! Yes, no, or not known: the logic that lets what can't be evaluated fail closed.

use std::ops::Not;

/// Whether something holds. `Unknown` is what could be either; a statement that rests on it doesn't allow, and
/// denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// It doesn't hold.
    No,
    /// It can't be told.
    Unknown,
    /// It holds.
    Yes,
}

impl Truth {
    /// Whether any of these holds; stops at the first that does.
    pub(crate) fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        let mut all = Truth::No;
        for truth in truths {
            all = all.max(truth);
            if all == Truth::Yes {
                break;
            }
        }
        all
    }

    /// Whether each of these holds; stops at the first that doesn't.
    pub(crate) fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        let mut all = Truth::Yes;
        for truth in truths {
            all = all.min(truth);
            if all == Truth::No {
                break;
            }
        }
        all
    }

    /// The opposite, where `not`.
    pub(crate) fn negated_if(self, not: bool) -> Truth {
        if not { !self } else { self }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }
}

impl Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
            Truth::Yes => Truth::No,
        }
    }
}
