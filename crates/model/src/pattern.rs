//! What a text must match.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::OnceLock;

/// A regular expression that a text must match as a whole, compiled at its first use.
///
/// The dialect is that of `regex-lite`; `\w`, `\d` and `\s` are ASCII, as they are in the service models.
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Matcher>,
}

enum Matcher {
    /// Characters of one class, as nearly all patterns of the service models are: a hundred times as fast.
    Class(Class),
    Expression(regex_lite::Regex),
    /// Not a regular expression.
    Nothing,
}

impl Pattern {
    /// The pattern that is written `text`.
    pub const fn new(text: &'static str) -> Pattern {
        Pattern {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// The pattern as it is written in the service model.
    pub fn as_str(&self) -> &'static str {
        self.text
    }

    /// Whether the whole of `text` matches.
    ///
    /// A pattern that is not a regular expression matches nothing; the derive lets none through.
    pub fn matches(&self, text: &str) -> bool {
        match self.compiled.get_or_init(|| Matcher::of(self.text)) {
            Matcher::Class(class) => class.matches(text),
            Matcher::Expression(expression) => expression.is_match(text),
            Matcher::Nothing => false,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.text)
    }
}

impl Matcher {
    fn of(pattern: &str) -> Matcher {
        if let Some(class) = Class::parse(pattern) {
            return Matcher::Class(class);
        }
        match regex_lite::Regex::new(&format!("^(?:{pattern})$")) {
            Ok(expression) => Matcher::Expression(expression),
            Err(_) => Matcher::Nothing,
        }
    }
}

/// A number of characters out of one class: `^[a-z0-9_-]{1,64}$`.
#[derive(Debug, PartialEq)]
struct Class {
    /// A bit for each ASCII character.
    ascii: u128,
    /// All ranges of the class, ends included.
    ranges: Vec<(char, char)>,
    least: usize,
    most: usize,
}

impl Class {
    fn matches(&self, text: &str) -> bool {
        let mut count = 0_usize;
        let all = text.chars().all(|letter| {
            count += 1;
            self.holds(letter)
        });
        all && (self.least..=self.most).contains(&count)
    }

