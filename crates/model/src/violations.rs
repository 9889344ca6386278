//! What a request broke, in AWS's words.

use std::fmt;

use crate::rules::End;
use crate::{Path, View, limits};

/// Everything that was found wrong with one request while it was read.
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
    count: usize,
    unknown_members: usize,
    fault: Option<Fault>,
}

/// One constraint that one value broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    place: String,
    value: Shown,
    in_audit: bool,
    constraint: String,
}

/// How a violation shows the value it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// There is no value.
    Null,
    /// The value is a blob, a structure, or sensitive.
    Hidden,
    /// The value's text, cut at [`limits::SHOWN_VALUE`].
    Text(String),
}

impl Shown {
    /// Shows `text`, cut at [`limits::SHOWN_VALUE`].
    pub fn text(text: &str) -> Shown {
        let mut shown = String::new();
        push_cut(&mut shown, text);
        Shown::Text(shown)
    }
}

/// Appends as much of `text` as [`limits::SHOWN_VALUE`] leaves room for.
pub(crate) fn push_cut(shown: &mut String, text: &str) {
    let room = limits::SHOWN_VALUE.saturating_sub(shown.len());
    if text.len() <= room {
        shown.push_str(text);
    } else if !shown.ends_with("...") {
        shown.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
        shown.push_str("...");
    }
}

/// A constraint of the service model, in AWS's words.
#[derive(Debug, Clone, Copy)]
pub enum Constraint<'a> {
    /// The member is required.
    NotNull,
    /// Characters, bytes, elements or entries.
    Length(End),
    /// The value of a number.
    Range(End),
    /// A regular expression.
    Pattern(&'a str),
    /// The values of an enumeration.
    OneOf(&'a [&'static str]),
    /// A simple element of a list breaks one of its constraints, all of which are listed.
    EachElement(&'a [Constraint<'a>]),
    /// A simple value of a map breaks one of its constraints, all of which are listed.
    EachValue(&'a [Constraint<'a>]),
    /// A key of a map breaks one of its constraints, all of which are listed.
    EachKey(&'a [Constraint<'a>]),
    /// In the words of a type that checks itself.
    Stated(&'a str),
}

impl fmt::Display for Constraint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Constraint::NotNull => f.write_str("Member must not be null"),
            Constraint::Length(end) => write!(f, "Member must have length {end}"),
            Constraint::Range(end) => write!(f, "Member must have value {end}"),
            Constraint::Pattern(pattern) => {
                write!(f, "Member must satisfy regular expression pattern: {pattern}")
            }
            Constraint::OneOf(values) => {
                write!(f, "Member must satisfy enum value set: [{}]", values.join(", "))
            }
            Constraint::EachElement(all) => write!(f, "Member must satisfy constraint: [{}]", Listed(all)),
            Constraint::EachValue(all) => write!(f, "Map value must satisfy constraint: [{}]", Listed(all)),
            Constraint::EachKey(all) => write!(f, "Map keys must satisfy constraint: [{}]", Listed(all)),
            Constraint::Stated(text) => f.write_str(text),
        }
    }
}

struct Listed<'a>(&'a [Constraint<'a>]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, constraint) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            fmt::Display::fmt(constraint, f)?;
        }
        Ok(())
    }
}

impl Violations {
    /// Notes that the value at `at` breaks `constraint`; `value` is asked for only where it may be shown.
    pub fn note(&mut self, at: &Path<'_>, value: impl FnOnce() -> Shown, constraint: Constraint<'_>) {
        self.count = self.count.saturating_add(1);
        if self.found.len() >= limits::VIOLATIONS {
            return;
        }
        let hidden = at.rules().sensitive || !at.is_shown(View::Wire);
        let value = match constraint {
            Constraint::NotNull => Shown::Null,
            _ if hidden => Shown::Hidden,
            _ => value(),
        };
        self.found.push(Violation {
            place: at.to_string(),
            value,
            in_audit: at.is_shown(View::Audit),
            constraint: constraint.to_string(),
        });
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many violations were found, those whose texts were not kept included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Members of the request that its model does not know.
    pub fn unknown_members(&self) -> usize {
        self.unknown_members
    }

    /// What the caller reads ([`View::Wire`]), or what is recorded ([`View::Audit`]): there the values of members
    /// that are kept out of the log are left out too.
    ///
    /// The texts are AWS's: `2 validation errors detected: Value null at 'keyId' failed to satisfy constraint:
    /// Member must not be null; …`.
    pub fn message(&self, view: View) -> String {
        let mut message = match self.count {
            1 => "1 validation error detected: ".to_owned(),
            count => format!("{count} validation errors detected: "),
        };
        for (index, violation) in self.found.iter().enumerate() {
            if index > 0 {
                message.push_str("; ");
            }
            message.push_str(&violation.text(view));
        }
        message
    }

    pub(crate) fn member_unknown(&mut self) {
        self.unknown_members = self.unknown_members.saturating_add(1);
    }

    /// Notes why the request can't be read at all, and makes the error that stops the reading. The error itself says
    /// nothing, so that no value is copied into it.
    pub fn fault<E: serde::de::Error>(&mut self, fault: Fault) -> E {
        self.fault.get_or_insert(fault);
        E::custom("")
    }

    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// Takes back what was noted after the first `count`, and gives the first of it.
    pub(crate) fn take_back(&mut self, count: usize) -> Option<Violation> {
        if self.count <= count {
            return None;
        }
        self.count = count;
        let first = self.found.get(count).cloned();
        self.found.truncate(count);
        Some(first.unwrap_or(Violation {
            place: String::new(),
            value: Shown::Hidden,
            in_audit: false,
            constraint: String::new(),
        }))
    }
}

impl Violation {
    pub(crate) fn value(&self) -> &Shown {
        &self.value
    }

    pub(crate) fn constraint(&self) -> &str {
        &self.constraint
    }

    fn text(&self, view: View) -> String {
        let Violation {
            place, constraint, ..
        } = self;
        let shown = view == View::Wire || self.in_audit;
        match &self.value {
            Shown::Null => format!("Value null at '{place}' failed to satisfy constraint: {constraint}"),
            Shown::Text(value) if shown => {
                format!("Value '{value}' at '{place}' failed to satisfy constraint: {constraint}")
            }
            _ => format!("Value at '{place}' failed to satisfy constraint: {constraint}"),
        }
    }
}

/// Why a request can't be read at all. It never holds a value of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A value of another kind than the member's.
    #[error("{found} can not be converted to {wanted}")]
    Kind {
        /// What the request holds.
        found: &'static str,
        /// What the model asks for.
        wanted: &'static str,
    },
    /// A number that does not fit the member's type.
    #[error("the number does not fit {wanted}")]
    Number {
        /// What the model asks for.
        wanted: &'static str,
    },
    /// Text that is not base64 with padding.
    #[error("a blob is not valid base64")]
    Base64,
    /// A member or key that occurs twice.
    #[error("a member occurs more than once")]
    Repeated,
    /// Nesting deeper than [`limits::DEPTH`].
    #[error("the request is nested too deeply")]
    TooDeep,
}
