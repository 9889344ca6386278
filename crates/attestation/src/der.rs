//! Writes the DER that messages are made of. Source: ITU-T X.690, sections 8 and 10.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// [0], constructed and primitive; and [1], constructed.
pub(crate) const ZERO: u8 = 0xa0;
pub(crate) const ZERO_PRIMITIVE: u8 = 0x80;
pub(crate) const ONE: u8 = 0xa1;

/// One element: its tag, its length and its content, which is these parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 6);
    bytes.push(tag);
    if length < 0x80 {
        // INVARIANT: below 128, it fits a byte.
        bytes.push(u8::try_from(length).unwrap_or(0));
    } else {
        let digits = length.to_be_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let digits = digits.get(zeros..).unwrap_or_default();
        bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
        bytes.extend_from_slice(digits);
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_as_few_bytes_as_they_can() {
        assert_eq!(element(NULL, &[]), [5, 0]);
        assert_eq!(element(OCTET_STRING, &[&[1], &[2, 3]]), [4, 3, 1, 2, 3]);
        assert_eq!(element(OCTET_STRING, &[&[0; 127]])[..2], [4, 127]);
        assert_eq!(element(OCTET_STRING, &[&[0; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(element(OCTET_STRING, &[&[0; 256]])[..4], [4, 0x82, 1, 0]);
    }
}
