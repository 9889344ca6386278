//! Clients that work side by side. Each changes what is its own, one call after another, and looks at what others do.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use testkit::Dice;

use crate::call::{Call, Effect, Outcome, Register, Sealed, tags_text};
use crate::client::{Access, Answer, Client};
use crate::ledger::Ledger;
use crate::survey::tags_of;

/// Keys of its own that a client works on at a time.
const KEYS: usize = 4;
/// Aliases of its own that a client has at a time.
const ALIASES: usize = 6;
/// Tags that a bulky change sets.
const BULK: usize = 40;
/// Rotations on demand that a key takes.
const ROTATIONS: u32 = 25;

/// What drives the clients.
pub struct Traffic<'t> {
    /// Where the server is.
    pub address: SocketAddr,
    /// How they sign.
    pub access: Access,
    /// How many there are.
    pub clients: u64,
    /// Calls of each, unless its connection dies before.
    pub calls: u64,
    /// What they do follows from it, but for the order in which they come.
    pub seed: u64,
    /// The last step of the disk, where somebody counts them.
    pub step: &'t (dyn Fn() -> u64 + Sync),
    /// Told once so many calls were answered, and when a client ends.
    pub signal: Option<(u64, Sender<()>)>,
    /// Whether refusals for faults of the server's are to be expected.
    pub faulty: bool,
    /// Where new names go on; never the same twice.
    pub serial: &'t AtomicU64,
    /// The clients' common clock, from 1.
    pub ticks: &'t AtomicU64,
    /// Whether most calls are changes of many bytes.
    pub bulky: bool,
}

/// What the clients tell of.
#[derive(Debug, Default)]
pub struct Told {
    /// Every call.
    pub calls: Vec<Call>,
    /// Answers that nobody can explain.
    pub surprises: Vec<String>,
}

/// What the clients of one run share.
struct Ground<'t> {
    traffic: &'t Traffic<'t>,
    answered: AtomicU64,
    keys: Mutex<Vec<String>>,
    aliases: Mutex<Vec<String>>,
}

/// A key of a client's own, as the client knows it.
struct Mine {
    id: String,
    state: String,
    tags: BTreeMap<String, String>,
    rotations: u32,
    automatic: bool,
}

struct Actor<'t> {
    ground: &'t Ground<'t>,
    name: String,
    client: Client,
    dice: Dice,
    keys: Vec<Mine>,
    aliases: Vec<(String, String)>,
    sealed: Vec<Sealed>,
    told: Told,
}

/// The connection is dead, and the client with it.
struct Ended;

impl Traffic<'_> {
    /// Runs them all to their end.
    pub fn run(&self, ledger: &Ledger) -> Told {
        let mut recent: Vec<(&String, &String)> = ledger.keys.iter().collect();
        recent.sort_by_key(|(_, description)| description.split_once('/').map(|(_, serial)| serial));
        let recent = recent
            .iter()
            .rev()
            .take(64)
            .map(|(id, _)| (*id).clone())
            .collect();
        let ground = Ground {
            traffic: self,
            answered: AtomicU64::new(0),
            keys: Mutex::new(recent),
            aliases: Mutex::new(Vec::new()),
        };
        let mut told = Told::default();
        std::thread::scope(|scope| {
            let working: Vec<_> = (0..self.clients)
                .map(|number| {
                    let ground = &ground;
                    scope.spawn(move || Actor::work(ground, number, ledger))
                })
                .collect();
            for one in working {
                let Told {
                    mut calls,
                    mut surprises,
                } = one.join().unwrap();
                told.calls.append(&mut calls);
                told.surprises.append(&mut surprises);
            }
        });
        told
    }
}

