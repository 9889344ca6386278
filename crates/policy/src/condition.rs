//! One condition on a request: how it treats keys that are absent, and keys with several values.

use crate::context::{Asked, Found};
use crate::operand::Operand;
use crate::{Condition, ConditionKey, Operator, Set, Test, Truth, Version};

/// A condition with its values read.
#[derive(Debug, Clone)]
pub(crate) struct CompiledCondition {
    operator: Operator,
    key: ConditionKey,
    operands: Box<[Operand]>,
}

impl CompiledCondition {
    pub(crate) fn of(condition: &Condition, version: Version) -> CompiledCondition {
        let operands = condition
            .values
            .iter()
            .map(|value| Operand::read(value, condition.operator, version).unwrap_or(Operand::Unreadable));
        CompiledCondition {
            operator: condition.operator,
            key: condition.key.clone(),
            operands: operands.collect(),
        }
    }

    /// Whether it holds for the request.
    pub(crate) fn holds(&self, asked: &Asked<'_>) -> Truth {
        let found = asked.find(&self.key);
        if self.operator.test == Test::Null {
            return self.is_absent(&found);
        }
        match found {
            Found::Unknown => Truth::Unknown,
            Found::Absent => self.of_absent(),
            Found::One(value) => self.passes(&value, asked),
            Found::Many(values) => {
                let any = || Truth::any(values.iter().map(|value| self.passes(value, asked)));
                let all = || Truth::all(values.iter().map(|value| self.passes(value, asked)));
                match self.operator.set {
                    Set::Any => any(),
                    Set::All => all(),
                    Set::One if !self.operator.negated => any(),
                    // AWS doesn't say what a negated operator makes of several values. Where the readings differ, it
                    // fails closed.
                    Set::One => match (any(), all()) {
                        (any, all) if any == all => any,
                        _ => Truth::Unknown,
                    },
                }
            }
        }
    }

    fn is_absent(&self, found: &Found<'_>) -> Truth {
        let absent = match found {
            Found::Unknown => return Truth::Unknown,
            Found::Absent => true,
            Found::One(_) | Found::Many(_) => false,
        };
        Truth::any(self.operands.iter().map(|operand| match operand {
            Operand::Null(wanted) => Truth::from(*wanted == absent),
            _ => Truth::Unknown,
        }))
    }

    fn of_absent(&self) -> Truth {
        match (self.operator.set, self.operator.if_exists, self.operator.negated) {
            (Set::All, _, _) => Truth::Yes,
            (Set::Any, false, _) => Truth::No,
            // `ForAnyValue` fails and `IfExists` holds where the key is absent. Which of them wins isn't documented.
            (Set::Any, true, _) => Truth::Unknown,
            (Set::One, if_exists, negated) => Truth::from(if_exists || negated),
        }
    }

    /// Whether one value of the request passes.
    fn passes(&self, value: &str, asked: &Asked<'_>) -> Truth {
        if asked.work.spend(0).is_err() {
            return Truth::Unknown;
        }
        let Operator { test, negated, .. } = self.operator;
        let equal = Truth::any(self.operands.iter().map(|operand| {
            // What the test can't read is like nothing; that it is therefore unlike something is nothing to rest on.
            let unread = if negated { Truth::Unknown } else { Truth::No };
            operand.compare(test, value, asked).unwrap_or(unread)
        }));
        equal.negated_if(negated)
    }
}
