//! Licence expressions, as far as crates use them: `MIT OR Apache-2.0`, `(A OR B) AND C`, and the old `A/B`.
//!
//! Source: SPDX specification, annex "SPDX License Expressions".

/// True when the expression can be satisfied by accepted licences alone; false too when it can't be read.
pub(crate) fn satisfied(expression: &str, accepted: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    matches!(any(&mut rest, accepted), Some(true)) && rest.is_empty()
}

/// `AND` binds closer than `OR`.
fn any(words: &mut &[&str], accepted: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut well = all(words, accepted)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        well |= all(words, accepted)?;
    }
    Some(well)
}

fn all(words: &mut &[&str], accepted: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut well = one(words, accepted)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        well &= one(words, accepted)?;
    }
    Some(well)
}

fn one(words: &mut &[&str], accepted: &dyn Fn(&str) -> bool) -> Option<bool> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let well = any(words, accepted)?;
            let [")", rest @ ..] = *words else { return None };
            *words = rest;
            Some(well)
        }
        [")" | "OR" | "AND" | "WITH", ..] | [] => None,
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Some(accepted(&format!("{licence} WITH {exception}")))
        }
        [licence, rest @ ..] => {
            *words = rest;
            // `MPL-2.0+` is that version or a later one, as the user likes.
            Some(accepted(licence.strip_suffix('+').unwrap_or(licence)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(expression: &str, accepted: &[&str]) -> bool {
        satisfied(expression, &|licence| accepted.contains(&licence))
    }

    #[test]
    fn one_accepted_alternative_is_enough() {
        assert!(reads("MIT OR GPL-3.0", &["MIT"]));
        assert!(reads("GPL-3.0/MIT", &["MIT"]));
        assert!(!reads("GPL-3.0", &["MIT"]));
    }

    #[test]
    fn every_conjunct_must_be_accepted() {
        assert!(reads("ISC AND (Apache-2.0 OR GPL-2.0)", &["ISC", "Apache-2.0"]));
        assert!(!reads("ISC AND GPL-2.0", &["ISC"]));
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(reads("MIT OR ISC AND GPL-2.0", &["MIT"]));
        assert!(!reads("MIT AND ISC OR GPL-2.0", &["MIT"]));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(reads(
            "Apache-2.0 WITH LLVM-exception",
            &["Apache-2.0 WITH LLVM-exception"]
        ));
        assert!(!reads("Apache-2.0 WITH LLVM-exception", &["Apache-2.0"]));
    }

    #[test]
    fn or_later_includes_the_version_named() {
        assert!(reads("MPL-2.0+", &["MPL-2.0"]));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "OR"] {
            assert!(!reads(broken, &["MIT", "ISC"]), "{broken}");
        }
    }
}
