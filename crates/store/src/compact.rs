//! Short byte strings without an allocation of their own.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What fits beside the two bytes of bookkeeping into 24.
pub(crate) const INLINE: usize = 22;

/// Bytes that are compared, ordered and hashed as their slice is; cheap to clone, 24 bytes large.
#[derive(Clone)]
pub(crate) enum Compact {
    Inline { length: u8, bytes: [u8; INLINE] },
    Shared(Arc<[u8]>),
}

impl Compact {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Compact::Inline { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Compact::Shared(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for Compact {
    fn from(slice: &[u8]) -> Compact {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..slice.len()), u8::try_from(slice.len())) {
            (Some(start), Ok(length)) => {
                start.copy_from_slice(slice);
                Compact::Inline { length, bytes }
            }
            _ => Compact::Shared(slice.into()),
        }
    }
}

impl Borrow<[u8]> for Compact {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

/// Inline bytes as numbers that order as they do; the last two overlap, which is no harm where the first agree.
fn words(bytes: &[u8; INLINE]) -> [u64; 3] {
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk());
        // INVARIANT: eight bytes begin at each of these places.
        word.map_or(0, |word| u64::from_be_bytes(*word))
    };
    [word(0), word(8), word(INLINE - 8)]
}

impl PartialEq for Compact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Compact {}

impl PartialOrd for Compact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Compact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // What follows the bytes is zero, so shorter bytes that agree with longer ones come first, or are
            // told apart by their length where the longer ones end in zeros.
            (
                Compact::Inline { length, bytes },
                Compact::Inline {
                    length: other_length,
                    bytes: other,
                },
            ) => words(bytes).cmp(&words(other)).then(length.cmp(other_length)),
            _ => self.as_slice().cmp(other.as_slice()),
        }
    }
}

impl Hash for Compact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl fmt::Debug for Compact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_24_bytes_large() {
        assert_eq!(size_of::<Compact>(), 24);
    }

    proptest! {
        #[test]
        fn it_orders_as_its_bytes_do(
            start in prop::collection::vec(0..3_u8, 0..24),
            a in prop::collection::vec(0..3_u8, 0..20),
            b in prop::collection::vec(0..3_u8, 0..20),
        ) {
            let (a, b) = ([start.as_slice(), &a].concat(), [start.as_slice(), &b].concat());
            let (x, y) = (Compact::from(a.as_slice()), Compact::from(b.as_slice()));
            prop_assert_eq!(x.as_slice(), a.as_slice());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x == y, a == b);
        }
    }
}
