//! The little of DER that is not the library's: enough to see where an element ends.
//!
//! Source: ITU-T X.690, section 10.

const SEQUENCE: u8 = 0x30;

/// Whether `bytes` are one SEQUENCE and nothing behind it.
pub(crate) fn is_one_sequence(bytes: &[u8]) -> bool {
    let Some((&[SEQUENCE, first], rest)) = bytes.split_first_chunk::<2>() else {
        return false;
    };
    if first < 0x80 {
        return rest.len() == usize::from(first);
    }
    let count = usize::from(first & 0x7f);
    let Some((length, content)) = rest.split_at_checked(count).filter(|_| (1..=4).contains(&count)) else {
        return false;
    };
    let length = length
        .iter()
        .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
    content.len() == length
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
