//! Work that falls due by itself, and the worker that does it.
//!
//! What is due stands in the store, in the order of time. The worker does each item by a change that re-reads the
//! item, rests on the worker's lease, and carries an audit record. An item that destroys something waits for a
//! grace first: see `grace.rs`.

use std::collections::HashSet;
use std::error::Error;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ambient::{EntropyFailed, Monotonic, Timestamp, task};
use arn::{AccountId, Place};
use audit::{Entry, EventType, Identity};
use gate::Permit;
use serde_json::{Map, Value};
use store::due::{self, Item};
use store::lease::{Lease, Rival};
use store::{CommitError, StoreError};

use crate::engine::Engine;
use crate::entry::Resource;
use crate::grace::{self, Graces};
use crate::limits;
use crate::service::{Seat, Service};
use crate::world::World;

/// One kind of work that falls due by itself.
pub trait Chore: Send + Sync {
    /// The kind of item it does, forever its own among all services.
    fn kind(&self) -> u8;

    /// Whether it destroys what can't be had back, and so waits for the grace.
    fn destroys(&self) -> bool {
        false
    }

    /// Re-reads whether the work is still to be done, and does it into `world`; `None` where there is nothing to do
    /// any more.
    fn run(&self, duty: &Permit<Duty>, world: &mut World<'_>) -> Result<Option<Event>, ChoreFailed>;
}

impl std::fmt::Debug for dyn Chore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chore({})", self.kind())
    }
}

/// Why a chore was left undone; it is tried again.
pub type ChoreFailed = Box<dyn Error + Send + Sync>;

/// One item of due work, with where its subject lives.
#[derive(Debug, Clone)]
pub struct Duty {
    /// The account and Region.
    pub place: Place,
    /// What it is about, such as a key's id.
    pub subject: Vec<u8>,
}

/// What a chore did, for the audit log.
#[derive(Debug)]
pub struct Event {
    /// `RotateKey`, `DeleteKey`.
    pub name: &'static str,
    /// Where it happened: the account and Region whose log tells of it.
    pub place: Place,
    /// What it was done to.
    pub resources: Vec<Resource>,
    /// CloudTrail's `serviceEventDetails`.
    pub details: Map<String, Value>,
}

/// The name of the worker's lease, and how long it lasts unrenewed.
const LEASE: &str = "worker";
const LEASE_SPAN: Duration = Duration::from_secs(600);
/// What CloudTrail calls a service that acts by itself.
const INTERNAL: &str = "AWS Internal";

/// Why a round of the worker ended early.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("the store can't be read")]
    Read(#[from] StoreError),
    #[error("a chore's change could not be committed")]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    #[error("somebody else holds the worker's lease")]
    NotOurs,
}

/// Keeps the worker at work for as long as the engine lives: one that ends by a fault of ours is followed by another.
pub(crate) async fn keep_working(engine: Weak<Engine>, grace: Duration) {
    while task::spawn(work(Weak::clone(&engine), grace)).await.is_err() {
        let Some(clock) = engine.upgrade().map(|engine| Arc::clone(&engine.clock)) else {
            return;
        };
        tracing::error!("background work ended by a fault of ours, and begins anew");
        clock.reaches(clock.monotonic().after(limits::WORKER_ROUND)).await;
    }
}

/// Does what falls due.
async fn work(engine: Weak<Engine>, grace: Duration) {
    let mut worker: Option<Worker> = None;
    loop {
        let Some(engine) = engine.upgrade() else { return };
        let mut revisions = engine.store.revisions();
        revisions.mark_unchanged();
        let clock = Arc::clone(&engine.clock);
        // Waits are counted from here, so that a clock that moves during a round is not missed.
        let begun_at = clock.monotonic();
        let mut wait = limits::WORKER_ROUND;
        let round = match &mut worker {
            Some(worker) => worker.round(&engine).await,
            None => Worker::begin(&engine, grace).await.map(|begun| {
                worker = Some(begun);
                Duration::ZERO
            }),
        };
        match round {
            Ok(next) => wait = wait.min(next),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn Error,
                    "background work is interrupted, and tried again"
                );
                worker = None;
                // Not at the next change at once: what failed now will likely fail then.
                drop(engine);
                clock.reaches(begun_at.after(wait)).await;
                continue;
            }
        }
        drop(engine);
        tokio::select! {
            () = clock.reaches(begun_at.after(wait)) => {}
            changed = revisions.changed() => if changed.is_err() { return },
        }
    }
}

struct Worker {
    lease: Lease,
    graces: Graces,
    /// Due work that could not be done, and until when it is passed over, so that it does not hold up the rest.
    passed_over: HashSet<Item>,
    passed_until: Monotonic,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It is done, or need not be.
    Done,
    /// It stands, and is tried again later.
    Stands,
}

