//! One record for each authenticated call, whatever becomes of it; and due work that goes on, whatever it meets. Over a
//! service made for it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ambient::{Clock, ManualClock, SystemEntropy, Timestamp, task};
use arn::{AccountId, Arn};
use audit::{Reader, Start};
use crypto::root::RootKey;
use engine::{
    Action, Authority, Chore, ChoreFailed, Demand, Demands, Duty, Engine, Event, Failure, Installation, Miss,
    Nothing, Operation, Options, Outcome, Peer, Permit, Request, Resource, Service, Targets, View, World,
};
use http::{HeaderMap, HeaderValue, Method};
use identity::NewAccessKey;
use model::{OperationSpec, Shape};
use policy::{Kind, Policy};
use secret::{LockedKey, SecretBuffer, SecretString};
use serde_json::{Map, Value};
use sigv4::sign::Signer;
use store::StoreOptions;
use store::due::{self, Item};
use store::suite::Site;
use store::suite::memory::{Fault, Memory};
use tokio::sync::Semaphore;

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const FRIEND: &str = "777788889999";
const BEGIN: Timestamp = Timestamp::from_seconds(1_700_000_000);
const PATIENCE: usize = 5_000;

/// What the operations of this service are about: a thing of this account.
struct Thing(AccountId);

impl Thing {
    fn arn(&self) -> Arn {
        format!("arn:aws:toy:us-east-1:{}:thing/1", self.0)
            .parse()
            .unwrap()
    }

    /// The things of [`FRIEND`] are open to everybody, those of others to their accounts alone.
    fn demand(&self) -> Demands {
        let open = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"toy:*","Resource":"*"}]}"#;
        let authority = match self.0.to_string() == FRIEND {
            true => Authority::Resource(Arc::new(Policy::parse(open, Kind::Key).unwrap().compile())),
            false => Authority::Identity,
        };
        Demands::of(Demand {
            action: Touch::NAME,
            resource: self.arn(),
            owner: self.0,
            authority,
        })
    }
}

impl Targets for Thing {
    fn resources(&self) -> Vec<Resource> {
        vec![Resource {
            arn: self.arn(),
            kind: "Toy::Thing",
        }]
    }
}

struct Touch;

impl Action for Touch {
    const NAME: &'static str = "toy:Touch";
}

#[derive(Debug)]
struct Refused;

impl From<Refused> for Failure {
    fn from(_: Refused) -> Failure {
        Failure::silent("ToyException", 400)
    }
}

impl From<store::StoreError> for Refused {
    fn from(_: store::StoreError) -> Refused {
        Refused
    }
}

#[derive(Debug, Shape)]
struct Input {
    /// Whose thing it is.
    #[shape(audit = log)]
    owner: Option<String>,
    /// A kind of due work to add.
    #[shape(audit = log)]
    kind: Option<i32>,
}

macro_rules! operation {
    ($name:ident, $spec:ident, |$input:ident, $world:ident| $act:expr) => {
        struct $name;

        impl Operation for $name {
            const SPEC: OperationSpec = OperationSpec::$spec(stringify!($name)).without_output();
            type Input = Input;
            type Output = Nothing;
            type Targets = Thing;
            type Error = Refused;

            fn locate(input: &Input, view: &View) -> Result<Thing, Miss<Refused>> {
                let owner = input.owner.as_ref().map(|owner| owner.parse().unwrap());
                Ok(Thing(owner.unwrap_or(view.place().account)))
            }

            fn demands(_: &Input, thing: &Thing, _: &View) -> Demands {
                thing.demand()
            }

            fn check(input: &Input, _: &Permit<Thing>, _: &View) -> Result<(), Refused> {
                match input.kind {
                    Some(0) => Err(Refused),
                    _ => Ok(()),
                }
            }

            async fn act($input: &Input, _: &Permit<Thing>, $world: &mut World<'_>) -> Outcome<Self> {
                $act
                Ok(Nothing {})
            }
        }
    };
}

static SLOW: Semaphore = Semaphore::const_new(0);
static SLOWLY_FAULTY: Semaphore = Semaphore::const_new(0);

