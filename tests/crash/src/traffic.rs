//! Clients that work side by side. Each changes what is its own, one call after another, and looks at what others do.

mod looks;
mod proofs;
mod special;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use testkit::Dice;

use crate::call::{Call, Effect, Outcome, Proof, Register, tags_text};
use crate::client::{Access, Answer, Client, REGIONS};
use crate::import::Parameters;
use crate::kind::{Kind, family_of, in_region};
use crate::ledger::Ledger;

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
    /// Under what material is wrapped.
    pub parameters: &'t Parameters,
    /// Whether the first client begins with an import, a replica, a rotation in both Regions and a move of the primary,
    /// and with proofs under each.
    pub prelude: bool,
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
    keys: Mutex<Vec<(String, Kind)>>,
    aliases: Mutex<Vec<String>>,
    /// Held by the one who asks for a wrapping key: the server refuses who would have to wait long for one.
    wrapping: Mutex<()>,
}

/// A key of a client's own, as the client knows it.
struct Mine {
    /// Its ARN in the first Region.
    arn: String,
    kind: Kind,
    description: String,
    state: String,
    tags: BTreeMap<String, String>,
    rotations: u32,
    automatic: bool,
    /// Whether it has a replica, and where the primary is.
    replicated: bool,
    primary: String,
}

struct Actor<'t> {
    ground: &'t Ground<'t>,
    name: String,
    client: Client,
    dice: Dice,
    keys: Vec<Mine>,
    aliases: Vec<(String, String)>,
    proofs: Vec<Proof>,
    told: Told,
}

/// The connection is dead, and the client with it.
struct Ended;

