//! What travels.

use std::borrow::Cow;

use serde::{Deserializer, Serializer};

use crate::{Path, Schema, Violations};

/// Who is to read what is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The client: every member, under its name on the wire.
    Wire,
    /// The audit log: only members marked `audit = log`, under names that begin with a small letter, with moments as
    /// CloudTrail writes them.
    Audit,
}

/// Whether a member is recorded in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditMark {
    /// It is recorded.
    Log,
    /// It is left out, and so is its value in recorded error texts.
    Omit,
}

impl AuditMark {
    /// As it is written in a declaration.
    pub fn as_str(self) -> &'static str {
        match self {
            AuditMark::Log => "log",
            AuditMark::Omit => "omit",
        }
    }
}

/// A type whose values travel: derived for structures, enumerations and newtypes, written by hand for simple kinds.
///
/// serde's `Deserializer` and `Serializer` stand for the wire format. Decoding asks for a value with
/// `deserialize_newtype_struct` under the name of its kind (`"Text"`, `"Integer"`, `"Timestamp"`, …): a format that describes itself
/// passes that through, one that holds only texts (awsQuery) reads the kind off the name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no shape",
    note = "derive `model::Shape` for it, or use one of the simple kinds that the documentation of `model` lists"
)]
pub trait Shape: Sized {
    /// Which constraints the type can carry; known to the compiler, so that a misplaced one does not compile.
    const FORM: &'static Form;

    /// The declaration.
    fn schema() -> &'static Schema;

    /// Reads a value that stands at `at`. `None` says that the value can be read but breaks a constraint, which was noted;
    /// reading goes on, so that all violations of a request are found. An error ends it.
    fn decode<'de, D: Deserializer<'de>>(
        source: D,
        at: &Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Self>, D::Error>;

    /// Writes the value.
    fn encode<S: Serializer>(&self, target: S, view: View) -> Result<S::Ok, S::Error>;

    /// About how many bytes the value takes as text: encoders size their buffers by it once.
    fn room(&self) -> usize {
        32
    }

    /// Whether this is what an absent member would read as: such a `default` member is not written.
    fn is_vacant(&self) -> bool {
        false
    }

    /// What policies see of the value; for a map, of its entry of this name, which is compared without regard to case.
    fn condition(&self, _name: Option<&str>) -> Condition<'_> {
        Condition::Absent
    }

    /// What policies see of the member that is declared to stand under the condition key `key`, which is given in small
    /// letters and without the name that follows it. `None` where no member does.
    fn member_condition(&self, _key: &str, _name: Option<&str>) -> Option<Condition<'_>> {
        None
    }

    /// Appends the value as violations show it, `[a, b]` for a list; `false` when it can't be shown.
    fn show(&self, _shown: &mut String) -> bool {
        false
    }
}

/// What policies see of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition<'s> {
    /// Nothing: it is not there.
    Absent,
    /// Several that can't be told apart, so that nothing may rest on them.
    Ambiguous,
    /// One value, by its text.
    One(Cow<'s, str>),
    /// The values of a list.
    Many(Vec<Cow<'s, str>>),
}

/// Which constraints a type can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// `length`: texts, blobs, lists, maps.
    pub length: bool,
    /// `range`: whole numbers.
    pub range: bool,
    /// `pattern`: texts.
    pub pattern: bool,
    /// The type is made to hold secrets: members of it must be marked `sensitive`.
    pub secret: bool,
    /// The form of a list's elements or a map's values.
    pub member: Option<&'static Form>,
    /// The form of a map's keys.
    pub key: Option<&'static Form>,
}

impl Form {
    /// Carries no constraint.
    pub const PLAIN: Form = Form {
        length: false,
        range: false,
        pattern: false,
        secret: false,
        member: None,
        key: None,
    };

    /// A text.
    pub const TEXT: Form = Form {
        length: true,
        pattern: true,
        ..Form::PLAIN
    };

    /// A whole number.
    pub const NUMBER: Form = Form {
        range: true,
        ..Form::PLAIN
    };

    /// Bytes.
    pub const BLOB: Form = Form {
        length: true,
        ..Form::PLAIN
    };

    /// Marks the form as made for secrets.
    pub const fn made_for_secrets(self) -> Form {
        Form { secret: true, ..self }
    }

    /// A list of `member`.
    pub const fn list(member: &'static Form) -> Form {
        Form {
            length: true,
            secret: member.secret,
            member: Some(member),
            ..Form::PLAIN
        }
    }

    /// A map from texts to `member`.
    pub const fn map(member: &'static Form) -> Form {
        Form {
            key: Some(&Form::TEXT),
            ..Form::list(member)
        }
    }
}
