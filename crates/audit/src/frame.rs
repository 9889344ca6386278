//! A frame: the bytes of one record that never change, the leaves of the later tree.
//!
//! A frame is a kind byte, for a record of a change its place among the changes, and the payload as
//! [`Entry::encode`](crate::Entry::encode) made it.

/// A call that changed nothing: the payload follows.
const CALL: u8 = 1;
/// A record of a change: revision (8 bytes), index (2) and count (2), big-endian, then the payload.
const CHANGE: u8 = 2;

/// The most bytes of a frame before its payload.
pub(crate) const HEAD: usize = 13;

/// What a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A call that changed nothing.
    Call,
    /// A change of the store.
    Change {
        /// The revision that the change was committed as.
        revision: u64,
        /// Which of the change's records this is, from 0.
        index: u16,
        /// How many records the change has.
        count: u16,
    },
}

impl Origin {
    /// Appends a frame's bytes up to its payload.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Origin::Call => out.push(CALL),
            Origin::Change {
                revision,
                index,
                count,
            } => {
                out.push(CHANGE);
                out.extend_from_slice(&revision.to_be_bytes());
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(&count.to_be_bytes());
            }
        }
    }

    /// How many bytes [`Origin::write`] appends.
    pub(crate) fn length(self) -> usize {
        match self {
            Origin::Call => 1,
            Origin::Change { .. } => HEAD,
        }
    }

    /// What a frame belongs to, and its payload; `None` for a kind that this version does not know.
    pub(crate) fn split(frame: &[u8]) -> Option<(Origin, &[u8])> {
        let (kind, rest) = frame.split_first()?;
        match *kind {
            CALL => Some((Origin::Call, rest)),
            CHANGE => {
                let (revision, rest) = rest.split_first_chunk()?;
                let (index, rest) = rest.split_first_chunk()?;
                let (count, payload) = rest.split_first_chunk()?;
                let origin = Origin::Change {
                    revision: u64::from_be_bytes(*revision),
                    index: u16::from_be_bytes(*index),
                    count: u16::from_be_bytes(*count),
                };
                Some((origin, payload))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_falls_into_its_origin_and_payload() {
        let change = Origin::Change {
            revision: 0x0102_0304_0506_0708,
            index: 1,
            count: 3,
        };
        for origin in [Origin::Call, change] {
            let mut frame = Vec::new();
            origin.write(&mut frame);
            assert_eq!(frame.len(), origin.length());
            frame.extend_from_slice(b"payload");
            assert_eq!(Origin::split(&frame), Some((origin, b"payload".as_slice())));
        }
    }

    #[test]
    fn what_is_no_frame_has_no_origin() {
        for frame in [&b""[..], b"\0x", b"\x03x", b"\x02\0\0\0\0\0\0\0\0\0\0\0"] {
            assert_eq!(Origin::split(frame), None, "{frame:?}");
        }
    }
}
