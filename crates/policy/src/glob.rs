//! Wildcards: `*` for any run of characters, `?` for one.

use smallvec::SmallVec;

use crate::work::{Exhausted, Work};

/// A piece of a pattern, its variables filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'p> {
    /// These characters.
    Text(&'p str),
    /// Any one character.
    One,
    /// Any run of characters.
    Run,
}

/// Whether `text` matches the pattern that `parts` are. Takes `pattern × text` steps at most, and no memory.
pub(crate) fn matches(parts: &[Part<'_>], text: &str, work: &Work) -> Result<bool, Exhausted> {
    let mut chunks = parts.split(|part| *part == Part::Run);
    let Some(mut rest) = after(chunks.next().unwrap_or_default(), text, work)? else {
        return Ok(false);
    };
    let Some(last) = chunks.next_back() else {
        return Ok(rest.is_empty());
    };
    // Each chunk is taken where it is first found: a later place would only leave less for those that follow.
    for chunk in chunks {
        match after_first(chunk, rest, work)? {
            Some(after) => rest = after,
            None => return Ok(false),
        }
    }
    ends_with(last, rest, work)
}

/// What follows the chunk that `text` begins with.
fn after<'t>(chunk: &[Part<'_>], text: &'t str, work: &Work) -> Result<Option<&'t str>, Exhausted> {
    let mut rest = text;
    for part in chunk {
        let next = match part {
            Part::Text(literal) => {
                work.spend(literal.len().min(rest.len()))?;
                rest.strip_prefix(*literal)
            }
            Part::One | Part::Run => after_one(rest),
        };
        match next {
            Some(next) => rest = next,
            None => return Ok(None),
        }
    }
    Ok(Some(rest))
}

fn after_one(text: &str) -> Option<&str> {
    let mut letters = text.chars();
    letters.next().map(|_| letters.as_str())
}

fn before_one(text: &str) -> Option<&str> {
    let mut letters = text.chars();
    letters.next_back().map(|_| letters.as_str())
}

/// What follows the first place in `text` where the chunk stands.
fn after_first<'t>(chunk: &[Part<'_>], text: &'t str, work: &Work) -> Result<Option<&'t str>, Exhausted> {
    // Chunks are short, so looking for their first byte beats any cleverer search.
    let first = match chunk.first() {
        Some(Part::Text(literal)) => literal.bytes().next(),
        _ => None,
    };
    let mut from = text;
    loop {
        if let Some(first) = first {
            let at = from.bytes().position(|byte| byte == first);
            work.spend(at.unwrap_or(from.len()))?;
            match at {
                Some(at) => from = from.get(at..).unwrap_or_default(),
                None => return Ok(None),
            }
        }
        work.spend(0)?;
        if let Some(rest) = after(chunk, from, work)? {
            return Ok(Some(rest));
        }
        match after_one(from) {
            Some(next) => from = next,
            None => return Ok(None),
        }
    }
}

