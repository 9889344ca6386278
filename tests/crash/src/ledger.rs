//! What must be there, by what the clients were told and what the audit log says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::call::{Call, Effect, Outcome, Proof, Register};
use crate::client::{CHECKER, REGIONS};
use crate::kind::{Kind, family_of, in_region, region_of};
use crate::records::Record;
use crate::survey::{Facts, Survey};

/// What is settled: nothing of it may ever be missing again.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Keys by their ARNs.
    pub keys: BTreeMap<String, Made>,
    /// Values of registers.
    pub registers: BTreeMap<Register, String>,
    /// Ciphertexts, signatures and MACs, by the keys that made them.
    pub proofs: Vec<Proof>,
    /// The first record that was not looked at yet.
    pub next_record: u64,
    request_ids: HashSet<String>,
}

/// What a key was made as.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Made {
    /// What it can do.
    pub kind: Kind,
    /// Unique.
    pub description: String,
}

/// A value that a register had for certain.
struct Version<'c> {
    value: &'c str,
    sent: u64,
    answered: Option<u64>,
}

impl Ledger {
    /// Takes in calls and the records made since the last time, and says what is wrong with them. All calls have ended;
    /// those whose outcome is unknown had their effect if they have a record that says so, and not otherwise.
    pub fn settle(&mut self, calls: &[Call], records: &[Record]) -> Vec<String> {
        let mut wrong = Vec::new();
        let by_call = self.take_records(calls, records, &mut wrong);
        let mut written: BTreeMap<Register, Vec<(&Call, &str)>> = BTreeMap::new();
        let mut lost: Vec<(&Call, &Register, &str)> = Vec::new();
        let mut made: Vec<(String, &Call, Made, &str)> = Vec::new();
        for call in calls {
            let success = by_call[call.name.as_str()]
                .first()
                .filter(|record| record.error.is_none());
            check_record(call, &by_call[call.name.as_str()], &mut wrong);
            let happened = match call.outcome {
                Outcome::Done => true,
                Outcome::Refused(_) => false,
                Outcome::Unknown(_) => success.is_some(),
            };
            match &call.effect {
                Effect::None => {}
                Effect::Write(register, value) if happened => {
                    written.entry(register.clone()).or_default().push((call, value));
                }
                Effect::Write(register, value) => lost.push((call, register, value)),
                Effect::Create {
                    kind,
                    description,
                    tags,
                } if happened => {
                    let arn = call.made.clone().or_else(|| success?.made.clone());
                    let (kind, description) = (*kind, description.clone());
                    match arn {
                        Some(arn) => made.push((arn, call, Made { kind, description }, tags)),
                        None => wrong.push(format!("{}: the record names no key", call.name)),
                    }
                }
                Effect::Create { .. } => {}
            }
            self.proofs.extend(call.proof.clone());
        }
        for (arn, call, key, tags) in &made {
            self.keys.insert(arn.clone(), key.clone());
            for (register, value) in first_values(arn, key.kind, tags) {
                written.entry(register).or_default().insert(0, (call, value));
            }
        }
        self.check_looks(calls, &written, &lost, &mut wrong);
        for (register, mut writes) in written {
            writes.sort_by_key(|(call, _)| call.sent);
            let last = writes[writes.len() - 1].1.to_owned();
            self.registers.insert(register, last);
        }
        wrong
    }

