//! The declaration of a shape as a value: for tests against the published model, for documentation, for forms.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::{AuditMark, Rules};

/// A shape's declaration.
#[derive(Debug)]
pub struct Schema {
    /// The Rust name of a structure, enumeration or newtype; of a simple kind, the kind's own name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What the type itself asks for, wherever it is used.
    pub rules: Rules,
}

/// What a shape is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A moment.
    Timestamp,
    /// Bytes.
    Blob,
    /// Elements of one shape.
    List(fn() -> &'static Schema),
    /// Values of one shape under texts.
    Map(fn() -> &'static Schema),
    /// Named members.
    Structure(&'static [Member]),
    /// One of a set of texts.
    Enumeration(&'static [&'static str]),
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its name in the audit log and in violations: that of the wire with its first letter made small, as CloudTrail
    /// spells it.
    pub audit_name: &'static str,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Whether it is recorded.
    pub audit: AuditMark,
    /// The condition key that policies see it under.
    pub condition: Option<&'static str>,
    /// What its value must keep to.
    pub rules: Rules,
    /// The shape of its value.
    pub shape: fn() -> &'static Schema,
}

impl Schema {
    /// A schema without rules of its own.
    pub const fn new(name: &'static str, kind: Kind) -> Schema {
        Schema {
            name,
            kind,
            rules: Rules::NONE,
        }
    }

    /// The schema of a newtype over this one, with rules of its own.
    pub fn newtype(&self, name: &'static str, rules: &Rules) -> Schema {
        Schema {
            name,
            kind: self.kind,
            rules: rules.over(&self.rules),
        }
    }

    /// The members of a structure; none for other kinds.
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }

    /// The member with this name on the wire.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members().iter().find(|member| member.name == name)
    }
}

impl Kind {
    /// The kind's name in AWS's service models.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Text | Kind::Enumeration(_) => "string",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Long => "long",
            Kind::Timestamp => "timestamp",
            Kind::Blob => "blob",
            Kind::List(_) => "list",
            Kind::Map(_) => "map",
            Kind::Structure(_) => "structure",
        }
    }
}

/// Renders as the service models do, inline: `{"type":"structure","required":[…],"members":{…}}`, `min` and `max` for
/// lengths and ranges; beside them `name`, and for a member `audit`, `sensitive` and `condition`. A structure that
/// stands within itself is rendered by name alone there.
impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        let within = Within {
            name: self.name,
            outer: None,
        };
        Rendered {
            schema: self,
            rules: &self.rules,
            member: None,
            outer: None,
            within,
        }
        .serialize(target)
    }
}

#[derive(Clone, Copy)]
struct Within<'a> {
    name: &'static str,
    outer: Option<&'a Within<'a>>,
}

impl Within<'_> {
    fn holds(&self, name: &str) -> bool {
        self.name == name || self.outer.is_some_and(|outer| outer.holds(name))
    }
}

struct Rendered<'a> {
    schema: &'a Schema,
    rules: &'a Rules,
    member: Option<&'a Member>,
    /// The structures that this stands within.
    outer: Option<&'a Within<'a>>,
    within: Within<'a>,
}

impl<'a> Rendered<'a> {
    fn inner<R>(
        &self,
        schema: &'static Schema,
        rules: Option<&Rules>,
        member: Option<&Member>,
        then: impl FnOnce(&Rendered<'_>) -> R,
    ) -> R {
        let rules = rules.unwrap_or(&Rules::NONE).over(&schema.rules);
        then(&Rendered {
            schema,
            rules: &rules,
            member,
            outer: Some(&self.within),
            within: Within {
                name: schema.name,
                outer: Some(&self.within),
            },
        })
    }
}

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        let mut out = target.serialize_map(None)?;
        out.serialize_entry("type", self.schema.kind.name())?;
        out.serialize_entry("name", self.schema.name)?;
        match &self.schema.kind {
            Kind::Structure(_) if self.outer.is_some_and(|outer| outer.holds(self.schema.name)) => {}
            Kind::Structure(members) => {
                let required: Vec<&str> = members.iter().filter(|m| m.required).map(|m| m.name).collect();
                out.serialize_entry("required", &required)?;
                out.serialize_entry("members", &Members(self, members))?;
            }
            Kind::List(element) => {
                let schema = element();
                self.inner(schema, self.rules.member, None, |inner| {
                    out.serialize_entry("member", inner)
                })?;
            }
            Kind::Map(value) => {
                let key = Schema::new("String", Kind::Text);
                let rules = self.rules.key.copied().unwrap_or(Rules::NONE);
                out.serialize_entry(
                    "key",
                    &Rendered {
                        schema: &key,
                        rules: &rules,
                        member: None,
                        outer: Some(&self.within),
                        within: self.within,
                    },
                )?;
                let schema = value();
                self.inner(schema, self.rules.member, None, |inner| {
                    out.serialize_entry("value", inner)
                })?;
            }
            Kind::Enumeration(values) => out.serialize_entry("enum", values)?,
            _ => {}
        }
        for bounds in [self.rules.length, self.rules.range] {
            if let Some(least) = bounds.least {
                out.serialize_entry("min", &least)?;
            }
            if let Some(most) = bounds.most {
                out.serialize_entry("max", &most)?;
            }
        }
        if let Some(pattern) = self.rules.pattern {
            out.serialize_entry("pattern", pattern.as_str())?;
        }
        if self.rules.sensitive {
            out.serialize_entry("sensitive", &true)?;
        }
        if let Some(member) = self.member {
            out.serialize_entry("audit", member.audit.as_str())?;
            if let Some(condition) = member.condition {
                out.serialize_entry("condition", condition)?;
            }
        }
        out.end()
    }
}

struct Members<'a>(&'a Rendered<'a>, &'static [Member]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        let mut out = target.serialize_map(Some(self.1.len()))?;
        for member in self.1 {
            self.0
                .inner((member.shape)(), Some(&member.rules), Some(member), |inner| {
                    out.serialize_entry(member.name, inner)
                })?;
        }
        out.end()
    }
}