fn ends_with(chunk: &[Part<'_>], text: &str, work: &Work) -> Result<bool, Exhausted> {
    let mut rest = text;
    for part in chunk.iter().rev() {
        let before = match part {
            Part::Text(literal) => {
                work.spend(literal.len().min(rest.len()))?;
                rest.strip_suffix(*literal)
            }
            Part::One | Part::Run => before_one(rest),
        };
        match before {
            Some(before) => rest = before,
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// One step of a pattern of an ARN.
#[derive(Clone, Copy)]
enum Step {
    Letter(char),
    One { within: bool },
    Run { within: bool },
}

/// Whether `text` matches a pattern of an ARN, where a wildcard stays within its part of the ARN: `?` is no colon,
/// and `*` runs over colons at the end of its part alone. In the last part colons are ordinary.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs".
pub(crate) fn matches_arn(parts: &[Part<'_>], text: &str, work: &Work) -> Result<bool, Exhausted> {
    let steps = steps_of(parts, work)?;
    // Which steps the text so far may stand before; the last is behind all of them.
    let mut standing: SmallVec<[bool; 128]> = SmallVec::from_elem(false, steps.len() + 1);
    let mut next = standing.clone();
    if let Some(first) = standing.first_mut() {
        *first = true;
    }
    skip_runs(&steps, &mut standing);
    for letter in text.chars() {
        work.spend(steps.len() * 8)?;
        next.fill(false);
        let pairs = steps.iter().zip(standing.iter()).enumerate();
        for (at, (step, _)) in pairs.filter(|(_, (_, standing))| **standing) {
            let (taken, stays) = match step {
                Step::Letter(literal) => (*literal == letter, false),
                Step::One { within } => (!within || letter != ':', false),
                Step::Run { within } => (false, !within || letter != ':'),
            };
            if let Some(place) = next.get_mut(at + 1) {
                *place |= taken;
            }
            if let Some(place) = next.get_mut(at) {
                *place |= stays;
            }
        }
        skip_runs(&steps, &mut next);
        std::mem::swap(&mut standing, &mut next);
    }
    Ok(standing.last().copied().unwrap_or_default())
}

/// A run may be empty, so whoever stands before one stands behind it too.
fn skip_runs(steps: &[Step], standing: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Run { .. })
            && standing.get(at) == Some(&true)
            && let Some(place) = standing.get_mut(at + 1)
        {
            *place = true;
        }
    }
}

fn steps_of(parts: &[Part<'_>], work: &Work) -> Result<SmallVec<[Step; 128]>, Exhausted> {
    let mut steps = SmallVec::new();
    let mut colons = 0;
    for (at, part) in parts.iter().enumerate() {
        let within = colons < LAST_PART;
        match part {
            Part::Text(text) => {
                work.spend(text.len() * 8)?;
                colons += text.bytes().filter(|byte| *byte == b':').count();
                steps.extend(text.chars().map(Step::Letter));
            }
            Part::One => steps.push(Step::One { within }),
            Part::Run => {
                let ends_part = match parts.get(at + 1) {
                    None => true,
                    Some(Part::Text(text)) => text.starts_with(':'),
                    Some(Part::One | Part::Run) => false,
                };
                steps.push(Step::Run {
                    within: within && !ends_part,
                });
            }
        }
    }
    Ok(steps)
}

/// How many colons of an ARN stand before its last part.
pub(crate) const LAST_PART: usize = 5;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::{Piece, Template, Variables, Wildcards};

    fn of(pattern: &str) -> Template {
        Template::read(pattern, Wildcards::Yes, Variables::No).unwrap()
    }

    fn parts(template: &Template) -> Vec<Part<'_>> {
        let part = |piece| match piece {
            &Piece::One => Part::One,
            &Piece::Run => Part::Run,
            Piece::Text(text) => Part::Text(text),
            Piece::Variable(_) => unreachable!(),
        };
        template.0.iter().map(part).collect()
    }

    fn globbed(pattern: &str, text: &str) -> bool {
        matches(&parts(&of(pattern)), text, &Work::full()).unwrap()
    }

    #[test]
    fn wildcards_match_as_they_do_in_policies() {
        for (pattern, text, expected) in [
            ("kms:*", "kms:Encrypt", true),
            ("kms:Generate*Key", "kms:GenerateDataKey", true),
            ("kms:Generate*Key", "kms:GenerateDataKeyPair", false),
            ("a?c", "abc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(globbed(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_wildcard_stays_within_its_part_of_an_arn_unless_it_ends_it() {
        let arn = "arn:aws:s3:us-east-1:111122223333:a/b:c/d";
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:s3:*", true),
            ("arn:aws:s3:*:a/*", true),
            ("arn:aws:s3:us-*:111122223333:a/b:c/d", true),
            ("arn:aws:s3:us-*-1:111122223333:a/b:?/d", true),
            ("arn:aws:s3:us-*3:a/b:c/d", false),
            ("arn:aws:s3:us-east-1?111122223333:a/b:c/d", false),
            ("arn:aws:s3:us-east-1:111122223333:*d", true),
            ("arn:aws:s3:us-east-1:111122223333:a*c/d", true),
            ("arn:aws:s3:us-east-1:1*d", false),
        ] {
            let matched = matches_arn(&parts(&of(pattern)), arn, &Work::full()).unwrap();
            assert_eq!(matched, expected, "{pattern}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends_within_the_work_of_a_decision() {
        let (text, work) = ("a".repeat(16_384), Work::full());
        let pattern = of(&format!("{}b", "*a?a".repeat(4_000)));
        let mut tries = 0;
        while matches(&parts(&pattern), &text, &work).is_ok() {
            tries += 1;
            assert!(tries < 10_000);
        }
        assert_eq!(matches_arn(&parts(&of("?*?")), &text, &work), Err(Exhausted));
    }

    /// The textbook definition, exponential but plainly right.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                by_definition(rest, text)
                    || text
                        .split_first()
                        .is_some_and(|(_, text)| by_definition(pattern, text))
            }
            (Some(('?', rest)), Some((_, text))) => by_definition(rest, text),
            (Some((literal, rest)), Some((first, text))) => literal == first && by_definition(rest, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_its_definition(pattern in "[ab*?]{0,8}", text in "[abé]{0,10}") {
            let slow = by_definition(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
            prop_assert_eq!(globbed(&pattern, &text), slow);
            // Without colons there is one part, and a `*` stays within it.
            prop_assert_eq!(matches_arn(&parts(&of(&pattern)), &text, &Work::full()).unwrap(), slow);
        }

        #[test]
        fn an_arn_that_matches_part_by_part_matches_as_a_whole(pattern in "[a:*?]{0,12}", text in "[a:]{0,12}") {
            if matches_arn(&parts(&of(&pattern)), &text, &Work::full()).unwrap() {
                prop_assert!(globbed(&pattern, &text));
            }
        }
    }
}
