//! When users and roles last called which service: by what the engine knows of callers.
//!
//! Nothing is kept of a report that somebody asked for. Its id says of whom it is and when it was asked for, and what it tells is
//! what is known when it is read.
//!
//! Source: IAM User Guide, "Refining permissions using last accessed information"; IAM API Reference,
//! `GenerateServiceLastAccessedDetails`.

use ambient::Timestamp;
use arn::Arn;
use engine::{LastCall, NamedPolicy, Service, View, World};
use identity::{Groups, Roles, UniqueId, Users};
use model::Shape;
use policy::{Kind, Policy};
use store::Table;
use uuid::Uuid;

use crate::IamError;
use crate::holders::{Holders, Target};
use crate::policies::PolicyTarget;
use crate::policy_source::Source;
use crate::wire::PolicyArn;

/// How long a report can be read. Source: IAM API Reference, `GetServiceLastAccessedDetails`.
const READABLE_MS: i64 = 7 * 24 * 3600 * 1000;

/// The id of a report.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 36..=36)]
pub struct JobId(pub String);

/// The name of a service in actions.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64, pattern = "[\\w-]*")]
pub struct ServiceNamespace(pub String);

/// How fine a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum Granularity {
    /// By services.
    ServiceLevel,
    /// By actions too; of none of the services here is it tracked.
    ActionLevel,
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum JobStatus {
    /// It is being made.
    InProgress,
    /// It is made.
    Completed,
    /// It can't be made.
    Failed,
}

/// What has policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum OwnerType {
    /// A user.
    User,
    /// A role.
    Role,
    /// A group.
    Group,
}

/// A report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The unique id of the user, group, role or policy.
    pub of: UniqueId,
    /// When it was asked for, to the second.
    pub asked: Timestamp,
    /// How fine it is.
    pub granularity: Granularity,
}

/// What unique ids begin with.
const PREFIXES: [&str; 4] = ["AIDA", "AGPA", "AROA", "ANPA"];
/// The letters behind that.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LENGTH: usize = 17;

impl Job {
    /// Its id: a UUID of version 8 (RFC 9562, section 5.8), which holds the kind of entity in two bits, the 17 letters of its id in
    /// five bits each, the seconds since 1970 in 32 and the granularity in one. `None` where the entity has no such id.
    pub fn id(&self) -> Option<JobId> {
        let text = self.of.as_str();
        let kind = PREFIXES.iter().position(|prefix| text.starts_with(prefix))?;
        let letters = text.get(4..)?.as_bytes();
        if letters.len() != LENGTH {
            return None;
        }
        let mut bits = u128::try_from(kind).ok()?;
        for letter in letters {
            let value = LETTERS.iter().position(|known| known == letter)?;
            bits = bits << 5 | u128::try_from(value).ok()?;
        }
        let seconds = u32::try_from(self.asked.milliseconds() / 1000).ok()?;
        bits = bits << 32 | u128::from(seconds);
        bits = bits << 1 | u128::from(self.granularity == Granularity::ActionLevel);
        // 122 bits are free: 48, 12 and 62 between the version and the variant.
        let (high, middle, low) = (bits >> 74, bits >> 62 & 0xFFF, bits & ((1 << 62) - 1));
        let whole = high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low;
        Some(JobId(Uuid::from_u128(whole).to_string()))
    }

    /// What [`Job::id`] made an id of, if it can be read still.
    pub fn read(JobId(text): &JobId, now: Timestamp) -> Result<Job, IamError> {
        let absent = || IamError::NoSuchEntity(format!("Job {text} cannot be found."));
        let job = Job::decode(text).ok_or_else(absent)?;
        let age = now.milliseconds() - job.asked.milliseconds();
        match (0..=READABLE_MS).contains(&age) {
            true => Ok(job),
            false => Err(absent()),
        }
    }

    fn decode(text: &str) -> Option<Job> {
        let whole = Uuid::parse_str(text).ok()?.as_u128();
        if whole >> 76 & 0xF != 8 || whole >> 62 & 3 != 2 {
            return None;
        }
        let low = whole & ((1 << 62) - 1);
        let mut bits = (whole >> 80) << 74 | (whole >> 64 & 0xFFF) << 62 | low;
        let mut take = |count: u32| {
            let taken = bits & ((1 << count) - 1);
            bits >>= count;
            usize::try_from(taken).ok()
        };
        let by_action = take(1)? == 1;
        let seconds = i64::try_from(take(32)?).ok()?;
        let mut letters = Vec::with_capacity(LENGTH);
        for _ in 0..LENGTH {
            letters.push(char::from(*LETTERS.get(take(5)?)?));
        }
        let prefix = PREFIXES.get(take(2)?)?;
        if bits != 0 {
            return None;
        }
        let letters: String = letters.into_iter().rev().collect();
        Some(Job {
            of: UniqueId::kept(&format!("{prefix}{letters}")),
            asked: Timestamp::from_seconds(seconds),
            granularity: match by_action {
                true => Granularity::ActionLevel,
                false => Granularity::ServiceLevel,
            },
        })
    }
}

