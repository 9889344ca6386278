//! Does this policy let this caller do this to that, and which of its statements says so?

use crate::action::Action;
use crate::context::Asked;
use crate::template::keys_of;
use crate::{Compiled, ConditionKey, Effect, Element, Policy, Question, Source, Strength, Truth};

/// What one policy says, and which of its statements says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'p> {
    /// An explicit Deny: final, whatever any other policy says.
    Deny(&'p Source),
    /// An Allow, and how strongly it names the caller.
    Allow(&'p Source, Strength),
    /// No statement speaks of this request.
    Silent,
}

/// A statement that speaks of a request, or might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched<'p> {
    /// The statement.
    pub source: &'p Source,
    /// Whether it is certain: something that it rests on can't be told otherwise.
    pub certain: bool,
    /// How strongly it names the caller.
    pub strength: Strength,
}

impl Matched<'_> {
    /// Whether the statement counts: an Allow only when it is certain, a Deny always.
    pub fn counts(&self) -> bool {
        self.certain || self.source.effect == Effect::Deny
    }

    /// Whether it would count if whatever is unknown were as the caller would have it.
    pub fn counts_at_best(&self) -> bool {
        self.certain || self.source.effect == Effect::Allow
    }
}

/// What statements come to.
fn decided<'p>(statements: impl Iterator<Item = Matched<'p>>) -> Decision<'p> {
    let mut decision = Decision::Silent;
    for matched in statements {
        match (matched.source.effect, decision) {
            (Effect::Deny, _) => return Decision::Deny(matched.source),
            (Effect::Allow, Decision::Allow(_, strength)) if strength >= matched.strength => {}
            (Effect::Allow, _) => decision = Decision::Allow(matched.source, matched.strength),
        }
    }
    decision
}

impl Compiled {
    /// Decides by this policy alone. A Deny wins wherever it stands; of the Allows, the one that names the caller most
    /// strongly. Of equals the first is told.
    ///
    /// Costs at most [`crate::limits::WORK`] and what the context's look-ups cost.
    pub fn decide(&self, question: &Question<'_>) -> Decision<'_> {
        decided(self.matched(question).filter(Matched::counts))
    }

    /// As [`Compiled::decide`], but as if whatever is unknown were as the caller would have it. It explains, and must
    /// decide nothing.
    pub fn decide_at_best(&self, question: &Question<'_>) -> Decision<'_> {
        decided(self.matched(question).filter(Matched::counts_at_best))
    }

    /// Every statement that speaks of this request, in order, and those that would if something were known that isn't:
    /// for explaining and simulating. [`Matched::counts`] tells which of them bear on the decision.
    pub fn matching(&self, question: &Question<'_>) -> Vec<Matched<'_>> {
        self.matched(question).collect()
    }

    fn matched<'p>(&'p self, question: &Question<'_>) -> impl Iterator<Item = Matched<'p>> {
        let (action, asked) = (Action::of(question.action), Asked::new(question));
        let candidates = self.candidates(&action);
        candidates.filter_map(move |(rule, named)| {
            let (truth, strength) = rule.applies(&action, named, &asked);
            (truth != Truth::No).then_some(Matched {
                source: &rule.source,
                certain: truth == Truth::Yes,
                strength,
            })
        })
    }
}

impl Policy {
    /// The condition keys that the policy looks at, in conditions and in variables, each once, in the order they
    /// stand in.
    pub fn condition_keys(&self) -> Vec<ConditionKey> {
        let mut keys: Vec<ConditionKey> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for statement in &self.statements {
            let resources = statement.resources.iter().flat_map(Element::values);
            let in_resources = resources.flat_map(|text| keys_of(text, self.version));
            let in_conditions = statement.conditions.iter().flat_map(|condition| {
                let values = condition
                    .values
                    .iter()
                    .filter(|_| condition.operator.takes_variables());
                let in_values = values.flat_map(|text| keys_of(text, self.version));
                std::iter::once(condition.key.clone()).chain(in_values)
            });
            for key in in_resources.chain(in_conditions) {
                if seen.insert(key.as_str().to_owned()) {
                    keys.push(key);
                }
            }
        }
        keys
    }
}