operation!(Fine, reads, |_input, _world| {});
operation!(Faulty, reads, |input, _world| {
    assert!(input.kind.is_some(), "a fault of ours, on purpose");
});
operation!(Slow, reads, |_input, _world| {
    SLOW.acquire().await.unwrap().forget();
});
operation!(SlowlyFaulty, reads, |input, _world| {
    SLOWLY_FAULTY.acquire().await.unwrap().forget();
    assert!(input.kind.is_some(), "a fault of ours, on purpose");
});
operation!(AddWork, writes, |input, world| {
    let kind = u8::try_from(input.kind.unwrap()).unwrap();
    let item = Item {
        // In the order of their kinds.
        due: world.now().after(Duration::from_secs(u64::from(kind))),
        kind,
        domain: world.view().domain(),
        subject: vec![1],
    };
    due::put(world.change(), &item);
});

operation!(CountRefusals, writes, |input, world| {
    let (due, domain) = (world.now(), world.view().domain());
    let item = |subject| Item {
        due,
        kind: DONE,
        domain,
        subject: vec![subject],
    };
    due::put(world.change(), &item(1));
    due::put(world.change_of_refusal(), &item(2));
    if input.kind.is_none() {
        return Err(Refused);
    }
});

/// Tells policies of a second factor, and proves none.
struct Claim;

impl Operation for Claim {
    const SPEC: OperationSpec = OperationSpec::writes("Claim").without_output();
    type Input = Input;
    type Output = Nothing;
    type Targets = Thing;
    type Error = Refused;

    fn locate(_: &Input, view: &View) -> Result<Thing, Miss<Refused>> {
        Ok(Thing(view.place().account))
    }

    fn demands(_: &Input, thing: &Thing, _: &View) -> Demands {
        thing.demand()
    }

    fn proves_second_factor(input: &Input) -> bool {
        input.kind.is_some()
    }

    async fn act(_: &Input, _: &Permit<Thing>, _: &mut World<'_>) -> Outcome<Self> {
        Ok(Nothing {})
    }
}

/// Work of no chore, work that always fails, work that panics once, and work that is done.
const UNKNOWN: u8 = 1;
const FAILING: u8 = 2;
const PANICKING: u8 = 3;
const DONE: u8 = 4;

struct Work(u8);

static PANICKED: AtomicBool = AtomicBool::new(false);

impl Chore for Work {
    fn kind(&self) -> u8 {
        self.0
    }

    fn run(&self, work: &Permit<Duty>, _: &mut World<'_>) -> Result<Option<Event>, ChoreFailed> {
        match self.0 {
            FAILING => Err("on purpose".into()),
            PANICKING if !PANICKED.swap(true, Ordering::Relaxed) => panic!("on purpose"),
            PANICKING => Ok(None),
            _ => Ok(Some(Event {
                name: "WorkDone",
                place: work.targets().place.clone(),
                resources: Vec::new(),
                details: Map::new(),
            })),
        }
    }
}

static TOY: Service = Service {
    name: "toy",
    event_source: "toy.amazonaws.com",
    wire: protocol::Wire::AwsJson { target: "Toy" },
    seat: engine::Seat::Region,
    signed: sigv4::Service::usual("toy"),
    tables: &[],
    operations: &[
        &Fine,
        &Faulty,
        &Slow,
        &SlowlyFaulty,
        &AddWork,
        &CountRefusals,
        &Claim,
    ],
    chores: &[&Work(FAILING), &Work(PANICKING), &Work(DONE)],
    explain: engine::by_identity,
    endings: &[],
    internal_error: "ToyInternalException",
};

static SERVICES: &[&Service] = &[&TOY];

struct Town {
    engine: Arc<Engine>,
    clock: Arc<ManualClock>,
    key: NewAccessKey,
    audit: tempfile::TempDir,
    memory: Memory,
}

