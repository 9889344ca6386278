//! A policy in the form that decides: statements by service, patterns sorted by what they take, values read.

use smallvec::SmallVec;

use crate::condition::CompiledCondition;
use crate::context::Asked;
use crate::pattern::Pattern;
use crate::template::{Template, Variables, Wildcards};
use crate::{Effect, Element, Kind, Policy, Position, Principal, Statement, Strength, Truth, Version};

/// A policy that decides in about a microsecond. It holds nothing of a request, and is shared freely.
#[derive(Debug, Clone)]
pub struct Compiled {
    rules: Box<[Rule]>,
    /// The rules that name actions of a service, by service.
    by_service: Box<[(Box<str>, Box<[u32]>)]>,
    /// The rules that may speak of any service.
    everywhere: Box<[u32]>,
}

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

/// Actions compare without case: service and name are lower-cased.
#[derive(Debug, Clone)]
struct ActionPattern {
    /// `None` for `*`.
    service: Option<Box<str>>,
    name: Pattern,
}

/// The action of a question, lower-cased and taken apart.
pub(crate) struct Action {
    text: SmallVec<[u8; 64]>,
    colon: usize,
}

impl Policy {
    /// Makes the form that decides. A value that can't be read makes its condition fail closed; after
    /// [`Policy::parse`] there is none.
    pub fn compile(&self) -> Compiled {
        let rules = self.statements.iter().enumerate();
        let rules: Box<[Rule]> = rules
            .filter_map(|(index, statement)| Rule::of(index, statement, self))
            .collect();
        let (mut by_service, mut everywhere): (Vec<(Box<str>, Vec<u32>)>, Vec<u32>) = Default::default();
        for (at, rule) in (0_u32..).zip(&rules) {
            match rule.services() {
                None => everywhere.push(at),
                Some(services) => {
                    for service in services {
                        match by_service.binary_search_by(|(name, _)| (**name).cmp(service)) {
                            Ok(found) => by_service.get_mut(found).into_iter().for_each(|(_, at_rules)| {
                                if at_rules.last() != Some(&at) {
                                    at_rules.push(at);
                                }
                            }),
                            Err(place) => by_service.insert(place, (service.into(), vec![at])),
                        }
                    }
                }
            }
        }
        let by_service = by_service.into_iter().map(|(name, rules)| (name, rules.into()));
        Compiled {
            rules,
            by_service: by_service.collect(),
            everywhere: everywhere.into(),
        }
    }
}

impl Compiled {
    /// The rules that may speak of this action, in the order of their statements.
    pub(crate) fn candidates<'p>(&'p self, action: &Action) -> impl Iterator<Item = &'p Rule> + use<'p> {
        let service = action.service();
        let found = self
            .by_service
            .binary_search_by(|(name, _)| name.as_bytes().cmp(service));
        let found = found.ok().and_then(|at| self.by_service.get(at));
        let mut named = found.map_or(&[][..], |(_, rules)| rules);
        let mut everywhere = &*self.everywhere;
        std::iter::from_fn(move || {
            let from = match (named.first(), everywhere.first()) {
                (Some(left), Some(right)) if left < right => &mut named,
                (_, Some(_)) => &mut everywhere,
                _ => &mut named,
            };
            let (first, rest) = from.split_first()?;
            *from = rest;
            self.rules.get(usize::try_from(*first).ok()?)
        })
    }
}

impl Rule {
    /// `None` for a statement that lacks what its kind of policy needs to have an effect.
    fn of(index: usize, statement: &Statement, policy: &Policy) -> Option<Rule> {
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

    /// The services whose actions it names; `None` when that may be any.
    fn services(&self) -> Option<Vec<&str>> {
        match &self.actions {
            Element::Not(_) => None,
            Element::These(patterns) => patterns
                .iter()
                .map(|pattern| pattern.service.as_deref())
                .collect(),
        }
    }

    /// Whether the rule speaks of the question, and how strongly it names the caller. The elements that dismiss most
    /// rules at the least cost are asked first.
    pub(crate) fn applies(&self, action: &Action, asked: &Asked<'_>) -> (Truth, Strength) {
        let nothing = (Truth::No, Strength::Account);
        let of_action = holds(&self.actions, |pattern| pattern.matches(action, asked));
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
    match Template::read(text, Wildcards::Yes, Variables::of(version)) {
        Ok(template) => Pattern::of_resource(template),
        Err(_) => Pattern::Unreadable,
    }
}

fn matches_resource(pattern: &Pattern, asked: &Asked<'_>) -> Truth {
    let resource = asked.question.resource;
    if resource.len() > crate::limits::TEXT_BYTES || asked.work.spend(0).is_err() {
        return Truth::Unknown;
    }
    pattern.matches(resource, asked)
}

impl ActionPattern {
    fn of(text: &str) -> ActionPattern {
        let lower = text.to_lowercase();
        let (service, name) = match lower.split_once(':') {
            Some((service, name)) => (Some(service), name),
            None if lower == "*" => (None, "*"),
            // It has no service, so it is no action's name.
            None => (Some(""), &*lower),
        };
        let template = Template::read(name, Wildcards::Yes, Variables::No);
        ActionPattern {
            service: service.map(Into::into),
            name: template.map_or(Pattern::Unreadable, Pattern::of),
        }
    }

    fn matches(&self, action: &Action, asked: &Asked<'_>) -> Truth {
        let Some(service) = &self.service else {
            return Truth::Yes;
        };
        if service.as_bytes() != action.service() {
            return Truth::No;
        }
        if asked.work.spend(0).is_err() {
            return Truth::Unknown;
        }
        self.name.matches(action.name(), asked)
    }
}

impl Action {
    pub(crate) fn of(text: &str) -> Action {
        let mut action = Action {
            text: SmallVec::from_slice(text.as_bytes()),
            colon: text.find(':').unwrap_or(text.len()),
        };
        // The names of actions are ASCII; what is not, matches itself alone.
        action.text.make_ascii_lowercase();
        action
    }

    fn service(&self) -> &[u8] {
        self.text.get(..self.colon).unwrap_or_default()
    }

    fn name(&self) -> &str {
        let name = self.text.get(self.colon + 1..).unwrap_or_default();
        // INVARIANT: lower-casing ASCII keeps the text UTF-8.
        std::str::from_utf8(name).unwrap_or_default()
    }
}