/// What a report is of.
#[derive(Debug)]
pub enum Reported {
    /// A user, a group or a role.
    Entity(Source),
    /// A managed policy.
    Policy(PolicyTarget),
}

impl Reported {
    /// Whatever has an ARN.
    pub fn of(text: &str, view: &View) -> Result<Reported, IamError> {
        let arn: Option<Arn> = text.parse().ok();
        match arn.filter(|arn| arn.service() == "iam" && arn.resource().starts_with("policy/")) {
            Some(_) => Ok(Reported::Policy(PolicyTarget::of(
                &PolicyArn(text.to_owned()),
                view,
            )?)),
            None => Ok(Reported::Entity(Source::of(text, view)?)),
        }
    }

    /// Its unique id.
    pub fn id(&self) -> Result<UniqueId, IamError> {
        Ok(match self {
            Reported::Entity(Source::User(user)) => user.held()?.id(),
            Reported::Entity(Source::Group(group)) => group.held()?.id(),
            Reported::Entity(Source::Role(role)) => role.held()?.id(),
            Reported::Policy(policy) => policy.held()?.id(),
        })
    }
}

/// A user or a role that calls.
#[derive(Debug, Clone)]
pub struct Entity {
    /// Its ARN.
    pub arn: Arn,
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// What it is.
    pub kind: OwnerType,
    /// Its unique id.
    pub id: UniqueId,
}

/// Whoever a report is about, with the policies that they have of it.
#[derive(Debug)]
pub struct Report {
    /// The users and roles, by their ARNs.
    pub entities: Vec<Entity>,
    policies: Vec<Policy>,
}

impl Report {
    /// Of a user or a role itself; of a group its users; of a policy whoever has it attached.
    pub fn of(id: &UniqueId, view: &View) -> Result<Report, IamError> {
        let absent = || IamError::NoSuchEntity(format!("The entity with id {id} cannot be found."));
        let mut report = Report {
            entities: Vec::new(),
            policies: Vec::new(),
        };
        let domain = view.domain();
        match id.as_str().get(..4) {
            Some("AIDA") => {
                let user = view.store().get::<Users>(domain, id)?.ok_or_else(absent)?;
                let user = Target::of(user, view.place().account)?;
                report.entities.push(user_of(&user)?);
                report.takes(&Source::User(user).policies(view)?);
            }
            Some("AROA") => {
                let role = view.store().get::<Roles>(domain, id)?.ok_or_else(absent)?;
                let role = Target::of(role, view.place().account)?;
                report.entities.push(role_of(&role)?);
                report.takes(&Source::Role(role).policies(view)?);
            }
            Some("AGPA") => {
                let group = view.store().get::<Groups>(domain, id)?.ok_or_else(absent)?;
                report.add_users_of(id, view)?;
                let group = Target::of(group, view.place().account)?;
                report.takes(&Source::Group(group).policies(view)?);
            }
            _ => {
                let (arn, policy) = policy_of(id, view)?.ok_or_else(absent)?;
                report.policies.extend(policy);
                let below = [arn.as_bytes(), b"\0"].concat();
                for user in holders::<Users>(Users::BY_POLICY, &below, &arn, view)? {
                    report.entities.push(user_of(&user)?);
                }
                for role in holders::<Roles>(Roles::BY_POLICY, &below, &arn, view)? {
                    report.entities.push(role_of(&role)?);
                }
                for group in holders::<Groups>(Groups::BY_POLICY, &below, &arn, view)? {
                    report.add_users_of(&group.held()?.id(), view)?;
                }
            }
        }
        report
            .entities
            .sort_by(|one, other| one.arn.as_str().cmp(other.arn.as_str()));
        report.entities.dedup_by(|one, other| one.id == other.id);
        Ok(report)
    }

    fn add_users_of(&mut self, group: &UniqueId, view: &View) -> Result<(), IamError> {
        let store = view.store();
        let below = group.as_str().as_bytes();
        for row in store.index::<Users>(view.domain(), Users::BY_GROUP, below, None, usize::MAX)? {
            if let Some(user) = store.get_row::<Users>(&row.row)? {
                self.entities
                    .push(user_of(&Target::of(user, view.place().account)?)?);
            }
        }
        Ok(())
    }

    fn takes(&mut self, policies: &[NamedPolicy]) {
        let giving = policies
            .iter()
            .filter(|policy| policy.kind == engine::PolicyKind::Identity);
        // What can't be read any more gives nothing.
        self.policies
            .extend(giving.filter_map(|policy| Policy::parse(&policy.text, Kind::Inline).ok()));
    }