    /// The records of each call. Each request id has one record, and each record is of a call that was made.
    fn take_records<'r>(
        &mut self,
        calls: &'r [Call],
        records: &'r [Record],
        wrong: &mut Vec<String>,
    ) -> HashMap<&'r str, Vec<&'r Record>> {
        let mut by_call: HashMap<&str, Vec<&Record>> = HashMap::new();
        for call in calls {
            by_call.insert(&call.name, Vec::new());
        }
        for record in records {
            self.next_record = self.next_record.max(record.sequence + 1);
            let Some(request_id) = &record.request_id else {
                continue;
            };
            if !self.request_ids.insert(request_id.clone()) {
                wrong.push(format!("request {request_id} has two records"));
            }
            match by_call.get_mut(record.agent.as_str()) {
                Some(of_call) => of_call.push(record),
                None if record.agent == CHECKER => {}
                None => wrong.push(format!("record of a call that was not made: {record:?}")),
            }
        }
        by_call
    }

    /// Whatever a client saw was there at the time, by the values that the register went through.
    fn check_looks(
        &self,
        calls: &[Call],
        written: &BTreeMap<Register, Vec<(&Call, &str)>>,
        lost: &[(&Call, &Register, &str)],
        wrong: &mut Vec<String>,
    ) {
        let mut versions: BTreeMap<&Register, Vec<Version<'_>>> = BTreeMap::new();
        for (register, value) in &self.registers {
            versions.insert(register, vec![Version::of_old(value)]);
        }
        for (register, writes) in written {
            let versions = versions.entry(register).or_default();
            if versions.is_empty() {
                versions.push(Version::of_old(""));
            }
            let mut writes = writes.clone();
            writes.sort_by_key(|(call, _)| call.sent);
            versions.extend(writes.iter().map(|(call, value)| Version {
                value,
                sent: call.sent,
                answered: call.answered.filter(|_| call.outcome == Outcome::Done),
            }));
        }
        let none = [Version::of_old("")];
        for call in calls {
            for key in call.keys_seen.iter().filter(|key| !self.keys.contains_key(*key)) {
                wrong.push(format!("{} saw the key {key}, which is lost", call.name));
            }
            for (register, value) in &call.seen {
                let known: &[Version<'_>] = versions.get(register).map_or(&none, Vec::as_slice);
                let looked = (call.sent, call.answered.unwrap_or(u64::MAX));
                let possible = |place: usize| {
                    known[place].value == value
                        && known[place].sent <= looked.1
                        && known
                            .get(place + 1)
                            .is_none_or(|next| next.answered.is_none_or(|answered| answered >= looked.0))
                };
                if (0..known.len()).any(possible) {
                    continue;
                }
                let was_lost = lost.iter().any(|(_, of, text)| *of == register && text == value);
                let how = if was_lost {
                    "which is lost"
                } else {
                    "which it can't have been"
                };
                wrong.push(format!("{} saw {register:?} as {value:?}, {how}", call.name));
            }
        }
    }

    /// Holds what an installation shows against what must be there.
    pub fn compare(&self, survey: &Survey) -> Vec<String> {
        let mut wrong = Vec::new();
        let keys: BTreeSet<&String> = self.keys.keys().collect();
        for key in keys.difference(&survey.keys.iter().collect()) {
            wrong.push(format!("the key {key} ({:?}) is lost", self.keys[*key]));
        }
        for key in survey.keys.iter().filter(|key| !keys.contains(key)) {
            wrong.push(format!(
                "the key {key} is there, and nothing says that it was made"
            ));
        }
        let aliases: BTreeMap<String, String> = self
            .registers
            .iter()
            .filter_map(|(register, value)| match register {
                Register::Alias(name) if !value.is_empty() => Some((name.clone(), value.clone())),
                _ => None,
            })
            .collect();
        for (name, target) in &aliases {
            let found = survey.aliases.get(name);
            if found != Some(target) {
                wrong.push(format!("{name} stands for {found:?} instead of {target}"));
            }
        }
        for name in survey.aliases.keys().filter(|name| !aliases.contains_key(*name)) {
            wrong.push(format!("{name} is there, and nothing says so"));
        }
        for (key, facts) in &survey.facts {
            if let Some(made) = self.keys.get(key) {
                self.compare_key(key, made, facts, &mut wrong);
                self.compare_family(key, survey, &mut wrong);
            }
        }
        wrong
    }

    fn compare_key(&self, key: &str, made: &Made, facts: &Facts, wrong: &mut Vec<String>) {
        let mut check = |what: &str, found: &str, expected: &str| {
            if found != expected {
                wrong.push(format!("{what} of {key}: {found:?} instead of {expected:?}"));
            }
        };
        check("description", &facts.description, &made.description);
        let family = family_of(key).to_owned();
        let mut found = vec![
            (Register::State(key.to_owned()), facts.state.clone()),
            (Register::Tags(key.to_owned()), facts.tags.clone()),
        ];
        if made.kind.rotates() {
            found.push((Register::Rotations(family.clone()), facts.rotations.to_string()));
            // A key that waits for its deletion shows no automatic rotation.
            if facts.state != "PendingDeletion" {
                found.push((Register::Automatic(family.clone()), facts.automatic.to_string()));
            }
        }
        if let Some(of_family) = &facts.family {
            found.push((Register::Primary(family), of_family.primary.clone()));
        }
        for (register, found) in found {
            check(&format!("{register:?}"), &found, self.value(&register));
        }
    }

    /// One primary in a family, and all of its keys with the same material.
    fn compare_family(&self, key: &str, survey: &Survey, wrong: &mut Vec<String>) {
        let family = |key: &str| survey.facts.get(key).and_then(|facts| facts.family.as_ref());
        let Some(found) = family(key) else {
            return;
        };
        let is_primary = region_of(key) == Some(self.value(&Register::Primary(family_of(key).to_owned())));
        let role = if is_primary { "PRIMARY" } else { "REPLICA" };
        if found.role != role {
            wrong.push(format!("{key} is {} instead of {role}", found.role));
        }
        let relatives = self.relatives(key);
        if found.keys != relatives {
            wrong.push(format!(
                "{key} has the relatives {:?} instead of {relatives:?}",
                found.keys
            ));
        }
        for relative in &relatives {
            let other = family(relative).map(|other| &other.materials);
            if other.is_some_and(|other| *other != found.materials) {
                wrong.push(format!("{key} and {relative} have different material"));
            }
        }
    }

    /// The keys of a key's family that are settled; the key alone where it has none.
    pub fn relatives(&self, key: &str) -> BTreeSet<String> {
        let everywhere = REGIONS.iter().map(|region| in_region(key, region));
        everywhere.filter(|key| self.keys.contains_key(key)).collect()
    }

    /// A proof in every Region in which its key is.
    pub fn everywhere(&self, proof: &Proof) -> Vec<Proof> {
        let by = |key| Proof { key, ..proof.clone() };
        self.relatives(&proof.key).into_iter().map(by).collect()
    }

    /// All proofs, each in every Region in which its key is.
    pub fn proofs(&self) -> Vec<Proof> {
        self.proofs
            .iter()
            .flat_map(|proof| self.everywhere(proof))
            .collect()
    }

    /// The value of a register; empty where it has none.
    pub fn value(&self, register: &Register) -> &str {
        self.registers.get(register).map_or("", String::as_str)
    }
}