    fn holds(&self, letter: char) -> bool {
        if letter.is_ascii() {
            return self.ascii >> u32::from(letter) & 1 == 1;
        }
        self.ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&letter))
    }

    /// `None` for all but the plainest patterns; these are left to the general matcher.
    fn parse(pattern: &str) -> Option<Class> {
        let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
        let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
        let mut letters = pattern.strip_prefix('[')?.chars().peekable();
        let mut ranges = Vec::new();
        loop {
            match letters.next()? {
                ']' if !ranges.is_empty() => break,
                '^' | '[' | ']' | '&' | '~' => return None,
                '\\' => match letters.peek()? {
                    'w' => ranges.extend([('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
                    'd' => ranges.push(('0', '9')),
                    's' => ranges.extend([('\t', '\r'), (' ', ' ')]),
                    _ => {
                        let range = Class::range(Class::escaped(&mut letters)?, &mut letters)?;
                        ranges.push(range);
                        continue;
                    }
                },
                letter => {
                    ranges.push(Class::range(letter, &mut letters)?);
                    continue;
                }
            }
            letters.next();
        }
        let (least, most) = Class::quantity(letters.collect::<String>().as_str())?;
        let ascii = ('\0'..='\x7f')
            .filter(|letter| {
                ranges
                    .iter()
                    .any(|(first, last)| (first..=last).contains(&letter))
            })
            .fold(0, |bits, letter| bits | 1 << u32::from(letter));
        Some(Class {
            ascii,
            ranges,
            least,
            most,
        })
    }

    /// A range that begins with `first`, or that letter alone; a dash that is neither the last letter nor within a range is
    /// left to the general matcher.
    fn range(first: char, letters: &mut Peekable<Chars<'_>>) -> Option<(char, char)> {
        if letters.peek() != Some(&'-') {
            return (first != '-' || letters.peek() == Some(&']')).then_some((first, first));
        }
        if first == '-' {
            return None;
        }
        let mut ahead = letters.clone();
        ahead.next();
        if ahead.peek() == Some(&']') {
            return Some((first, first));
        }
        letters.next();
        let last = match letters.next()? {
            '\\' => Class::escaped(letters)?,
            '[' | '-' => return None,
            letter => letter,
        };
        (first <= last).then_some((first, last))
    }

    /// The letter that an escape stands for, after its backslash.
    fn escaped(letters: &mut Peekable<Chars<'_>>) -> Option<char> {
        match letters.next()? {
            'u' => {
                let digits: String = letters.by_ref().take(4).collect();
                let all = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?).filter(|_| all)
            }
            letter => letter.is_ascii_punctuation().then_some(letter),
        }
    }

    fn quantity(text: &str) -> Option<(usize, usize)> {
        match text {
            "" => Some((1, 1)),
            "+" => Some((1, usize::MAX)),
            "*" => Some((0, usize::MAX)),
            _ => {
                let text = text.strip_prefix('{')?.strip_suffix('}')?;
                let number = |text: &str| {
                    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
                    text.parse().ok().filter(|_| digits)
                };
                match text.split_once(',') {
                    None => number(text).map(|count| (count, count)),
                    Some((least, "")) => Some((number(least)?, usize::MAX)),
                    Some((least, most)) => {
                        let bounds = (number(least)?, number(most)?);
                        (bounds.0 <= bounds.1).then_some(bounds)
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_patterns_of_the_service_model_match_whole_texts() {
        for (pattern, matching, refused) in [
            ("[0-9]{12}", "111122223333", "1111222233334"),
            ("^[a-zA-Z0-9:/_-]+$", "alias/a-b_c", "alias/a\n"),
            ("^[a-zA-Z0-9-_.]+$", "a-b_c.d", "a b"),
            ("[\\w]+", "default_1", "défaut"),
            ("[\\u0020-\\u00FF]*", "plain é", "tab\t"),
            ("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", "{\n\t\"é\"}\r", "€"),
            ("^[a-zA-Z0-9:/_\\s.-]+$", "a b\t.", "a,b"),
            ("^([a-z]+-){2,3}\\d+$", "us-gov-east-1", "us-1"),
            ("^[a-zA-Z0-9\\/+=]+$", "a/+=", "a-"),
            (
                "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$",
                "/x/kms/xks/v1",
                "/kms/xks/v123",
            ),
        ] {
            let pattern = Pattern::new(pattern);
            assert!(pattern.matches(matching), "{pattern:?} {matching:?}");
            assert!(!pattern.matches(refused), "{pattern:?} {refused:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_matches_nothing() {
        assert!(!Pattern::new("[").matches("["));
    }

    #[test]
    fn most_patterns_of_the_service_model_are_matched_as_classes() {
        for pattern in [
            "[0-9]{12}",
            "^[a-zA-Z0-9:/_-]+$",
            "[\\w]+",
            "[\\u0020-\\u00FF]*",
            "[a-z]",
            "[-]{1,}",
        ] {
            assert!(Class::parse(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "[^a]+",
            "a+",
            "[a-z]+-[a-z]+",
            "[a&&b]",
            "[[:alpha:]]",
            "[a]+?",
            "[]a]",
            "[a-c-e]",
            "[a]{2}{3}",
            "[a]$$",
        ] {
            assert_eq!(Class::parse(pattern), None, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_class_matches_what_the_general_matcher_does(
            pattern in r"\^?\[(\\[wds/.\]-]|\\u00[2-7][0-9A-F]|[a-f0-9_:./+ é-]|[a-c]-[d-f]|[0-4]-[5-9]){1,5}\](\+|\*|\{2\}|\{1,3\}|)\$?",
            texts in proptest::collection::vec("[ -~é\t\n]{0,4}|[a-f]{0,3}|[0-9_.]{0,3}", 1..20),
        ) {
            if let (Some(class), Ok(general)) = (Class::parse(&pattern), regex_lite::Regex::new(&format!("^(?:{pattern})$"))) {
                for text in texts {
                    prop_assert_eq!(class.matches(&text), general.is_match(&text), "{} {:?}", pattern, text);
                }
            }
        }
    }
}
