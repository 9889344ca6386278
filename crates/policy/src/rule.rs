//! One statement in the form that decides.

use crate::action::{Action, ActionPattern, Reach};
use crate::condition::CompiledCondition;
use crate::context::Asked;
use crate::pattern::Pattern;
use crate::template::Variables;
use crate::{
    Effect, Element, Kind, Policy, Position, Principal, Statement, Strength, Truth, Version, limits,
};

/// Which statement of a policy it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its place among the policy's statements, from 0.
    pub index: usize,
    /// Its own name.
    pub sid: Option<Box<str>>,
    /// What it does.
    pub effect: Effect,
    /// Where it begins in the text.
    pub start: Position,
    /// Where it ends in the text.
    pub end: Position,
}

/// A statement that can speak of a request at all.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) source: Source,
    /// `None` where the statement speaks of the caller it is attached to.
    principals: Option<Element<Principal>>,
    actions: Element<ActionPattern>,
    /// `None` where the policy speaks of one resource alone.
    resources: Option<Element<Pattern>>,
    conditions: Box<[CompiledCondition]>,
}

impl Rule {
    /// `None` for a statement that lacks what its kind of policy needs to have an effect.
    pub(crate) fn of(index: usize, statement: &Statement, policy: &Policy) -> Option<Rule> {
        let principals = match (&statement.principals, policy.kind.names_principals()) {
            (Some(principals), true) => Some(principals.clone()),
            (None, true) => return None,
            (_, false) => None,
        };
        let resources = match (&statement.resources, policy.kind) {
            (Some(resources), _) => Some(mapped(resources, |text| resource(text, policy.version))),
            (None, Kind::Trust) => None,
            (None, _) => return None,
        };
        let conditions = statement.conditions.iter();
        Some(Rule {
            source: Source {
                index,
                sid: statement.sid.as_deref().map(Into::into),
                effect: statement.effect,
                start: statement.start,
                end: statement.end,
            },
            principals,
            actions: mapped(statement.actions.as_ref()?, |text| ActionPattern::of(text)),
            resources,
            conditions: conditions
                .map(|condition| CompiledCondition::of(condition, policy.version))
                .collect(),
        })
    }

    /// Which actions it may speak of.
    pub(crate) fn reach(&self) -> impl Iterator<Item = Reach<'_>> {
        let (not, patterns) = match &self.actions {
            Element::Not(_) => (Some(Reach::Everything), &[][..]),
            Element::These(patterns) => (None, &patterns[..]),
        };
        not.into_iter().chain(patterns.iter().map(ActionPattern::reach))
    }

    /// Whether the rule speaks of the question, and how strongly it names the caller. The elements that dismiss most
    /// rules at the least cost are asked first; `named` says that the rule is known to name the action.
    pub(crate) fn applies(&self, action: &Action, named: bool, asked: &Asked<'_>) -> (Truth, Strength) {
        let nothing = (Truth::No, Strength::Account);
        let of_action = match named {
            true => Truth::Yes,
            false => holds(&self.actions, |pattern| pattern.matches(action, asked)),
        };
        if of_action == Truth::No {
            return nothing;
        }
        let (of_caller, strength) = match &self.principals {
            Some(principals) => asked.question.caller.is_named(principals, self.source.effect),
            None => (Truth::Yes, Strength::Itself),
        };
        if of_caller == Truth::No {
            return nothing;
        }
        let of_resource = match &self.resources {
            Some(resources) => holds(resources, |pattern| matches_resource(pattern, asked)),
            None => Truth::Yes,
        };
        if of_resource == Truth::No {
            return nothing;
        }
        let of_request = Truth::all(self.conditions.iter().map(|condition| condition.holds(asked)));
        (
            of_action.min(of_caller).min(of_resource).min(of_request),
            strength,
        )
    }
}

fn mapped<T, U>(element: &Element<T>, map: impl Fn(&T) -> U) -> Element<U> {
    match element {
        Element::These(values) => Element::These(values.iter().map(map).collect()),
        Element::Not(values) => Element::Not(values.iter().map(map).collect()),
    }
}

fn holds<T>(element: &Element<T>, matches: impl Fn(&T) -> Truth) -> Truth {
    match element {
        Element::These(values) => Truth::any(values.iter().map(matches)),
        Element::Not(values) => !Truth::any(values.iter().map(matches)),
    }
}

fn resource(text: &str, version: Version) -> Pattern {
    Pattern::read_resource(text, Variables::of(version)).unwrap_or(Pattern::Unreadable)
}

fn matches_resource(pattern: &Pattern, asked: &Asked<'_>) -> Truth {
    let resource = asked.question.resource;
    if resource.len() > limits::TEXT_BYTES || asked.work.spend(0).is_err() {
        return Truth::Unknown;
    }
    pattern.matches(resource, asked)
}