impl<'c> Version<'c> {
    fn of_old(value: &'c str) -> Version<'c> {
        Version {
            value,
            sent: 0,
            answered: Some(0),
        }
    }
}

/// The registers of a new key. A replica shares its family's.
fn first_values<'t>(arn: &str, kind: Kind, tags: &'t str) -> Vec<(Register, &'t str)> {
    let mut values = vec![
        (Register::State(arn.to_owned()), kind.first_state()),
        (Register::Tags(arn.to_owned()), tags),
    ];
    let family = family_of(arn).to_owned();
    if kind.rotates() && kind != Kind::Replica {
        values.push((Register::Rotations(family.clone()), "0"));
        values.push((Register::Automatic(family.clone()), "false"));
    }
    if kind == Kind::Family {
        values.push((Register::Primary(family), REGIONS[0]));
    }
    values
}

fn check_record(call: &Call, records: &[&Record], wrong: &mut Vec<String>) {
    let mut complain =
        |what: &str| wrong.push(format!("{} ({}): {what}: {call:?}", call.name, call.operation));
    match (records, &call.outcome) {
        ([], Outcome::Unknown(_)) => {}
        ([], _) => complain("it was answered, and has no record"),
        ([record], outcome) => {
            if record.operation != call.operation {
                complain("its record is of another operation");
            }
            if call.request_id.is_some() && record.request_id != call.request_id {
                complain("its record has another request id");
            }
            let fits = match outcome {
                Outcome::Done => record.error.is_none(),
                Outcome::Refused(code) => record.error.as_ref() == Some(code),
                Outcome::Unknown(_) => true,
            };
            if !fits {
                complain("its record tells another outcome");
            }
        }
        _ => complain("it has more than one record"),
    }
}

/// The calls as they stood when the disk had done `step`: later ones are gone, and what was answered later was not
/// answered yet.
pub fn as_of(calls: &[Call], step: u64) -> Vec<Call> {
    let mut known = Vec::new();
    for call in calls.iter().filter(|call| call.sent_at < step) {
        let mut call = call.clone();
        if call.answered_at.is_none_or(|answered| answered > step) {
            call.outcome = Outcome::Unknown("the power was cut".to_owned());
            call.answered = None;
            call.request_id = None;
            call.made = None;
            call.proof = None;
            call.seen.clear();
            call.keys_seen.clear();
        }
        known.push(call);
    }
    known
}
