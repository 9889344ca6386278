//! The kinds of policies, and what each may hold.
//!
//! Sources: IAM User Guide, "Grammar of the IAM JSON policy language" and the pages of each element; KMS Developer
//! Guide, "Key policies in AWS KMS".

use crate::glob::LAST_PART;
use crate::operator::Set;
use crate::{Effect, Element, Malformed, Policy, Statement, Version};

/// What a policy is attached to. It settles which elements it may have, and what a missing one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// To a KMS key. A statement without `Action` or `Resource` is kept, and without effect.
    Key,
    /// To any other resource.
    Resource,
    /// To a role: who may assume it.
    Trust,
    /// A managed policy: to users, groups and roles, or as a permissions boundary.
    Managed,
    /// Inline, to one user, group or role.
    Inline,
    /// To a session, when it is made.
    Session,
}

impl Kind {
    /// Whether statements say whom they speak of. Otherwise they speak of the caller they are attached to.
    pub fn names_principals(self) -> bool {
        matches!(self, Kind::Key | Kind::Resource | Kind::Trust)
    }

    /// Checks what is well-formed against what this kind of policy may hold, in the order that AWS does.
    pub(crate) fn check(self, policy: &Policy) -> Result<(), Malformed> {
        if self == Kind::Managed && policy.version != Version::V2012 {
            return Err(Malformed::Version);
        }
        let statements = &policy.statements;
        match self {
            Kind::Trust if statements.is_empty() => return Err(Malformed::TrustEmpty),
            Kind::Key => {}
            _ if statements.is_empty() => return Err(Malformed::syntax("no statement")),
            _ => {}
        }
        statements
            .iter()
            .try_for_each(|statement| self.check_principals(statement))?;
        check_names(self, statements)?;
        statements
            .iter()
            .try_for_each(|statement| self.check_actions(statement))?;
        statements
            .iter()
            .try_for_each(|statement| self.check_resources(statement))?;
        statements
            .iter()
            .try_for_each(|statement| self.check_conditions(statement))
    }

    fn check_principals(self, statement: &Statement) -> Result<(), Malformed> {
        match (self, &statement.principals) {
            // Whoever stores a key policy refuses a statement without principals with those that name nobody.
            (Kind::Key | Kind::Resource, Some(_)) | (Kind::Key, None) => Ok(()),
            (Kind::Resource, None) => Err(Malformed::Missing("Principal")),
            (Kind::Trust, Some(Element::These(_))) => Ok(()),
            (Kind::Trust, Some(Element::Not(_))) => Err(match statement.effect {
                Effect::Allow => Malformed::TrustAllowNotPrincipal,
                Effect::Deny => Malformed::TrustNotPrincipal,
            }),
            (Kind::Trust, None) => Err(Malformed::Missing("Principal")),
            (Kind::Managed | Kind::Inline | Kind::Session, Some(_)) => Err(Malformed::Principal),
            (Kind::Managed | Kind::Inline | Kind::Session, None) => Ok(()),
        }
    }

    fn check_actions(self, statement: &Statement) -> Result<(), Malformed> {
        let actions = match &statement.actions {
            Some(actions) if !actions.values().is_empty() => actions.values(),
            _ => {
                return match self {
                    Kind::Key => Ok(()),
                    Kind::Trust => Err(Malformed::Missing("Action")),
                    _ => Err(Malformed::Actionless),
                };
            }
        };
        for action in actions {
            check_action(action)?;
            let of_sts = action
                .get(..4)
                .is_some_and(|service| service.eq_ignore_ascii_case("sts:"));
            if self == Kind::Trust && !of_sts {
                return Err(Malformed::TrustAction);
            }
        }
        Ok(())
    }

    fn check_resources(self, statement: &Statement) -> Result<(), Malformed> {
        let resources = match (self, &statement.resources) {
            (Kind::Trust, None) | (Kind::Key, None) => return Ok(()),
            (Kind::Trust, Some(Element::These(_))) => return Err(Malformed::TrustResource),
            (Kind::Trust, Some(Element::Not(_))) => return Err(Malformed::TrustNotResource),
            (_, Some(resources)) => resources.values(),
            (_, None) => &[],
        };
        if resources.is_empty() && self != Kind::Key {
            return Err(Malformed::Resourceless);
        }
        resources
            .iter()
            .try_for_each(|resource| check_resource(resource, self))
    }

    fn check_conditions(self, statement: &Statement) -> Result<(), Malformed> {
        let single = ["kms:encryptioncontext", "aws:requesttag"];
        let permissive = statement.conditions.iter().any(|condition| {
            condition.operator.set == Set::All
                && condition.key.name().is_some()
                && single.contains(&condition.key.prefix())
        });
        if self == Kind::Key && permissive {
            return Err(Malformed::OverlyPermissive);
        }
        Ok(())
    }
}

fn check_names(kind: Kind, statements: &[Statement]) -> Result<(), Malformed> {
    let mut sids: Vec<&str> = statements
        .iter()
        .filter_map(|statement| statement.sid.as_deref())
        .filter(|sid| !sid.is_empty())
        .collect();
    let plain = |sid: &&str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !kind.names_principals() && !sids.iter().all(plain) {
        return Err(Malformed::SidForm);
    }
    sids.sort_unstable();
    if sids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Malformed::Sid);
    }
    Ok(())
}

/// An action is `*`, or `service:Name` without wildcards in the service.
fn check_action(action: &str) -> Result<(), Malformed> {
    if action == "*" {
        return Ok(());
    }
    let (service, name) = action.split_once(':').ok_or(Malformed::Vendorless)?;
    if service.is_empty() || name.is_empty() {
        return Err(Malformed::Vendorless);
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if !service.bytes().all(legal) {
        return Err(Malformed::Vendor(service.to_owned()));
    }
    if name.contains(':') {
        return Err(Malformed::Colons);
    }
    Ok(())
}

/// A resource is `*`, or an ARN that may leave out parts behind a `*`.
fn check_resource(resource: &str, kind: Kind) -> Result<(), Malformed> {
    if resource == "*" {
        return Ok(());
    }
    let colons = resource.bytes().filter(|byte| *byte == b':').count();
    if !resource.starts_with("arn:") || (colons < LAST_PART && !resource.contains('*')) {
        return Err(Malformed::Resource(resource.to_owned()));
    }
    let mut parts = resource.split(':').skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let (partition, service) = (part(), part());
    let free = |text: &str| text.contains(['*', '?', '$']);
    if service.contains('$') {
        return Err(Malformed::ResourceVendor);
    }
    if kind.names_principals() {
        return Ok(());
    }
    if !free(partition) && partition != "aws" && !partition.starts_with("aws-") {
        return Err(Malformed::Partition {
            partition: partition.to_owned(),
            resource: resource.to_owned(),
        });
    }
    // `arn:aws:*` leaves the service out with all that follows.
    if free(service) && colons > 2 {
        return Err(Malformed::ResourceVendor);
    }
    Ok(())
}