    /// Whether the policies give anything of a service.
    pub fn gives(&self, service: &str) -> bool {
        self.policies.iter().any(|policy| policy.gives(service))
    }

    /// When each of them last called a service, those who did.
    pub fn calls(&self, service: &str, world: &World<'_>) -> Vec<(&Entity, LastCall)> {
        let calls = self.entities.iter();
        calls
            .filter_map(|entity| Some((entity, world.last_call_of(entity.id.as_str(), service)?)))
            .collect()
    }
}

fn user_of(user: &Target<Users>) -> Result<Entity, IamError> {
    let held = user.held()?;
    Ok(Entity {
        arn: user.arn.clone(),
        name: held.name.clone(),
        path: held.path.clone(),
        kind: OwnerType::User,
        id: held.id(),
    })
}

fn role_of(role: &Target<Roles>) -> Result<Entity, IamError> {
    let held = role.held()?;
    Ok(Entity {
        arn: role.arn.clone(),
        name: held.name.clone(),
        path: held.path.clone(),
        kind: OwnerType::Role,
        id: held.id(),
    })
}

/// Whoever has a policy attached.
fn holders<H: Holders>(index: u8, below: &[u8], arn: &str, view: &View) -> Result<Vec<Target<H>>, IamError> {
    let store = view.store();
    let mut found = Vec::new();
    for row in store.index::<H>(view.domain(), index, below, None, usize::MAX)? {
        if let Some(held) = store.get_row::<H>(&row.row)?
            && H::policies(&held).attached.iter().any(|attached| attached == arn)
        {
            found.push(Target::of(held, view.place().account)?);
        }
    }
    Ok(found)
}

/// The managed policy of a unique id: its ARN, and what it says.
fn policy_of(id: &UniqueId, view: &View) -> Result<Option<(String, Option<Policy>)>, IamError> {
    let read = |policy: &identity::ManagedPolicy| {
        let version = policy.in_force()?;
        Policy::parse(version.document.text(), Kind::Managed).ok()
    };
    if let Some((arn, policy)) = identity::aws_policies().find(|(_, policy)| policy.id() == *id) {
        return Ok(Some((arn.to_owned(), read(policy))));
    }
    let found = view.store().get::<identity::ManagedPolicies>(view.domain(), id)?;
    match found {
        None => Ok(None),
        Some(policy) => {
            let arn = policy.arn(view.place().account);
            let arn = arn.ok_or_else(|| IamError::damaged(identity::ManagedPolicies::NAME))?;
            Ok(Some((arn.to_string(), read(&policy))))
        }
    }
}

/// The services that IAM tells of, by their names in actions. The administration is nobody's but the operator's.
pub fn services(world: &World<'_>) -> Vec<(&'static str, &'static str)> {
    let names = world.services().iter().map(|service: &&Service| service.name);
    let mut named: Vec<_> = names.filter_map(|name| Some((name, full_name(name)?))).collect();
    named.sort_unstable();
    named
}

fn full_name(service: &str) -> Option<&'static str> {
    Some(match service {
        "iam" => "AWS Identity and Access Management",
        "kms" => "AWS Key Management Service",
        "sts" => "AWS Security Token Service",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_report_is_a_uuid_that_says_what_it_is_of() {
        for (of, granularity) in [
            ("AIDAABCDEFGHIJKLMNOPQ", Granularity::ServiceLevel),
            ("AGPA77777777777777777", Granularity::ActionLevel),
            ("AROAAAAAAAAAAAAAAAAAA", Granularity::ServiceLevel),
            ("ANPAZYXWVUTSRQPONMLKJ", Granularity::ActionLevel),
        ] {
            let job = Job {
                of: UniqueId::kept(of),
                asked: Timestamp::from_seconds(1_800_000_000),
                granularity,
            };
            let id = job.id().unwrap();
            let uuid = Uuid::parse_str(&id.0).unwrap();
            assert_eq!(
                (uuid.get_version_num(), uuid.get_variant()),
                (8, uuid::Variant::RFC4122)
            );
            assert_eq!(Job::decode(&id.0), Some(job.clone()));
            assert_eq!(Job::read(&id, job.asked).unwrap(), job);
            let week = Timestamp::from_seconds(1_800_000_000 + 7 * 24 * 3600);
            assert!(Job::read(&id, week).is_ok());
            assert!(Job::read(&id, Timestamp::from_seconds(1_800_000_001 + 7 * 24 * 3600)).is_err());
            assert!(Job::read(&id, Timestamp::from_seconds(1_799_999_999)).is_err());
        }
        for none in [
            "",
            "x",
            "12345678-1234-4234-9234-123456789012",
            "12345678-1234-8234-1234-123456789012",
        ] {
            assert_eq!(Job::decode(none), None, "{none}");
        }
    }
}