impl Worker {
    async fn begin(engine: &Arc<Engine>, grace: Duration) -> Result<Worker, Interrupted> {
        let mut holder = [0; 16];
        engine.entropy.fill(&mut holder)?;
        let now = engine.clock.now();
        // The store is one process's alone, and this is another than whoever held the lease.
        let lease = Lease::acquire(&engine.store, LEASE, holder, Rival::IsGone, now, LEASE_SPAN).await?;
        let lease = lease.ok_or(Interrupted::NotOurs)?;
        let view = engine.store.snapshot().view();
        let graces = Graces::load(&view, now, engine.clock.monotonic(), grace)?;
        Ok(Worker {
            lease,
            graces,
            passed_over: HashSet::new(),
            passed_until: Monotonic::default(),
        })
    }

    /// Does all that is due, and says how long until there may be more.
    async fn round(&mut self, engine: &Arc<Engine>) -> Result<Duration, Interrupted> {
        let (now, monotonic) = (engine.clock.now(), engine.clock.monotonic());
        if self.lease.until() < now.after(LEASE_SPAN / 2)
            && !self.lease.renew(&engine.store, now, LEASE_SPAN).await?
        {
            return Err(Interrupted::NotOurs);
        }
        // First of all, so that a grace that begins below is not credited with the time before it.
        self.pass_graces(engine, now, monotonic).await?;
        if monotonic >= self.passed_until {
            self.passed_over.clear();
        }
        for item in self.due(engine, now, limits::CHORES_A_ROUND)? {
            if self.take_on(engine, &item, now).await? == Ended::Stands {
                self.passed_until = monotonic.after(limits::WORKER_ROUND);
                self.passed_over.insert(item);
            }
        }
        if self.passed_over.len() >= limits::PASSED_OVER {
            return Ok(limits::WORKER_ROUND.min(self.graces.next_check()));
        }
        let next = self.due(engine, Timestamp::from_milliseconds(i64::MAX), 1)?;
        let until_due = next
            .first()
            .map_or(limits::WORKER_ROUND, |item| item.due.since(now));
        Ok(until_due.min(self.graces.next_check()))
    }

    /// Up to `limit` items that are due at `now`, without those that are passed over.
    fn due(&self, engine: &Engine, now: Timestamp, limit: usize) -> Result<Vec<Item>, StoreError> {
        let view = engine.store.snapshot().view();
        // Most rounds find nothing, and then only the first item is looked at.
        if due::next(&view)?.is_none_or(|first| first > now) {
            return Ok(Vec::new());
        }
        let mut items = due::due(&view, now, limit.saturating_add(self.passed_over.len()))?;
        items.retain(|item| !self.passed_over.contains(item));
        items.truncate(limit);
        Ok(items)
    }

    /// Does an item, or begins its grace.
    async fn take_on(&mut self, engine: &Engine, item: &Item, now: Timestamp) -> Result<Ended, Interrupted> {
        match chore_of(engine, item.kind) {
            Some((_, chore)) if chore.destroys() => {
                self.begin_grace(engine, item, now).await.map(|()| Ended::Done)
            }
            Some((service, chore)) => self.run(engine, service, chore, item, From::DueWork).await,
            None => {
                tracing::warn!(
                    kind = item.kind,
                    "due work of a kind that this version does not know is left for one that does"
                );
                Ok(Ended::Stands)
            }
        }
    }

