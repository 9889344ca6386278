//! The little of DER that is not the library's: enough to see where an element ends.
//!
//! Source: ITU-T X.690, section 10.

const SEQUENCE: u8 = 0x30;

/// Whether `bytes` are one SEQUENCE and nothing behind it.
pub(crate) fn is_one_sequence(bytes: &[u8]) -> bool {
    sequence(bytes).is_some_and(|(_, rest)| rest.is_empty())
}

/// Whether two SubjectPublicKeyInfos name the same algorithm by the same bytes.
pub(crate) fn are_of_one_algorithm(one: &[u8], other: &[u8]) -> bool {
    let algorithm = |spki| {
        let (content, _) = sequence(spki)?;
        let (_, key) = sequence(content)?;
        content.get(..content.len() - key.len())
    };
    algorithm(one).is_some_and(|named| algorithm(other) == Some(named))
}

/// What is in the SEQUENCE that `bytes` begin with, and what is behind it.
fn sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk()?;
    if tag != SEQUENCE {
        return None;
    }
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let count = usize::from(first & 0x7f);
    let (length, content) = rest
        .split_at_checked(count)
        .filter(|_| (1..=4).contains(&count))?;
    let length = length
        .iter()
        .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
    content.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_where_it_says() {
        assert!(is_one_sequence(&[0x30, 0]));
        assert!(is_one_sequence(&[0x30, 1, 7]));
        let long = [&[0x30, 0x81, 200][..], &[7; 200]].concat();
        assert!(is_one_sequence(&long));
        assert!(!is_one_sequence(&long[..202]));
        let longer = [&[0x30, 0x82, 1, 0][..], &[7; 256]].concat();
        assert!(is_one_sequence(&longer));
        for bytes in [
            &[][..],
            &[0x30],
            &[0x31, 0],
            &[0x30, 1],
            &[0x30, 0, 7],
            &[0x30, 0x80],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
        ] {
            assert!(!is_one_sequence(bytes), "{bytes:?}");
        }
    }
}
