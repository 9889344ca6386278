//! Actions, and the patterns that policies have for them. They compare without case.

use smallvec::SmallVec;

use crate::Truth;
use crate::context::Asked;
use crate::pattern::Pattern;
use crate::template::{Variables, Wildcards};

/// The action of a question, lower-cased.
pub(crate) struct Action {
    text: SmallVec<[u8; 64]>,
}

impl Action {
    pub(crate) fn of(text: &str) -> Action {
        let mut text: SmallVec<[u8; 64]> = SmallVec::from_slice(text.as_bytes());
        // The names of actions are ASCII; what is not matches itself alone.
        text.make_ascii_lowercase();
        Action { text }
    }

    /// The whole name: `kms:encrypt`.
    pub(crate) fn whole(&self) -> &[u8] {
        &self.text
    }

    /// The part before the colon: `kms`.
    pub(crate) fn service(&self) -> &[u8] {
        self.text.split(|byte| *byte == b':').next().unwrap_or_default()
    }
}

/// `service:Name` with wildcards in the name, or `*`; lower-cased.
#[derive(Debug, Clone)]
pub(crate) struct ActionPattern(Pattern);

/// Which actions a pattern may match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach<'p> {
    /// This one.
    Action(&'p str),
    /// Those of this service.
    Service(&'p str),
    /// Any.
    Everything,
}

impl ActionPattern {
    pub(crate) fn of(text: &str) -> ActionPattern {
        let mut pattern = Pattern::read(text, Wildcards::Yes, Variables::No).unwrap_or(Pattern::Unreadable);
        pattern.make_ascii_lowercase();
        ActionPattern(pattern)
    }

    pub(crate) fn reach(&self) -> Reach<'_> {
        let literal = match &self.0 {
            Pattern::Exact(exact) => return Reach::Action(exact),
            Pattern::Prefix(prefix) => Some(&**prefix),
            Pattern::Pieces(template) => template.prefix(),
            Pattern::Any | Pattern::Arn(_) | Pattern::Unreadable => None,
        };
        match literal.and_then(|literal| literal.split_once(':')) {
            Some((service, _)) => Reach::Service(service),
            None => Reach::Everything,
        }
    }

    pub(crate) fn matches(&self, action: &Action, asked: &Asked<'_>) -> Truth {
        if asked.work.spend(0).is_err() {
            return Truth::Unknown;
        }
        match &self.0 {
            Pattern::Any => Truth::Yes,
            Pattern::Exact(exact) => Truth::from(action.whole() == exact.as_bytes()),
            Pattern::Prefix(prefix) => Truth::from(action.whole().starts_with(prefix.as_bytes())),
            // INVARIANT: lower-casing ASCII keeps the text UTF-8.
            other => other.matches(std::str::from_utf8(action.whole()).unwrap_or_default(), asked),
        }
    }
}
