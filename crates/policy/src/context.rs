//! The question that a policy is asked, and the request's values that its conditions look at.

use std::borrow::Cow;

use crate::work::Work;
use crate::{Caller, ConditionKey, limits};

/// What a request asks of one resource.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// Who asks.
    pub caller: Caller<'q>,
    /// The action, as in `kms:Encrypt`.
    pub action: &'q str,
    /// What it is asked of: an ARN, or `*` where an action has no resource, which only a `*` of a policy matches.
    pub resource: &'q str,
    /// The request's values.
    pub context: &'q dyn Context,
}

/// The values of a request that conditions and variables look at.
pub trait Context {
    /// What the request has under `key`.
    fn find(&self, key: &ConditionKey) -> Found<'_>;
}

/// What a request has under a condition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'c> {
    /// Nothing: the request has no such key.
    Absent,
    /// AWS would know, and this product doesn't supply it. Whatever rests on it fails closed: an Allow doesn't match, a
    /// Deny does, through negated operators, `IfExists`, `Null` and variables too.
    Unknown,
    /// The value of a key that has one: numbers, times and booleans by their text.
    One(Cow<'c, str>),
    /// The values of a key that may have several. None at all is as good as absent.
    Many(Vec<Cow<'c, str>>),
}

impl<'c> Found<'c> {
    /// One value that is text already.
    pub fn text(text: &'c str) -> Found<'c> {
        Found::One(Cow::Borrowed(text))
    }

    /// One value that is made for the question: a number, a time, or text.
    pub fn made(value: impl ToString) -> Found<'static> {
        Found::One(Cow::Owned(value.to_string()))
    }

    /// One value that is true or false.
    pub fn boolean(value: bool) -> Found<'static> {
        Found::One(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    /// Several values that are text already.
    pub fn texts(texts: impl IntoIterator<Item = &'c str>) -> Found<'c> {
        Found::Many(texts.into_iter().map(Cow::Borrowed).collect())
    }
}

/// A request without any values.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Context for Nothing {
    fn find(&self, _: &ConditionKey) -> Found<'_> {
        Found::Absent
    }
}

/// A question while it is being decided, with the work that is left for it.
pub(crate) struct Asked<'q> {
    pub(crate) question: Question<'q>,
    pub(crate) work: Work,
}

impl<'q> Asked<'q> {
    pub(crate) fn new(question: &Question<'q>) -> Asked<'q> {
        Asked {
            question: *question,
            work: Work::full(),
        }
    }

    /// What the request has under `key`; what is too long to be compared, or to be paid for, is as good as unknown.
    pub(crate) fn find(&self, key: &ConditionKey) -> Found<'q> {
        if self.work.spend(64).is_err() {
            return Found::Unknown;
        }
        let found = self.question.context.find(key);
        let fits = |value: &Cow<'_, str>| value.len() <= limits::TEXT_BYTES && self.work.spend(0).is_ok();
        match &found {
            Found::Many(values) if values.is_empty() => Found::Absent,
            Found::Many(values) if !values.iter().all(fits) => Found::Unknown,
            Found::One(value) if !fits(value) => Found::Unknown,
            _ => found,
        }
    }
}
