//! What a value must keep to, beyond its type.

use std::fmt;

use crate::Pattern;

/// The least and the greatest that is allowed; either may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The least, itself allowed.
    pub least: Option<i64>,
    /// The greatest, itself allowed.
    pub most: Option<i64>,
}

impl Bounds {
    /// No bounds.
    pub const OPEN: Bounds = Bounds {
        least: None,
        most: None,
    };

    /// Whether neither end is set.
    pub const fn is_open(self) -> bool {
        self.least.is_none() && self.most.is_none()
    }

    /// The end that `value` lies beyond.
    pub fn broken_by(self, value: i64) -> Option<End> {
        match self {
            Bounds {
                least: Some(least), ..
            } if value < least => Some(End::Least(least)),
            Bounds { most: Some(most), .. } if value > most => Some(End::Most(most)),
            _ => None,
        }
    }
}

/// One end of [`Bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The least that is allowed.
    Least(i64),
    /// The greatest that is allowed.
    Most(i64),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Least(least) => write!(f, "greater than or equal to {least}"),
            End::Most(most) => write!(f, "less than or equal to {most}"),
        }
    }
}

/// What one value must keep to; for a list or map, also what its contents must keep to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Characters of a text, bytes of a blob, elements of a list, entries of a map.
    pub length: Bounds,
    /// The value of a number.
    pub range: Bounds,
    /// What a text must match as a whole.
    pub pattern: Option<&'static Pattern>,
    /// Whether the value is kept out of the audit log and of violations.
    pub sensitive: bool,
    /// For the elements of a list, or the values of a map.
    pub member: Option<&'static Rules>,
    /// For the keys of a map.
    pub key: Option<&'static Rules>,
}

impl Rules {
    /// Anything goes.
    pub const NONE: Rules = Rules {
        length: Bounds::OPEN,
        range: Bounds::OPEN,
        pattern: None,
        sensitive: false,
        member: None,
        key: None,
    };

    /// These rules, and for what they leave open those of `base`.
    pub const fn over(&self, base: &Rules) -> Rules {
        Rules {
            length: if self.length.is_open() {
                base.length
            } else {
                self.length
            },
            range: if self.range.is_open() {
                base.range
            } else {
                self.range
            },
            pattern: if self.pattern.is_some() {
                self.pattern
            } else {
                base.pattern
            },
            sensitive: self.sensitive || base.sensitive,
            member: if self.member.is_some() {
                self.member
            } else {
                base.member
            },
            key: if self.key.is_some() { self.key } else { base.key },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_place_come_before_those_of_the_type() {
        let bounds = |least, most| Bounds {
            least: Some(least),
            most: Some(most),
        };
        let base = Rules {
            length: bounds(1, 2048),
            range: bounds(0, 9),
            ..Rules::NONE
        };
        let place = Rules {
            length: bounds(1, 10),
            sensitive: true,
            ..Rules::NONE
        };
        let both = place.over(&base);
        assert_eq!(
            (both.length, both.range, both.sensitive),
            (bounds(1, 10), bounds(0, 9), true)
        );
    }
}