impl<'t> Actor<'t> {
    fn work(ground: &'t Ground<'t>, number: u64, ledger: &Ledger) -> Told {
        let traffic = ground.traffic;
        let told = match Client::connect(traffic.address, &traffic.access) {
            Err(_) => Told::default(),
            Ok(client) => {
                let name = format!("c{number}");
                let dice = Dice::new(traffic.seed, number);
                let mut actor = Actor::new(ground, name, client, dice, ledger);
                for _ in 0..traffic.calls {
                    if actor.act().is_err() {
                        break;
                    }
                }
                actor.told
            }
        };
        if let Some((_, signal)) = &traffic.signal {
            let _ = signal.send(()); // Nobody may be waiting any more.
        }
        told
    }

    fn new(ground: &'t Ground<'t>, name: String, client: Client, dice: Dice, ledger: &Ledger) -> Actor<'t> {
        let prefix = format!("{name}/");
        let mut own: Vec<(&String, &String)> = ledger
            .keys
            .iter()
            .filter(|(_, description)| description.starts_with(&prefix))
            .collect();
        own.sort_by_key(|(_, description)| *description);
        let keys: Vec<Mine> = own
            .iter()
            .rev()
            .take(KEYS)
            .map(|(id, _)| Mine::known(id, ledger))
            .collect();
        let alias_prefix = format!("alias/{name}/");
        let aliases = ledger
            .registers
            .iter()
            .filter_map(|(register, value)| match register {
                Register::Alias(alias) if alias.starts_with(&alias_prefix) && !value.is_empty() => {
                    Some((alias.clone(), value.clone()))
                }
                _ => None,
            })
            .collect();
        let is_own = |sealed: &&Sealed| keys.iter().any(|key| key.id == sealed.key);
        let sealed = ledger
            .sealed
            .iter()
            .rev()
            .filter(is_own)
            .take(4)
            .cloned()
            .collect();
        Actor {
            ground,
            name,
            client,
            dice,
            keys,
            aliases,
            sealed,
            told: Told::default(),
        }
    }

    fn chance(&mut self, count: usize) -> usize {
        self.dice.between(0, count - 1)
    }

    fn serial(&self) -> String {
        let serial = self.ground.traffic.serial.fetch_add(1, Ordering::Relaxed);
        format!("{}/{serial:08}", self.name)
    }

    /// Makes one call of some kind.
    fn act(&mut self) -> Result<(), Ended> {
        if self.keys.is_empty() {
            return self.create_key();
        }
        if self.ground.traffic.bulky && self.chance(4) > 0 {
            return self.tag();
        }
        match self.chance(100) {
            0..4 => self.create_key(),
            4..14 => self.alias(),
            14..26 => self.tag(),
            26..30 => self.rotate(),
            30..34 => self.automatic(),
            34..40 => self.enable_or_disable(),
            40..44 => self.delete_or_keep(),
            44..58 => self.encrypt(),
            58..66 => self.decrypt(),
            66..72 => self.refused(),
            72 => self.look_at_keys(),
            73..80 => self.look_at_aliases(),
            _ => self.look_at_somebody(),
        }
    }

    /// Calls, and notes what comes back. `None` is a refusal.
    fn call(
        &mut self,
        operation: &'static str,
        body: &Value,
        effect: Effect,
        refusal: Option<&str>,
    ) -> Result<Option<Value>, Ended> {
        let mut call = self.begin(operation, effect);
        let answer = self.client.call(operation, body, &call.name);
        let ended = self.note(&mut call, answer, body, refusal);
        self.told.calls.push(call);
        ended
    }

    fn begin(&self, operation: &'static str, effect: Effect) -> Call {
        Call {
            name: self.serial(),
            operation,
            sent: self.ground.traffic.ticks.fetch_add(1, Ordering::SeqCst),
            answered: None,
            sent_at: (self.ground.traffic.step)(),
            answered_at: None,
            request_id: None,
            outcome: Outcome::Unknown(String::new()),
            effect,
            made: None,
            seen: Vec::new(),
            keys_seen: Vec::new(),
            sealed: None,
        }
    }

    fn note(
        &mut self,
        call: &mut Call,
        answer: io::Result<Answer>,
        body: &Value,
        refusal: Option<&str>,
    ) -> Result<Option<Value>, Ended> {
        let ground = self.ground;
        let answer = match answer {
            Ok(answer) => answer,
            Err(cause) => {
                if matches!(cause.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
                    self.told.surprises.push(format!("{} hangs", call.name));
                }
                call.outcome = Outcome::Unknown(cause.to_string());
                return Err(Ended);
            }
        };
        call.answered_at = Some((ground.traffic.step)());
        call.answered = Some(ground.traffic.ticks.fetch_add(1, Ordering::SeqCst));
        let answered = ground.answered.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some((due, signal)) = &ground.traffic.signal
            && answered == *due
        {
            let _ = signal.send(());
        }
        let found = (answer.status != 200).then(|| answer.code().to_owned());
        call.request_id = Some(answer.request_id);
        call.outcome = match found {
            None => Outcome::Done,
            Some(_) if answer.status >= 500 => Outcome::Unknown(answer.body.to_string()),
            Some(code) => Outcome::Refused(code),
        };
        let expected = match (&call.outcome, refusal) {
            (Outcome::Done, None) => true,
            (Outcome::Refused(code), Some(expected)) => code == expected,
            (Outcome::Unknown(_), _) => ground.traffic.faulty,
            _ => false,
        };
        if !expected {
            let text = format!(
                "{} {} {body}: {} {}",
                call.name, call.operation, answer.status, answer.body
            );
            self.told.surprises.push(text);
        }
        Ok((call.outcome == Outcome::Done).then_some(answer.body))
    }

    fn last(&mut self) -> &mut Call {
        self.told.calls.last_mut().unwrap()
    }

    /// Whether the last call's outcome is unknown, though the connection lives.
    fn in_doubt(&self) -> bool {
        let last = self.told.calls.last().unwrap();
        matches!(last.outcome, Outcome::Unknown(_))
    }

    fn create_key(&mut self) -> Result<(), Ended> {
        let description = self.serial();
        let body = json!({"Description": description, "Tags": [{"TagKey": "born", "TagValue": description}]});
        let tags = tags_text([("born", description.as_str())]);
        let effect = Effect::Create {
            description: description.clone(),
            tags,
        };
        if let Some(answer) = self.call("CreateKey", &body, effect, None)? {
            let id = answer["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
            self.last().made = Some(id.clone());
            locked(&self.ground.keys).push(id.clone());
            if self.keys.len() >= KEYS {
                self.keys.remove(0);
            }
            self.keys.push(Mine {
                id,
                state: "Enabled".to_owned(),
                tags: BTreeMap::from([("born".to_owned(), description)]),
                rotations: 0,
                automatic: false,
            });
        }
        Ok(())
    }

    /// A key of its own in one of these states.
    fn pick(&mut self, states: &[&str]) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.keys.len())
            .filter(|place| states.contains(&self.keys[*place].state.as_str()))
            .collect();
        match fitting.len() {
            0 => None,
            count => Some(fitting[self.chance(count)]),
        }
    }

    /// Changes a register of the key at `place`; `done` once it is acknowledged. A key in doubt is left alone.
    fn change(
        &mut self,
        place: usize,
        operation: &'static str,
        body: &Value,
        (register, value): (Register, String),
        done: impl FnOnce(&mut Mine),
    ) -> Result<(), Ended> {
        let answer = self.call(operation, body, Effect::Write(register, value), None)?;
        if answer.is_some() {
            done(&mut self.keys[place]);
        } else if self.in_doubt() {
            self.keys.remove(place);
        }
        Ok(())
    }

    fn alias(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled", "Disabled"]) else {
            return self.create_key();
        };
        let target = self.keys[place].id.clone();
        let kind = self.chance(4);
        if self.aliases.is_empty() || (kind < 2 && self.aliases.len() < ALIASES) {
            let name = format!("alias/{}", self.serial());
            let body = json!({"AliasName": name, "TargetKeyId": target});
            let effect = Effect::Write(Register::Alias(name.clone()), target.clone());
            if self.call("CreateAlias", &body, effect, None)?.is_some() {
                locked(&self.ground.aliases).push(name.clone());
                self.aliases.push((name, target));
            }
            return Ok(());
        }
        let chosen = self.chance(self.aliases.len());
        let (name, old) = self.aliases[chosen].clone();
        if kind == 2 && old != target {
            let body = json!({"AliasName": name, "TargetKeyId": target});
            let effect = Effect::Write(Register::Alias(name), target.clone());
            if self.call("UpdateAlias", &body, effect, None)?.is_some() {
                self.aliases[chosen].1 = target;
                return Ok(());
            }
        } else {
            let body = json!({ "AliasName": name });
            let effect = Effect::Write(Register::Alias(name), String::new());
            self.call("DeleteAlias", &body, effect, None)?;
        }
        self.aliases.remove(chosen);
        Ok(())
    }

    fn tag(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled", "Disabled"]) else {
            return self.create_key();
        };
        let id = self.keys[place].id.clone();
        let mut tags = self.keys[place].tags.clone();
        let name = format!("t{}", self.chance(5));
        let text = |tags: &BTreeMap<String, String>| {
            tags_text(tags.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        };
        if tags.contains_key(&name) && self.chance(3) == 0 {
            tags.remove(&name);
            let body = json!({"KeyId": id, "TagKeys": [name]});
            let write = (Register::Tags(id), text(&tags));
            return self.change(place, "UntagResource", &body, write, |key| key.tags = tags);
        }
        let value = self.serial();
        let mut new = BTreeMap::from([(name, value.clone())]);
        if self.ground.traffic.bulky {
            new.extend(
                (0..BULK).map(|number| (format!("b{number}"), format!("{value}{}", "日".repeat(200)))),
            );
        }
        let listed: Vec<Value> = new
            .iter()
            .map(|(name, value)| json!({"TagKey": name, "TagValue": value}))
            .collect();
        let body = json!({"KeyId": id, "Tags": listed});
        tags.extend(new);
        let write = (Register::Tags(id), text(&tags));
        self.change(place, "TagResource", &body, write, |key| key.tags = tags)
    }

    fn rotate(&mut self) -> Result<(), Ended> {
        let place = self.pick(&["Enabled"]);
        let Some(place) = place.filter(|place| self.keys[*place].rotations < ROTATIONS) else {
            return self.create_key();
        };
        let (id, rotations) = (self.keys[place].id.clone(), self.keys[place].rotations + 1);
        let body = json!({ "KeyId": id });
        let write = (Register::Rotations(id), rotations.to_string());
        self.change(place, "RotateKeyOnDemand", &body, write, |key| {
            key.rotations = rotations;
        })
    }

    fn automatic(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled"]) else {
            return self.create_key();
        };
        let (id, automatic) = (self.keys[place].id.clone(), !self.keys[place].automatic);
        let operation = if automatic {
            "EnableKeyRotation"
        } else {
            "DisableKeyRotation"
        };
        let body = json!({ "KeyId": id });
        let write = (Register::Automatic(id), automatic.to_string());
        self.change(place, operation, &body, write, |key| key.automatic = automatic)
    }

    fn enable_or_disable(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled", "Disabled"]) else {
            return self.create_key();
        };
        let id = self.keys[place].id.clone();
        let (operation, state) = match self.keys[place].state.as_str() {
            "Enabled" => ("DisableKey", "Disabled"),
            _ => ("EnableKey", "Enabled"),
        };
        self.change_state(place, operation, &json!({ "KeyId": id }), state)
    }

    fn delete_or_keep(&mut self) -> Result<(), Ended> {
        let place = self.chance(self.keys.len());
        let id = self.keys[place].id.clone();
        match self.keys[place].state.as_str() {
            "PendingDeletion" => {
                self.change_state(place, "CancelKeyDeletion", &json!({ "KeyId": id }), "Disabled")
            }
            _ => {
                let body = json!({"KeyId": id, "PendingWindowInDays": 7});
                self.change_state(place, "ScheduleKeyDeletion", &body, "PendingDeletion")
            }
        }
    }

    fn change_state(
        &mut self,
        place: usize,
        operation: &'static str,
        body: &Value,
        state: &str,
    ) -> Result<(), Ended> {
        let write = (Register::State(self.keys[place].id.clone()), state.to_owned());
        self.change(place, operation, body, write, |key| key.state = state.to_owned())
    }

    fn encrypt(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled"]) else {
            return self.enable_or_disable();
        };
        let key = self.keys[place].id.clone();
        let context = json!({"round": self.serial()});
        let mut plaintext = BASE64_STANDARD.encode(self.serial());
        let answer = if self.chance(2) == 0 {
            let body = json!({"KeyId": key, "Plaintext": plaintext, "EncryptionContext": context});
            self.call("Encrypt", &body, Effect::None, None)?
        } else {
            let body = json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": context});
            self.call("GenerateDataKey", &body, Effect::None, None)?
        };
        if let Some(answer) = answer {
            if let Some(drawn) = answer["Plaintext"].as_str() {
                plaintext = drawn.to_owned();
            }
            let sealed = Sealed {
                key,
                ciphertext: answer["CiphertextBlob"].as_str().unwrap().to_owned(),
                plaintext,
                context,
            };
            self.last().sealed = Some(sealed.clone());
            self.sealed.push(sealed);
        }
        Ok(())
    }

    fn decrypt(&mut self) -> Result<(), Ended> {
        if self.sealed.is_empty() {
            return self.encrypt();
        }
        let place = self.chance(self.sealed.len());
        let sealed = self.sealed[place].clone();
        let state = self
            .keys
            .iter()
            .find(|key| key.id == sealed.key)
            .map(|key| key.state.clone());
        let refusal = match state.as_deref() {
            Some("Enabled") => None,
            Some("Disabled") => Some("DisabledException"),
            Some(_) => Some("KMSInvalidStateException"),
            None => return self.encrypt(),
        };
        let body = json!({"CiphertextBlob": sealed.ciphertext, "EncryptionContext": sealed.context});
        if let Some(answer) = self.call("Decrypt", &body, Effect::None, refusal)?
            && answer["Plaintext"] != sealed.plaintext.as_str()
        {
            let wrong = format!("{} opened to something else", self.last().name);
            self.told.surprises.push(wrong);
        }
        Ok(())
    }

    /// A call that has to be refused, and recorded.
    fn refused(&mut self) -> Result<(), Ended> {
        let kind = self.chance(4);
        if kind == 0 && !self.aliases.is_empty() {
            let (name, target) = self.aliases[0].clone();
            let body = json!({"AliasName": name, "TargetKeyId": target});
            let pending = ["PendingDeletion"];
            if self
                .keys
                .iter()
                .any(|key| key.id == target && !pending.contains(&key.state.as_str()))
            {
                self.call("CreateAlias", &body, Effect::None, Some("AlreadyExistsException"))?;
                return Ok(());
            }
        }
        if kind == 1
            && let Some(place) = self.pick(&["Disabled"])
        {
            let body = json!({"KeyId": self.keys[place].id, "Plaintext": "aGVsbG8="});
            self.call("Encrypt", &body, Effect::None, Some("DisabledException"))?;
        } else if kind == 2 {
            let body = json!({"KeyId": "alias/x", "Plaintext": 17});
            self.call("Encrypt", &body, Effect::None, Some("SerializationException"))?;
        } else {
            let body = json!({"KeyId": "00000000-1111-2222-3333-444444444444"});
            self.call("DescribeKey", &body, Effect::None, Some("NotFoundException"))?;
        }
        Ok(())
    }

    fn look_at_keys(&mut self) -> Result<(), Ended> {
        let body = json!({"Limit": 1000});
        if let Some(answer) = self.call("ListKeys", &body, Effect::None, None)? {
            let keys = answer["Keys"].as_array().unwrap();
            let keys: Vec<String> = keys
                .iter()
                .map(|key| key["KeyId"].as_str().unwrap().to_owned())
                .collect();
            self.last().keys_seen = keys;
        }
        Ok(())
    }

    fn look_at_aliases(&mut self) -> Result<(), Ended> {
        let body = json!({"Limit": 100});
        if let Some(answer) = self.call("ListAliases", &body, Effect::None, None)? {
            let aliases = answer["Aliases"].as_array().unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let seen = aliases
                .iter()
                .map(|alias| {
                    let name = text(&alias["AliasName"]);
                    (Register::Alias(name), text(&alias["TargetKeyId"]))
                })
                .collect();
            self.last().seen = seen;
        }
        Ok(())
    }

    fn look_at_somebody(&mut self) -> Result<(), Ended> {
        let kind = self.chance(5);
        if kind == 4 {
            return self.look_through_alias();
        }
        let known = locked(&self.ground.keys).clone();
        let recent = &known[known.len().saturating_sub(40)..];
        if recent.is_empty() {
            return self.create_key();
        }
        let key = recent[self.chance(recent.len())].clone();
        let body = json!({ "KeyId": key });
        let operation = match kind {
            0 => "DescribeKey",
            1 => "ListResourceTags",
            2 => "ListKeyRotations",
            _ => "GetKeyRotationStatus",
        };
        if let Some(answer) = self.call(operation, &body, Effect::None, None)? {
            let (register, value) = shown(operation, &answer, key);
            // A key that waits for its deletion shows no automatic rotation, whatever its register holds.
            if !(matches!(register, Register::Automatic(_)) && value == "false") {
                self.last().seen = vec![(register, value)];
            }
        }
        Ok(())
    }

    fn look_through_alias(&mut self) -> Result<(), Ended> {
        let known = locked(&self.ground.aliases).clone();
        if known.is_empty() {
            return self.look_at_aliases();
        }
        let alias = known[self.chance(known.len())].clone();
        let mut call = self.begin("DescribeKey", Effect::None);
        let body = json!({ "KeyId": alias });
        let answer = self.client.call("DescribeKey", &body, &call.name);
        let is_gone = answer
            .as_ref()
            .is_ok_and(|answer| answer.code() == "NotFoundException");
        let refusal = is_gone.then_some("NotFoundException");
        let answer = self.note(&mut call, answer, &body, refusal);
        let target = match &answer {
            Ok(Some(answer)) => answer["KeyMetadata"]["KeyId"].as_str().map(str::to_owned),
            _ => is_gone.then(String::new),
        };
        call.seen = target
            .map(|target| (Register::Alias(alias), target))
            .into_iter()
            .collect();
        self.told.calls.push(call);
        answer.map(drop)
    }
}

/// What an answer shows of a key.
fn shown(operation: &str, answer: &Value, key: String) -> (Register, String) {
    match operation {
        "DescribeKey" => {
            let state = answer["KeyMetadata"]["KeyState"].as_str().unwrap();
            (Register::State(key), state.to_owned())
        }
        "ListResourceTags" => (Register::Tags(key), tags_of(answer)),
        "ListKeyRotations" => {
            let rotations = answer["Rotations"].as_array().unwrap().len();
            (Register::Rotations(key), rotations.to_string())
        }
        _ => (Register::Automatic(key), answer["KeyRotationEnabled"].to_string()),
    }
}

impl Mine {
    fn known(id: &str, ledger: &Ledger) -> Mine {
        let value = |register: fn(String) -> Register| ledger.value(&register(id.to_owned()));
        let tags = value(Register::Tags);
        Mine {
            id: id.to_owned(),
            state: value(Register::State).to_owned(),
            tags: tags
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            rotations: value(Register::Rotations).parse().unwrap(),
            automatic: value(Register::Automatic) == "true",
        }
    }
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