    /// Moves an item that destroys from the due work to the graces.
    async fn begin_grace(&mut self, engine: &Engine, item: &Item, now: Timestamp) -> Result<(), Interrupted> {
        let view = engine.store.snapshot().view();
        if !self.ours(&view)? {
            return Err(Interrupted::NotOurs);
        }
        if !due::stands(&view, item)? {
            return Ok(());
        }
        let mut change = store::Change::new();
        due::remove(&mut change, item);
        grace::put(&mut change, item, now, Duration::ZERO);
        match engine.store.commit(view.into_reads(), change).await {
            Ok(_) => self.graces.begin(item),
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Counts the uptime that passed towards each grace, and destroys what has had its whole.
    async fn pass_graces(
        &mut self,
        engine: &Engine,
        now: Timestamp,
        monotonic: Monotonic,
    ) -> Result<(), Interrupted> {
        let steps = self.graces.pass(now, monotonic);
        if steps.restarted {
            tracing::warn!(
                "the wall clock jumped, or Keystead was not running for long: keys that wait for their destruction \
                 wait for the whole grace again"
            );
        }
        if !steps.to_write.is_empty() {
            let view = engine.store.snapshot().view();
            if !self.ours(&view)? {
                return Err(Interrupted::NotOurs);
            }
            let mut change = store::Change::new();
            for (item, served) in &steps.to_write {
                if grace::stands(&view, item)? {
                    grace::put(&mut change, item, now, *served);
                }
            }
            match engine.store.commit(view.into_reads(), change).await {
                Ok(_) | Err(CommitError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for item in steps.over {
            let ended = match chore_of(engine, item.kind) {
                Some((service, chore)) => self.run(engine, service, chore, &item, From::Grace).await?,
                None => Ended::Stands,
            };
            match ended {
                Ended::Done => self.graces.end(&item),
                Ended::Stands => self.graces.put_off(&item, limits::WORKER_ROUND),
            }
        }
        Ok(())
    }

    /// Does an item. What is wrong with one item holds up no other; what is wrong with the store does.
    async fn run(
        &self,
        engine: &Engine,
        service: &Service,
        chore: &dyn Chore,
        item: &Item,
        from: From,
    ) -> Result<Ended, Interrupted> {
        for _ in 0..=limits::OPTIMISTIC_ATTEMPTS {
            let snapshot = engine.store.snapshot();
            let mut places = snapshot.places().into_iter();
            let place = places.find(|(domain, _)| *domain == item.domain);
            // The item says where its records are.
            let seen =
                place.and_then(|(_, place)| Some((engine.view_of(&snapshot, Seat::Region, &place)?, place)));
            let Some((view, place)) = seen else {
                tracing::error!(kind = item.kind, "due work names a place that does not exist");
                return Ok(Ended::Stands);
            };
            if !self.ours(view.store())? {
                return Err(Interrupted::NotOurs);
            }
            let stands = match from {
                From::DueWork => due::stands(view.store(), item)?,
                From::Grace => grace::stands(view.store(), item)?,
            };
            if !stands {
                return Ok(Ended::Done);
            }
            let mut world = World::new(engine, &view, true);
            let duty = Duty {
                place: place.clone(),
                subject: item.subject.clone(),
            };
            let permit = gate::permit_internal(duty, []);
            let event = match chore.run(&permit, &mut world) {
                Ok(event) => event,
                Err(error) => {
                    tracing::error!(
                        kind = item.kind, %place.account, %place.region, error = &*error as &dyn Error,
                        "due work could not be done, and is tried again"
                    );
                    return Ok(Ended::Stands);
                }
            };
            let (mut change, _, others) = world.into_parts();
            match from {
                From::DueWork => due::remove(&mut change, item),
                From::Grace => grace::remove(&mut change, item),
            }
            for event in event.iter().chain(&others) {
                change.record(record(engine, service, event)?);
            }
            match engine.store.commit(view.into_reads(), change).await {
                Ok(_) => {
                    let ended = event.filter(|event| service.endings.contains(&event.name));
                    for gone in ended.iter().flat_map(|event| &event.resources) {
                        engine.last_uses.forget(&gone.arn);
                    }
                    return Ok(Ended::Done);
                }
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Its subject is changed all the time: it is tried again later.
        Ok(Ended::Stands)
    }

    fn ours(&self, view: &store::View) -> Result<bool, StoreError> {
        Ok(self.lease.join(view)?.is_ok())
    }
}

/// Where an item stands.
#[derive(Clone, Copy)]
enum From {
    DueWork,
    Grace,
}

/// The chore of a kind, and the service it belongs to.
fn chore_of(engine: &Engine, kind: u8) -> Option<(&'static Service, &'static dyn Chore)> {
    let of = |service: &&'static Service| {
        let mut chores = service.chores.iter().copied();
        Some((*service, chores.find(|chore| chore.kind() == kind)?))
    };
    engine.services.iter().find_map(of)
}

/// The record of an event of `service`.
pub(crate) fn record(engine: &Engine, service: &Service, event: &Event) -> Result<Vec<u8>, EntropyFailed> {
    let details = Value::from(event.details.clone()).to_string();
    service_event(
        engine,
        event.place.account,
        event.place.region.as_str(),
        service.event_source,
        event.name,
        &event.resources,
        Some(&details),
    )
}

/// The record of something that the installation did to itself.
pub(crate) fn installation_event(
    engine: &Engine,
    account: AccountId,
    name: &str,
    details: Option<&str>,
) -> Result<Vec<u8>, EntropyFailed> {
    let region = engine.regions.first().map_or("us-east-1", arn::Region::as_str);
    service_event(engine, account, region, "keystead.internal", name, &[], details)
}

fn service_event(
    engine: &Engine,
    account: AccountId,
    region: &str,
    source: &str,
    name: &str,
    resources: &[Resource],
    details: Option<&str>,
) -> Result<Vec<u8>, EntropyFailed> {
    let resources = resources.iter();
    let entry = Entry {
        event_id: engine.entropy.uuid()?,
        time: engine.clock.now(),
        event_type: EventType::ServiceEvent,
        event_source: source,
        event_name: name,
        region,
        recipient: account,
        identity: Identity {
            kind: None,
            principal_id: None,
            arn: None,
            account: Some(account),
            access_key_id: None,
            user_name: None,
            session: None,
            invoked_by: Some(INTERNAL),
            identity_provider: None,
        },
        source_ip: INTERNAL,
        user_agent: Some(INTERNAL),
        request_id: None,
        read_only: false,
        error_code: None,
        error_message: None,
        request_parameters: None,
        response_elements: None,
        additional: None,
        service_event_details: details,
        resources: resources
            .map(|Resource { arn, kind }| audit::Resource {
                arn: arn.as_str(),
                kind,
                account: arn.account(),
            })
            .collect(),
        tls: None,
        shared_event_id: None,
    };
    Ok(entry.encode())
}
