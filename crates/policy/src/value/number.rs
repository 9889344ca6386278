//! Decimal numbers, exactly.

/// A decimal number with at most 12 places behind the point and 25 before it, kept as a multiple of 10⁻¹².
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(i128);

/// Places behind the point.
const PLACES: i32 = 12;

impl Number {
    /// Reads an integer or a decimal, with an exponent or without. `None` for what is no number, or one that is too
    /// great or too fine to be kept exactly.
    pub(crate) fn read(text: &str) -> Option<Number> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && part.is_empty() {
            return None;
        }
        // Zeros that say nothing don't count against the places.
        let part = part.trim_end_matches('0');
        let mut number: i128 = 0;
        for digit in whole.chars().chain(part.chars()) {
            number = number.checked_mul(10)?.checked_add(digit.to_digit(10)?.into())?;
        }
        let shift = PLACES - i32::try_from(part.len()).ok()? + exponent;
        number = shifted(number, shift)?;
        Some(Number(if negative { -number } else { number }))
    }
}

fn exponent_of(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn shifted(number: i128, shift: i32) -> Option<i128> {
    if number == 0 {
        return Some(0);
    }
    let factor = 10_i128.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 {
        number.checked_mul(factor)
    } else {
        (number % factor == 0).then_some(number / factor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_compare_by_value_and_not_by_text() {
        let read = |text| Number::read(text).unwrap_or_else(|| panic!("{text}"));
        for same in [
            ["1", "1.0"],
            ["-0", "0"],
            ["1e3", "1000"],
            ["2.50e-1", ".25"],
            ["+7", "7."],
        ] {
            assert_eq!(read(same[0]), read(same[1]), "{same:?}");
        }
        for rising in [
            ["-1", "0"],
            ["9", "10"],
            ["0.1", "0.11"],
            ["9007199254740992", "9007199254740993"],
        ] {
            assert!(read(rising[0]) < read(rising[1]), "{rising:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "", "-", ".", "1,0", "0x1", "1e", "1e1.5", "é", "1 ", "NaN", "1e99", "1e-13", "--1", "e5",
        ] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_order_as_floats_do(left in -1_000_000_i32..1_000_000, right in -1_000_000_i32..1_000_000) {
            let text = |number: i32| format!("{}.{:03}", number / 1000, (number % 1000).abs());
            // A float can tell thousandths of this size apart; `-0.5` is written `0.500` above, so signs are kept apart.
            prop_assume!(left / 1000 != 0 && right / 1000 != 0);
            let floats = text(left).parse::<f64>().unwrap().partial_cmp(&text(right).parse::<f64>().unwrap());
            prop_assert_eq!(Some(Number::read(&text(left)).cmp(&Number::read(&text(right)))), floats);
        }

        #[test]
        fn reading_never_panics(text in "[-+0-9.eE]{0,50}") {
            let _ = Number::read(&text);
        }
    }
}
