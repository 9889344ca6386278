//! Points in time.

/// A point in time, from year 0 to 9999 or by its second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    /// Seconds since 1970, in UTC.
    second: i64,
    nanosecond: u32,
}

impl Date {
    /// Reads a date of ISO 8601 in the forms of the W3C note, from a year alone to fractions of a second, or seconds
    /// since 1970. Four digits are a year. A time without a zone is in UTC.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Date condition operators"; W3C note
    /// "Date and Time Formats".
    pub(crate) fn read(text: &str) -> Option<Date> {
        if text.len() != 4 && text.len() <= 15 && !text.is_empty() && all_digits(text) {
            return Some(Date {
                second: text.parse().ok()?,
                nanosecond: 0,
            });
        }
        let (date, time) = match text.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut fields = date.split('-');
        let year = digits(fields.next()?, 4)?;
        let month = fields.next().map_or(Some(1), |field| digits(field, 2))?;
        let day = fields.next().map_or(Some(1), |field| digits(field, 2))?;
        // A time needs a whole date before it.
        if fields.next().is_some() || (time.is_some() && date.len() != 10) {
            return None;
        }
        let days = days_since_1970(year, month, day)?;
        let (second, nanosecond) = time.map_or(Some((0, 0)), second_of_day)?;
        Some(Date {
            second: days * 86_400 + second,
            nanosecond,
        })
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str, count: usize) -> Option<i64> {
    if text.len() != count || !all_digits(text) {
        return None;
    }
    text.parse().ok()
}

fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day last. 719,468 days lie between the 1st of March of year 0 and 1970.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468)
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f…`, and a zone: seconds in UTC, and nanoseconds.
fn second_of_day(text: &str) -> Option<(i64, u32)> {
    let (clock, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => match text.rfind(['+', '-']) {
            Some(at) => (text.get(..at)?, offset_of(text.get(at..)?)?),
            None => (text, 0),
        },
    };
    let mut fields = clock.split(':');
    let hour = digits(fields.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(fields.next()?, 2).filter(|minute| *minute < 60)?;
    let (second, nanosecond) = match fields.next() {
        None => (0, 0),
        Some(field) => {
            let (second, fraction) = field.split_once('.').map_or((field, None), |(s, f)| (s, Some(f)));
            let second = digits(second, 2).filter(|second| *second < 60)?;
            (second, fraction.map_or(Some(0), nanoseconds)?)
        }
    };
    if fields.next().is_some() {
        return None;
    }
    Some((hour * 3600 + minute * 60 + second - offset, nanosecond))
}

/// `+hh:mm` or `+hhmm`, in seconds.
fn offset_of(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match text.split_once(':') {
        Some(pair) => pair,
        None => text.split_at_checked(2)?,
    };
    let hours = digits(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = digits(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// What is finer than a nanosecond is dropped.
fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !all_digits(fraction) {
        return None;
    }
    let kept = fraction.get(..9).unwrap_or(fraction);
    let scale = 10_u32.pow(u32::try_from(9 - kept.len()).ok()?);
    Some(kept.parse::<u32>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(text: &str) -> i64 {
        Date::read(text).unwrap_or_else(|| panic!("{text}")).second
    }

    #[test]
    fn dates_of_every_form_are_read() {
        for (text, seconds) in [
            ("1970", 0),
            ("1970-01", 0),
            ("1970-01-01", 0),
            ("1970-01-01T00:00Z", 0),
            ("1970-01-01T00:00:01Z", 1),
            ("1970-01-01 00:00:01", 1),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1969-12-31T23:00:00.999-0100", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2038-01-19T03:14:08Z", 2_147_483_648),
            ("1577836800", 1_577_836_800),
            ("2020-01-01T00:00:00Z", 1_577_836_800),
            ("0000-03-01", -62_162_035_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(second(text), seconds, "{text}");
        }
    }

    #[test]
    fn fractions_count() {
        let [half, more] = ["2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00.50001Z"].map(Date::read);
        assert!(half < more && Date::read("2020-01-01T00:00:00Z") < half);
        assert_eq!(half, Date::read("2020-01-01T00:00:00.5000000000001Z"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "x",
            "20-01-01",
            "2020-13-01",
            "2020-00-01",
            "2021-02-29",
            "1900-02-29",
            "2020-01-32",
            "2020-1-1",
            "2020-01-01T",
            "2020-01-01T24:00",
            "2020-01-01T00:60",
            "2020-01-01T00:00:60Z",
            "2020-01T00:00Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00+25:00",
            "2020-01-01T00:00:00:00Z",
            "2020-01-01-01",
            "-5",
            "1234567890123456",
            "2020-01-01T00:00:00+é",
            "２０２０",
        ] {
            assert_eq!(Date::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_day_follows_the_one_before(year in 0_i64..=9999, month in 1_i64..=12, day in 1_i64..=28) {
            let today = days_since_1970(year, month, day).unwrap();
            let tomorrow = days_since_1970(year, month, day + 1)
                .or_else(|| days_since_1970(year, month + 1, 1))
                .or_else(|| days_since_1970(year + 1, 1, 1));
            prop_assert_eq!(tomorrow, Some(today + 1));
        }

        #[test]
        fn reading_never_panics(text in "[-+0-9:.TZ é]{0,40}") {
            let _ = Date::read(&text);
        }
    }
}
