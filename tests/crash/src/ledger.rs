//! What must be there, by what the clients were told and what the audit log says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::call::{Call, Effect, Outcome, Register, Sealed};
use crate::client::CHECKER;
use crate::records::Record;
use crate::survey::Survey;

/// What is settled: nothing of it may ever be missing again.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Keys and their descriptions.
    pub keys: BTreeMap<String, String>,
    /// Values of registers.
    pub registers: BTreeMap<Register, String>,
    /// Ciphertexts.
    pub sealed: Vec<Sealed>,
    /// The first record that was not looked at yet.
    pub next_record: u64,
    request_ids: HashSet<String>,
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
        let mut made: Vec<(String, &Call, &str, &str)> = Vec::new();
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
                Effect::Create { description, tags } if happened => {
                    let id = call.made.clone().or_else(|| success?.made.clone());
                    match id {
                        Some(id) => made.push((id, call, description, tags)),
                        None => wrong.push(format!("{}: the record names no key", call.name)),
                    }
                }
                Effect::Create { .. } => {}
            }
            self.sealed.extend(call.sealed.clone());
        }
        for (id, call, description, tags) in &made {
            self.keys.insert(id.clone(), (*description).to_owned());
            for (register, value) in first_values(id, tags) {
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
            wrong.push(format!("the key {key} ({}) is lost", self.keys[*key]));
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
            let Some(description) = self.keys.get(key) else {
                continue;
            };
            let mut check = |what: &str, found: &str, expected: &str| {
                if found != expected {
                    wrong.push(format!("{what} of {key}: {found:?} instead of {expected:?}"));
                }
            };
            check("description", &facts.description, description);
            let pending = facts.state == "PendingDeletion";
            for (register, found) in [
                (Register::State(key.clone()), facts.state.clone()),
                (Register::Tags(key.clone()), facts.tags.clone()),
                (Register::Rotations(key.clone()), facts.rotations.to_string()),
                (Register::Automatic(key.clone()), facts.automatic.to_string()),
            ] {
                // A key that waits for its deletion shows no automatic rotation.
                if !(pending && matches!(register, Register::Automatic(_))) {
                    check(&format!("{register:?}"), &found, &self.registers[&register]);
                }
            }
        }
        wrong
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

/// The registers of a new key.
fn first_values<'t>(id: &str, tags: &'t str) -> [(Register, &'t str); 4] {
    [
        (Register::State(id.to_owned()), "Enabled"),
        (Register::Tags(id.to_owned()), tags),
        (Register::Rotations(id.to_owned()), "0"),
        (Register::Automatic(id.to_owned()), "false"),
    ]
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
            call.sealed = None;
            call.seen.clear();
            call.keys_seen.clear();
        }
        known.push(call);
    }
    known
}
