//! Texts with wildcards and variables, sorted by what it takes to match them.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::Truth;
use crate::context::{Asked, Found};
use crate::glob::{self, LAST_PART, Part};
use crate::template::{NoVariable, Piece, Template, Variables, Wildcards};

/// A text to match, in the cheapest form that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Everything.
    Any,
    /// This text.
    Exact(Box<str>),
    /// What begins with this text.
    Prefix(Box<str>),
    /// What the pieces match.
    Pieces(Template),
    /// An ARN that the pieces match, with wildcards that stay within their parts.
    Arn(Template),
    /// What can't be told, because the pattern can't be read.
    Unreadable,
}

impl Pattern {
    /// Reads a text in which colons are nothing special.
    pub(crate) fn read(
        text: &str,
        wildcards: Wildcards,
        variables: Variables,
    ) -> Result<Pattern, NoVariable> {
        // Nearly every text is plain, or a prefix; those need not be taken apart.
        let special = |byte: u8| match byte {
            b'*' | b'?' => wildcards == Wildcards::Yes,
            b'$' => variables == Variables::Yes,
            _ => false,
        };
        match text.bytes().position(special) {
            None => Ok(Pattern::Exact(text.into())),
            Some(at) => match text.split_at(at) {
                ("", "*") => Ok(Pattern::Any),
                (prefix, "*") => Ok(Pattern::Prefix(prefix.into())),
                _ => Ok(Pattern::of(Template::read(text, wildcards, variables)?)),
            },
        }
    }

    /// Sorts a text in which colons are nothing special.
    pub(crate) fn of(template: Template) -> Pattern {
        match template.0.as_slice() {
            [] => Pattern::Exact("".into()),
            [Piece::Text(text)] => Pattern::Exact(text.clone()),
            [Piece::Run] => Pattern::Any,
            [Piece::Text(text), Piece::Run] => Pattern::Prefix(text.clone()),
            _ => Pattern::Pieces(template),
        }
    }

    /// Reads a resource. Only where a wildcard stands inside one of the first parts do parts make a difference.
    pub(crate) fn read_resource(text: &str, variables: Variables) -> Result<Pattern, NoVariable> {
        Ok(match Pattern::read(text, Wildcards::Yes, variables)? {
            Pattern::Pieces(template) if binds_within(&template) => Pattern::Arn(template),
            other => other,
        })
    }

    /// Lower-cases what is text of the policy's own.
    pub(crate) fn make_ascii_lowercase(&mut self) {
        match self {
            Pattern::Any | Pattern::Unreadable => {}
            Pattern::Exact(text) | Pattern::Prefix(text) => text.make_ascii_lowercase(),
            Pattern::Pieces(Template(pieces)) | Pattern::Arn(Template(pieces)) => {
                for piece in pieces {
                    if let Piece::Text(text) = piece {
                        text.make_ascii_lowercase();
                    }
                }
            }
        }
    }

    /// Whether `text` matches.
    pub(crate) fn matches(&self, text: &str, asked: &Asked<'_>) -> Truth {
        match self {
            Pattern::Any => Truth::Yes,
            Pattern::Unreadable => Truth::Unknown,
            Pattern::Exact(exact) => Truth::from(same(exact, text)),
            Pattern::Prefix(prefix) => Truth::from(text.starts_with(&**prefix)),
            Pattern::Pieces(template) => filled_in(template, asked, |parts| {
                glob::matches(parts, text, &asked.work).map_or(Truth::Unknown, Truth::from)
            }),
            Pattern::Arn(template) => filled_in(template, asked, |parts| {
                glob::matches_arn(parts, text, &asked.work).map_or(Truth::Unknown, Truth::from)
            }),
        }
    }
}

/// ARNs begin alike and end differently, so the end is compared first.
fn same(left: &str, right: &str) -> bool {
    left.as_bytes().last_chunk::<8>() == right.as_bytes().last_chunk::<8>() && left == right
}

/// Whether a wildcard stands in one of the first parts of an ARN without ending it.
fn binds_within(template: &Template) -> bool {
    let mut colons = 0;
    for (at, piece) in template.0.iter().enumerate() {
        let ends_part = match template.0.get(at + 1) {
            None => true,
            Some(Piece::Text(text)) => text.starts_with(':'),
            Some(_) => false,
        };
        match piece {
            Piece::Text(text) => colons += text.bytes().filter(|byte| *byte == b':').count(),
            Piece::One if colons < LAST_PART => return true,
            Piece::Run if colons < LAST_PART && !ends_part => return true,
            Piece::One | Piece::Run | Piece::Variable(_) => {}
        }
    }
    false
}

/// Does `then` with the pieces of `template`, its variables filled in. A variable without a value is like nothing;
/// one that isn't known, or of a key that may have several values, leaves the outcome open.
pub(crate) fn filled_in(
    template: &Template,
    asked: &Asked<'_>,
    then: impl FnOnce(&[Part<'_>]) -> Truth,
) -> Truth {
    let mut values: SmallVec<[Cow<'_, str>; 4]> = SmallVec::new();
    for piece in &template.0 {
        let Piece::Variable(variable) = piece else {
            continue;
        };
        values.push(match (asked.find(&variable.key), &variable.default) {
            (Found::One(value), _) => value,
            (Found::Absent, Some(default)) => Cow::Borrowed(&**default),
            (Found::Absent, None) => return Truth::No,
            (Found::Unknown | Found::Many(_), _) => return Truth::Unknown,
        });
    }
    let mut values = values.iter();
    let parts: SmallVec<[Part<'_>; 16]> = template
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::One => Part::One,
            Piece::Run => Part::Run,
            // INVARIANT: the loop above gave each variable its value.
            Piece::Variable(_) => Part::Text(values.next().map_or("", |value| value)),
        })
        .collect();
    then(&parts)
}