impl Town {
    async fn start() -> Town {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let audit = tempfile::tempdir().unwrap();
        let memory = Memory::new();
        let root = RootKey::from_key(LockedKey::copied_from(&[7; 32]).unwrap()).unwrap();
        let installation = Installation::open(Options {
            audit: audit.path(),
            log: audit::Options::default(),
            backend: memory.open().unwrap(),
            root: Box::new(root),
            store: StoreOptions::new(),
            services: SERVICES,
            regions: vec!["us-east-1".parse().unwrap()],
            destruction_grace: Duration::from_secs(3600),
            attestations: attestation::Verifier::trusting([attestation::NITRO_ROOT]).unwrap(),
            issuers: engine::Issuers::none(Arc::clone(&clock) as Arc<dyn Clock>),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            on_unknown_members: Arc::new(|_| {}),
        })
        .unwrap();
        let key = NewAccessKey::draw(&SystemEntropy).unwrap();
        installation
            .create_account(OWN.parse().unwrap(), &key)
            .await
            .unwrap();
        Town {
            engine: installation.start().await.unwrap(),
            clock,
            key,
            audit,
            memory,
        }
    }

    fn request(&self, operation: &str, body: &str) -> Request {
        let mut headers = HeaderMap::new();
        let mut header = |name, value: &str| headers.insert(name, HeaderValue::from_str(value).unwrap());
        header("host", "localhost");
        header("content-type", "application/x-amz-json-1.1");
        header("x-amz-target", &format!("Toy.{operation}"));
        let secret = SecretString::new(self.key.secret.expose().to_owned());
        let signer = Signer::new(
            self.key.id.as_str(),
            secret,
            "us-east-1",
            sigv4::Service::usual("toy"),
        );
        signer
            .sign("POST", "/", "", &mut headers, body.as_bytes(), self.clock.now())
            .unwrap();
        Request {
            method: Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers,
            body: SecretBuffer::from_vec(body.as_bytes().to_vec()),
            peer: Peer {
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                tls: None,
            },
        }
    }

    async fn call(&self, operation: &str, body: &str) -> &'static str {
        self.engine.answer(self.request(operation, body)).await.outcome
    }

    /// The records of `operation` so far.
    async fn records(&self, name: &str) -> Vec<Value> {
        assert_eq!(self.call("Fine", "{}").await, "ok");
        let mut reader = Reader::open(self.audit.path(), Start::Oldest).unwrap();
        let mut records = Vec::new();
        while let Some(frame) = reader.read().unwrap() {
            let record: Value = serde_json::from_str(&audit::render(&frame.entry().unwrap())).unwrap();
            if record["eventName"] == name {
                records.push(record);
            }
        }
        records
    }

    async fn first_record(&self, name: &str, step: Duration) -> Value {
        for _ in 0..PATIENCE {
            if let Some(record) = self.records(name).await.into_iter().next() {
                return record;
            }
            self.clock.advance(step);
            tokio::task::yield_now().await;
        }
        panic!("{name} was never recorded");
    }
}

#[tokio::test]
async fn a_call_that_meets_a_fault_of_ours_is_recorded_once_as_failed() {
    let town = Town::start().await;
    assert_eq!(town.call("Faulty", "{}").await, "ToyInternalException");
    let records = town.records("Faulty").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["errorCode"], "ToyInternalException");
}

#[tokio::test]
async fn a_fault_is_recorded_though_the_client_has_gone() {
    let town = Town::start().await;
    let request = town.request("SlowlyFaulty", "{}");
    let answer = task::spawn({
        let engine = Arc::clone(&town.engine);
        async move { engine.answer(request).await }
    });
    // Another call's record takes its time, in which this one begins.
    town.records("Fine").await;
    answer.abort();
    assert!(answer.await.is_err());
    SLOWLY_FAULTY.add_permits(1);
    let record = town.first_record("SlowlyFaulty", Duration::ZERO).await;
    assert_eq!(record["errorCode"], "ToyInternalException");
    assert_eq!(town.records("SlowlyFaulty").await.len(), 1);
}

#[tokio::test]
async fn a_call_goes_on_to_its_record_past_the_deadline_of_its_answer() {
    let town = Town::start().await;
    let request = town.request("Slow", "{}");
    let answer = task::spawn({
        let engine = Arc::clone(&town.engine);
        async move { engine.answer(request).await.outcome }
    });
    // Another call's record takes its time, in which this one begins.
    town.records("Fine").await;
    town.clock.advance(engine::limits::WALK_DEADLINE);
    assert_eq!(answer.await.unwrap(), "ToyInternalException");
    assert!(town.records("Slow").await.is_empty());
    SLOW.add_permits(1);
    let record = town.first_record("Slow", Duration::ZERO).await;
    assert_eq!(record["errorCode"], Value::Null);
    assert_eq!(town.records("Slow").await.len(), 1);
}

