//! What a stranger sees in a file.

/// How often `phrase` occurs in `bytes`.
pub(super) fn occurrences(bytes: &[u8], phrase: &str) -> usize {
    bytes
        .windows(phrase.len())
        .filter(|window| *window == phrase.as_bytes())
        .count()
}

/// Bits of information in each byte, by how often each value occurs: 8 where nothing can be told or compressed.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all: f64 = counts.iter().copied().map(f64::from).sum();
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

/// Sixteen bytes from `place` on, as numbers and as letters.
pub(super) fn glimpse(bytes: &[u8], place: usize) -> String {
    let bytes = bytes.iter().skip(place).take(16);
    let numbers: Vec<String> = bytes.clone().map(|byte| format!("{byte:02x}")).collect();
    let letters: String = bytes
        .map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        })
        .collect();
    format!("{}  {letters}", numbers.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_counted() {
        assert_eq!(occurrences(b"abcabcab", "abc"), 2);
        assert_eq!(occurrences(b"ab", "abc"), 0);
    }

    #[test]
    fn entropy_goes_from_none_to_eight_bits() {
        let all: Vec<u8> = (0..=255).collect();
        assert!((entropy(&all) - 8.0).abs() < 1e-9);
        assert!((entropy(b"abababab") - 1.0).abs() < 1e-9);
        assert!(entropy(b"aaaa").abs() < 1e-9);
        assert!(entropy(b"").abs() < 1e-9);
    }

    #[test]
    fn a_glimpse_shows_bytes_as_numbers_and_letters() {
        assert_eq!(glimpse(b"xxab\n\xffz", 2), "61 62 0a ff 7a  ab..z");
        assert_eq!(glimpse(b"", 5), "  ");
    }
}
