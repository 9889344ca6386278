//! Where in a request a value stands.

use std::fmt;

use crate::{AuditMark, Member, Rules, View};

/// The way from the outermost structure to a value, kept on the stack: it becomes text only when a violation
/// is noted there.
///
/// Its text is AWS's: `tags.1.member.tagKey`.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
    rules: &'a Rules,
    depth: u16,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Outermost,
    Member(&'static Member),
    Element(usize),
    Entry(&'a str),
}

impl Path<'static> {
    /// The outermost structure.
    pub const OUTERMOST: Path<'static> = Path {
        parent: None,
        step: Step::Outermost,
        rules: &Rules::NONE,
        depth: 0,
    };
}

impl<'a> Path<'a> {
    /// The member of the structure that stands here.
    pub fn member(&'a self, member: &'static Member) -> Path<'a> {
        self.below(Step::Member(member), &member.rules)
    }

    /// The element of the list that stands here, counted from 0.
    pub fn element(&'a self, index: usize) -> Path<'a> {
        self.below(Step::Element(index), self.rules.member.unwrap_or(&Rules::NONE))
    }

    /// The value that the map standing here holds under `key`.
    pub fn entry(&'a self, key: &'a str) -> Path<'a> {
        self.below(Step::Entry(key), self.rules.member.unwrap_or(&Rules::NONE))
    }

    /// The same place, where other rules hold.
    pub fn under(&self, rules: &'a Rules) -> Path<'a> {
        Path { rules, ..*self }
    }

    /// What the value here must keep to.
    pub fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// How many values this one is within.
    pub fn depth(&self) -> u16 {
        self.depth
    }

    /// Whether the value here, and all it is within, may be shown in `view`.
    pub(crate) fn is_shown(&self, view: View) -> bool {
        let shown = match self.step {
            Step::Member(member) => {
                !member.rules.sensitive && (view == View::Wire || member.audit == AuditMark::Log)
            }
            _ => true,
        };
        shown && self.parent.is_none_or(|parent| parent.is_shown(view))
    }

    fn below(&'a self, step: Step<'a>, rules: &'a Rules) -> Path<'a> {
        Path {
            parent: Some(self),
            step,
            rules,
            depth: self.depth.saturating_add(1),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            fmt::Display::fmt(parent, f)?;
            if !matches!(parent.step, Step::Outermost) {
                f.write_str(".")?;
            }
        }
        match self.step {
            Step::Outermost => Ok(()),
            Step::Member(member) => f.write_str(member.audit_name),
            Step::Element(index) => write!(f, "{}.member", index.saturating_add(1)),
            Step::Entry(_) if !self.is_shown(View::Wire) => f.write_str("entry.member"),
            Step::Entry(key) => write!(f, "{key}.member"),
        }
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({self})")
    }
}
