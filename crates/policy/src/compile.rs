//! A policy in the form that decides: statements by action, patterns sorted by what they take, values read.

use std::collections::BTreeMap;

use crate::Policy;
use crate::action::{Action, Reach};
use crate::rule::Rule;

/// A policy that decides in about a microsecond. It holds nothing of a request, and is shared freely.
#[derive(Debug, Clone)]
pub struct Compiled {
    rules: Box<[Rule]>,
    /// Which rules speak of an action (`kms:encrypt`), or may speak of those of a service (`kms`); sorted by name.
    named: Box<[Named]>,
    /// Which rules may speak of any action.
    everywhere: Box<[u32]>,
}

/// Which rules may speak of what has this name.
#[derive(Debug, Clone)]
struct Named {
    name: Box<str>,
    rules: Box<[u32]>,
}

impl Policy {
    /// Makes the form that decides. A value that can't be read makes its condition fail closed; after
    /// [`Policy::parse`] there is none.
    pub fn compile(&self) -> Compiled {
        let statements = self.statements.iter().enumerate();
        let rules: Box<[Rule]> = statements
            .filter_map(|(index, statement)| Rule::of(index, statement, self))
            .collect();
        let mut named: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut everywhere = Vec::new();
        for (at, rule) in (0_u32..).zip(&rules) {
            for reach in rule.reach() {
                let list = match reach {
                    Reach::Action(name) | Reach::Service(name) => named.entry(name).or_default(),
                    Reach::Everything => &mut everywhere,
                };
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        let named = named.into_iter().map(|(name, rules)| Named {
            name: name.into(),
            rules: rules.into(),
        });
        Compiled {
            named: named.collect(),
            everywhere: everywhere.into(),
            rules,
        }
    }
}

impl Compiled {
    /// The rules that may speak of this action, in the order of their statements, and whether each certainly does.
    pub(crate) fn candidates<'p>(
        &'p self,
        action: &Action,
    ) -> impl Iterator<Item = (&'p Rule, bool)> + use<'p> {
        let mut exact = self.named(action.whole());
        let mut of_service = self.named(action.service());
        let mut everywhere = &*self.everywhere;
        std::iter::from_fn(move || {
            let heads =
                [exact, of_service, everywhere].map(|list| list.first().map_or(u32::MAX, |first| *first));
            let next = heads.into_iter().min().unwrap_or(u32::MAX);
            let certain = heads.first() == Some(&next);
            // A rule may stand in several lists.
            for list in [&mut exact, &mut of_service, &mut everywhere] {
                if let Some((first, rest)) = list.split_first()
                    && *first == next
                {
                    *list = rest;
                }
            }
            Some((self.rules.get(usize::try_from(next).ok()?)?, certain))
        })
    }

    fn named(&self, name: &[u8]) -> &[u32] {
        let found = self
            .named
            .binary_search_by(|named| named.name.as_bytes().cmp(name));
        let named = found.ok().and_then(|at| self.named.get(at));
        named.map_or(&[], |named| &named.rules)
    }
}
