//! ARNs in conditions, compared part by part.

use crate::Truth;
use crate::context::Asked;
use crate::glob::{LAST_PART, Part};
use crate::pattern::{Pattern, filled_in};
use crate::template::{Piece, Template};

/// What an ARN of a request is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArnPattern {
    /// `*`: any ARN.
    Any,
    /// Six parts, each with wildcards and variables of its own. Nothing runs over a colon but in the last.
    Parts(Box<[Pattern]>),
    /// One variable, whose value it has to be.
    Variable(Template),
}

impl ArnPattern {
    /// `None` unless the text is `*`, one variable, or has six parts.
    pub(crate) fn of(template: Template) -> Option<ArnPattern> {
        match template.0.as_slice() {
            [Piece::Run] => return Some(ArnPattern::Any),
            [Piece::Variable(_)] => return Some(ArnPattern::Variable(template)),
            _ => {}
        }
        let mut parts = vec![Vec::new()];
        for piece in template.0 {
            let Piece::Text(text) = piece else {
                push(&mut parts, piece);
                continue;
            };
            let colons_left = (LAST_PART + 1).saturating_sub(parts.len());
            for (at, text) in text.splitn(colons_left + 1, ':').enumerate() {
                if at > 0 {
                    parts.push(Vec::new());
                }
                if !text.is_empty() {
                    push(&mut parts, Piece::Text(text.into()));
                }
            }
        }
        let parts: Box<[Pattern]> = parts
            .into_iter()
            .map(|pieces| Pattern::of(Template(pieces)))
            .collect();
        (parts.len() == LAST_PART + 1).then_some(ArnPattern::Parts(parts))
    }

    /// Whether `text`, an ARN, matches; `None` when it is no ARN.
    pub(crate) fn matches(&self, text: &str, asked: &Asked<'_>) -> Option<Truth> {
        let colons = text.bytes().filter(|byte| *byte == b':').count();
        if !text.starts_with("arn:") || colons < LAST_PART {
            return None;
        }
        Some(match self {
            ArnPattern::Any => Truth::Yes,
            ArnPattern::Parts(patterns) => Truth::all(
                patterns
                    .iter()
                    .zip(text.splitn(LAST_PART + 1, ':'))
                    .map(|(pattern, part)| pattern.matches(part, asked)),
            ),
            ArnPattern::Variable(template) => filled_in(template, asked, |parts| {
                Truth::from(matches!(parts, [Part::Text(value)] if *value == text))
            }),
        })
    }
}

fn push(parts: &mut [Vec<Piece>], piece: Piece) {
    // INVARIANT: there is a part from the beginning.
    if let Some(last) = parts.last_mut() {
        last.push(piece);
    }
}