impl Traffic<'_> {
    /// Runs them all to their end.
    pub fn run(&self, ledger: &Ledger) -> Told {
        let mut recent: Vec<_> = ledger.keys.iter().collect();
        recent.sort_by_key(|(_, made)| made.description.split_once('/').map(|(_, serial)| serial));
        let recent = recent
            .iter()
            .rev()
            .take(64)
            .map(|(arn, made)| ((*arn).clone(), made.kind))
            .collect();
        let ground = Ground {
            traffic: self,
            answered: AtomicU64::new(0),
            keys: Mutex::new(recent),
            aliases: Mutex::new(Vec::new()),
            wrapping: Mutex::new(()),
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
                let ended = traffic.prelude && number == 0 && actor.prelude().is_err();
                for _ in 0..traffic.calls {
                    if ended || actor.act().is_err() {
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
        let mut own: Vec<_> = ledger
            .keys
            .iter()
            .filter(|(_, made)| made.description.starts_with(&prefix) && made.kind != Kind::Replica)
            .collect();
        own.sort_by_key(|(_, made)| &made.description);
        let keys: Vec<Mine> = own
            .iter()
            .rev()
            .take(KEYS)
            .map(|(arn, _)| Mine::known(arn, ledger))
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
        let is_own = |proof: &&Proof| keys.iter().any(|key| key.has(&proof.key));
        let proofs = ledger
            .proofs
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
            proofs,
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
            0..3 => self.create_key(),
            3..12 => self.alias(),
            12..23 => self.tag(),
            23..27 => self.rotate(),
            27..31 => self.automatic(),
            31..36 => self.enable_or_disable(),
            36..40 => self.delete_or_keep(),
            40..54 => self.make_proof(),
            54..62 => self.prove(),
            62..67 => self.refused(),
            67 => self.look_at_keys(),
            68..73 => self.look_at_aliases(),
            73..77 => self.import_or_lose(),
            77..81 => self.replicate_or_move(),
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
            proof: None,
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
        let kind = match self.chance(20) {
            0..9 => Kind::Usual,
            9..13 => Kind::Imported,
            13..17 => Kind::Family,
            17 => Kind::Ecdsa,
            18 => Kind::MlDsa,
            _ => Kind::Hmac,
        };
        self.create_key_of(kind)
    }

    fn create_key_of(&mut self, kind: Kind) -> Result<(), Ended> {
        let description = self.serial();
        let mut body = kind.members();
        body["Description"] = json!(description);
        body["Tags"] = json!([{"TagKey": "born", "TagValue": description}]);
        let effect = Effect::Create {
            kind,
            description: description.clone(),
            tags: tags_text([("born", description.as_str())]),
        };
        if let Some(answer) = self.call("CreateKey", &body, effect, None)? {
            let arn = self.made(&answer["KeyMetadata"], kind);
            if self.keys.len() >= KEYS {
                self.keys.remove(0);
            }
            self.keys.push(Mine {
                arn,
                kind,
                state: kind.first_state().to_owned(),
                tags: BTreeMap::from([("born".to_owned(), description.clone())]),
                description,
                rotations: 0,
                automatic: false,
                replicated: false,
                primary: REGIONS[0].to_owned(),
            });
        }
        Ok(())
    }

    /// Notes the key that the last call made, and gives its ARN.
    fn made(&mut self, metadata: &Value, kind: Kind) -> String {
        let arn = metadata["Arn"].as_str().unwrap().to_owned();
        self.last().made = Some(arn.clone());
        locked(&self.ground.keys).push((arn.clone(), kind));
        arn
    }

    /// A key of its own in one of these states.
    fn pick(&mut self, states: &[&str]) -> Option<usize> {
        self.pick_of(|_| true, states)
    }

    /// The same, of some kinds.
    fn pick_of(&mut self, fits: impl Fn(Kind) -> bool, states: &[&str]) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.keys.len())
            .filter(|place| states.contains(&self.keys[*place].state.as_str()))
            .filter(|place| fits(self.keys[*place].kind))
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
        // An alias moves between keys of one usage alone.
        let Some(place) = self.pick_of(Kind::encrypts, &["Enabled", "Disabled"]) else {
            return self.create_key();
        };
        let target = self.keys[place].arn.clone();
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
        let id = self.keys[place].arn.clone();
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
        let place = self.pick_of(Kind::rotates, &["Enabled"]);
        let Some(place) = place.filter(|place| self.keys[*place].rotations < ROTATIONS) else {
            return self.create_key();
        };
        self.rotate_at(place)
    }

    fn rotate_at(&mut self, place: usize) -> Result<(), Ended> {
        let rotations = self.keys[place].rotations + 1;
        let body = json!({ "KeyId": self.keys[place].leading() });
        let write = (
            Register::Rotations(self.keys[place].family()),
            rotations.to_string(),
        );
        self.change(place, "RotateKeyOnDemand", &body, write, |key| {
            key.rotations = rotations;
        })
    }

    fn automatic(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick_of(Kind::rotates, &["Enabled"]) else {
            return self.create_key();
        };
        let automatic = !self.keys[place].automatic;
        let operation = if automatic {
            "EnableKeyRotation"
        } else {
            "DisableKeyRotation"
        };
        let body = json!({ "KeyId": self.keys[place].leading() });
        let write = (
            Register::Automatic(self.keys[place].family()),
            automatic.to_string(),
        );
        self.change(place, operation, &body, write, |key| key.automatic = automatic)
    }

    fn enable_or_disable(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled", "Disabled"]) else {
            return self.create_key();
        };
        let id = self.keys[place].arn.clone();
        let (operation, state) = match self.keys[place].state.as_str() {
            "Enabled" => ("DisableKey", "Disabled"),
            _ => ("EnableKey", "Enabled"),
        };
        self.change_state(place, operation, &json!({ "KeyId": id }), state)
    }

    fn delete_or_keep(&mut self) -> Result<(), Ended> {
        // A primary is not deleted before its replicas, and a key without material has another state when it is kept.
        let states = ["Enabled", "Disabled", "PendingDeletion"];
        let Some(place) = self.pick_of(|kind| kind != Kind::Family, &states) else {
            return self.create_key();
        };
        let id = self.keys[place].arn.clone();
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
        let write = (Register::State(self.keys[place].arn.clone()), state.to_owned());
        self.change(place, operation, body, write, |key| key.state = state.to_owned())
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
                .any(|key| key.arn == target && !pending.contains(&key.state.as_str()))
            {
                self.call("CreateAlias", &body, Effect::None, Some("AlreadyExistsException"))?;
                return Ok(());
            }
        }
        if kind == 1
            && let Some(place) = self.pick(&["Disabled"])
        {
            let body = json!({"KeyId": self.keys[place].arn, "Plaintext": "aGVsbG8="});
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
}

impl Mine {
    fn known(arn: &str, ledger: &Ledger) -> Mine {
        let made = &ledger.keys[arn];
        let family = family_of(arn).to_owned();
        let tags = ledger.value(&Register::Tags(arn.to_owned()));
        let rotations = ledger.value(&Register::Rotations(family.clone()));
        Mine {
            arn: arn.to_owned(),
            kind: made.kind,
            description: made.description.clone(),
            state: ledger.value(&Register::State(arn.to_owned())).to_owned(),
            tags: tags
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            rotations: rotations.parse().unwrap_or(0),
            automatic: ledger.value(&Register::Automatic(family.clone())) == "true",
            replicated: ledger.relatives(arn).len() > 1,
            primary: ledger.value(&Register::Primary(family)).to_owned(),
        }
    }

    /// What its registers that all Regions share are named by.
    fn family(&self) -> String {
        family_of(&self.arn).to_owned()
    }

    /// Whether a key is this one, or its replica.
    fn has(&self, arn: &str) -> bool {
        family_of(arn) == family_of(&self.arn)
    }

    /// The ARN of the one that rotates and is replicated: the primary of a family.
    fn leading(&self) -> String {
        match self.kind {
            Kind::Family => in_region(&self.arn, &self.primary),
            _ => self.arn.clone(),
        }
    }
}

fn locked<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
