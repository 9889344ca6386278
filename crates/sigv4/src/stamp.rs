//! Times as signatures write them: ISO 8601's basic format, to the second, in UTC.

use ambient::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::{Offset, TimeZone};

/// Writes `20150830T123600Z`.
pub(crate) fn write(time: Timestamp) -> String {
    let zoned = time.calendar().to_zoned(TimeZone::UTC);
    strtime::format("%Y%m%dT%H%M%SZ", &zoned).unwrap_or_default()
}

/// Reads `20150830T123600Z`, and nothing that is like it.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits
            .bytes()
            .all(|digit| digit.is_ascii_digit())
            .then(|| digits.parse::<i16>().ok())
            .flatten()
    };
    let short = |range| number(range).and_then(|number| i8::try_from(number).ok());
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let civil = DateTime::new(
        number(0..4)?,
        short(4..6)?,
        short(6..8)?,
        short(9..11)?,
        short(11..13)?,
        short(13..15)?,
        0,
    );
    let time = Offset::UTC.to_timestamp(civil.ok()?).ok()?;
    Some(Timestamp::from_seconds(time.as_second()))
}

/// Reads the value of a `Date` header: as above, or as RFC 9110, section 5.6.7, has it.
pub(crate) fn read_date_header(text: &str) -> Option<Timestamp> {
    const PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();
    read(text).or_else(|| {
        let time = PARSER.parse_timestamp(text).ok()?;
        Some(Timestamp::from_seconds(time.as_second()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_basic_format_is_read() {
        assert_eq!(
            read("20150830T123600Z"),
            Some(Timestamp::from_seconds(1_440_938_160))
        );
        for text in [
            "",
            "20150830",
            "2015-08-30T12:36:00Z",
            "20150830T123600",
            "20150830t123600Z",
            "20150830T123600z",
            "20150832T123600Z",
            "20150830T243600Z",
            "+0150830T123600Z",
            "20150830T123600Z ",
            "2015é830T12360Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_header_is_read_in_both_its_forms() {
        let expected = Some(Timestamp::from_seconds(1_440_938_160));
        for text in [
            "20150830T123600Z",
            "Sun, 30 Aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 -0000",
        ] {
            assert_eq!(read_date_header(text), expected, "{text}");
        }
        assert_eq!(read_date_header("yesterday"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0_i64..253_402_300_799) {
            let time = Timestamp::from_seconds(seconds);
            prop_assert_eq!(read(&write(time)), Some(time));
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            read_date_header(&text);
        }
    }
}