#[tokio::test]
async fn the_record_of_a_call_denied_abroad_does_not_tell_what_is_there() {
    let town = Town::start().await;
    let body = format!(r#"{{"Owner":"{OTHER}"}}"#);
    assert_eq!(town.call("Fine", &body).await, "AccessDeniedException");
    let denied = town.records("Fine").await.swap_remove(0);
    assert_eq!(denied["errorCode"], "AccessDenied");
    assert!(
        denied["resources"].as_array().is_none_or(Vec::is_empty),
        "{denied}"
    );
}

#[tokio::test]
async fn the_owner_of_what_a_foreign_call_reached_gets_a_record_of_its_own() {
    let town = Town::start().await;
    for (kind, outcome) in [(1, "ok"), (0, "ToyException")] {
        let town = &town;
        let body = format!(r#"{{"Owner":"{FRIEND}","Kind":{kind}}}"#);
        let before = town.records("Fine").await.len();
        assert_eq!(town.call("Fine", &body).await, outcome);
        let records = town.records("Fine").await;
        let [own, owners] = &records[before..before + 2] else {
            panic!("{records:?}")
        };
        assert_eq!(
            (&own["recipientAccountId"], &owners["recipientAccountId"]),
            (&OWN.into(), &FRIEND.into())
        );
        assert_eq!(own["requestID"], owners["requestID"]);
        assert!(own["sharedEventID"].is_string());
        assert_eq!(own["sharedEventID"], owners["sharedEventID"]);
        assert_ne!(own["eventID"], owners["eventID"]);
        assert_eq!(own["errorCode"], owners["errorCode"]);
        let identity = serde_json::json!({"type": "AWSAccount", "principalId": OWN, "accountId": OWN});
        assert_eq!(owners["userIdentity"], identity);
        assert_eq!(own["userIdentity"]["type"], "Root");
    }
}

#[tokio::test]
async fn due_work_that_can_not_be_done_holds_up_no_other() {
    let town = Town::start().await;
    for kind in [UNKNOWN, FAILING, PANICKING, DONE] {
        assert_eq!(town.call("AddWork", &format!(r#"{{"Kind":{kind}}}"#)).await, "ok");
    }
    let done = town.first_record("WorkDone", Duration::from_secs(1)).await;
    assert_eq!(done["eventSource"], TOY.event_source);
    assert!(PANICKED.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_refusal_may_change_what_counts_it_and_nothing_else() {
    let town = Town::start().await;
    assert_eq!(town.call("CountRefusals", "{}").await, "ToyException");
    let records = town.records("CountRefusals").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["errorCode"], "ToyException");
    // Work is there that the refusal left, and none that the call would have.
    town.first_record("WorkDone", Duration::from_secs(1)).await;
    assert_eq!(town.records("WorkDone").await.len(), 1);
    // A call that succeeds leaves its own alone.
    assert_eq!(town.call("CountRefusals", r#"{"Kind":1}"#).await, "ok");
    while town.records("WorkDone").await.len() < 2 {
        town.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_second_factor_that_was_claimed_has_to_be_proved() {
    let town = Town::start().await;
    assert_eq!(town.call("Claim", "{}").await, "ok");
    assert_eq!(town.call("Claim", r#"{"Kind":1}"#).await, "ToyInternalException");
}

#[tokio::test]
async fn a_refusal_that_can_not_be_committed_is_not_told() {
    let town = Town::at_rest().await;
    town.memory.plan([Some(Fault::Broken)]);
    town.memory.fail_reopenings(usize::MAX);
    assert_eq!(town.call("CountRefusals", "{}").await, "ToyInternalException");
    town.memory.calm();
    assert_eq!(town.call("CountRefusals", "{}").await, "ToyException");
}

impl Town {
    /// Started, and with a worker that has nothing to commit any more.
    async fn at_rest() -> Town {
        let town = Town::start().await;
        assert_eq!(town.call("AddWork", &format!(r#"{{"Kind":{DONE}}}"#)).await, "ok");
        town.first_record("WorkDone", Duration::from_secs(1)).await;
        town
    }

    /// The error codes of the changes recorded after the one that brought the town to rest.
    async fn changes(&self) -> Vec<Value> {
        let records = self.records("AddWork").await.split_off(1);
        records
            .into_iter()
            .map(|record| record["errorCode"].clone())
            .collect()
    }

    async fn change(&self) -> &'static str {
        self.call("AddWork", r#"{"Kind":100}"#).await
    }

    /// A caller waits for a change of unknown outcome, and the store does not come back.
    async fn change_in_doubt(&self, fault: Fault) -> task::JoinHandle<&'static str> {
        self.memory.plan([Some(fault)]);
        self.memory.fail_reopenings(usize::MAX);
        let request = self.request("AddWork", r#"{"Kind":100}"#);
        let answer = task::spawn({
            let engine = Arc::clone(&self.engine);
            async move { engine.answer(request).await.outcome }
        });
        while self.engine.readiness().is_ok() {
            tokio::task::yield_now().await;
        }
        answer
    }
}

/// What is recorded of a change whose commit failed like this.
const ENDS: [(Fault, Option<&str>); 2] = [(Fault::Lost, Some("ToyInternalException")), (Fault::Kept, None)];

#[tokio::test]
async fn a_change_of_unknown_outcome_is_answered_and_recorded_once_as_what_it_came_to() {
    for (fault, error) in ENDS {
        let town = Town::at_rest().await;
        town.memory.plan([Some(fault)]);
        town.memory.fail_reopenings(2 * store::limits::REOPENINGS);
        assert_eq!(town.change().await, error.unwrap_or("ok"));
        assert_eq!(town.changes().await, [Value::from(error)]);
        town.engine.close().await;
    }
}

#[tokio::test]
async fn a_change_whose_outcome_stays_unknown_past_the_deadline_is_recorded_when_it_is_known() {
    for (fault, error) in ENDS {
        let town = Town::at_rest().await;
        let answer = town.change_in_doubt(fault).await;
        town.clock.advance(engine::limits::WALK_DEADLINE);
        assert_eq!(answer.await.unwrap(), "ToyInternalException");
        assert!(town.changes().await.is_empty());
        town.memory.calm();
        while town.changes().await.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(town.changes().await, [Value::from(error)]);
    }
}

#[tokio::test]
async fn a_store_that_does_not_come_back_does_not_hold_up_the_end() {
    let town = Town::at_rest().await;
    let answer = town.change_in_doubt(Fault::Kept).await;
    let end = task::spawn({
        let engine = Arc::clone(&town.engine);
        async move { engine.close().await }
    });
    while !end.is_finished() {
        town.clock.advance(engine::limits::WALK_DEADLINE);
        tokio::task::yield_now().await;
    }
    assert_eq!(answer.await.unwrap(), "ToyInternalException");
}

#[tokio::test]
async fn an_installation_is_not_ready_while_its_store_fails() {
    let town = Town::at_rest().await;
    town.engine.readiness().unwrap();
    town.memory.plan([Some(Fault::Broken)]);
    town.memory.fail_reopenings(usize::MAX);
    assert_eq!(town.change().await, "ToyInternalException");
    let wrong = town.engine.readiness().unwrap_err();
    assert!(
        wrong.starts_with("the store failed: ") && !wrong.contains('\n'),
        "{wrong}"
    );
    town.memory.calm();
    assert_eq!(town.change().await, "ok");
    town.engine.readiness().unwrap();

    town.memory.plan([Some(Fault::Garbled)]);
    assert_eq!(town.change().await, "ToyInternalException");
    let wrong = town.engine.readiness().unwrap_err();
    assert!(wrong.contains("restore the whole store from a backup"), "{wrong}");
    assert!(!wrong.contains('\n'), "{wrong}");
    // What only reads is answered still.
    assert_eq!(town.call("Fine", "{}").await, "ok");
}
