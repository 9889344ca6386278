//! Work that falls due by itself, and the worker that does it.
//!
//! What is due stands in the store, in the order of time. The worker does each item by a change that re-reads the
//! item, rests on the worker's lease, and carries an audit record. An item that destroys something waits for a
//! grace first: see `grace.rs`.

use std::error::Error;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ambient::{EntropyFailed, Monotonic, Timestamp};
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
    #[error("a chore could not be done")]
    Chore(#[source] ChoreFailed),
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    #[error("somebody else holds the worker's lease")]
    NotOurs,
}

/// Does what falls due, for as long as the engine lives.
pub(crate) async fn work(engine: Weak<Engine>, grace: Duration) {
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
        Ok(Worker { lease, graces })
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
        let items = due::due(&engine.store.snapshot().view(), now, limits::CHORES_A_ROUND)?;
        let more = items.len() == limits::CHORES_A_ROUND;
        for item in items {
            match chore_of(engine, item.kind) {
                Some(chore) if chore.destroys() => self.begin_grace(engine, &item, now).await?,
                Some(chore) => self.run(engine, chore, &item, From::DueWork).await?,
                None => tracing::warn!(
                    kind = item.kind,
                    "due work of a kind that this version does not know"
                ),
            }
        }
        if more {
            return Ok(Duration::ZERO);
        }
        let next = due::next(&engine.store.snapshot().view())?;
        let until_due = next.map_or(limits::WORKER_ROUND, |due| {
            due.since(now).max(Duration::from_millis(1))
        });
        Ok(until_due.min(self.graces.next_check()))
    }

    /// Moves an item that destroys from the due work to the graces.
    async fn begin_grace(&mut self, engine: &Engine, item: &Item, now: Timestamp) -> Result<(), Interrupted> {
        let view = engine.store.snapshot().view();
        if !self.ours(&view)? || !due::stands(&view, item)? {
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
            if let Some(chore) = chore_of(engine, item.kind) {
                self.run(engine, chore, &item, From::Grace).await?;
            }
            self.graces.end(&item);
        }
        Ok(())
    }

    async fn run(
        &self,
        engine: &Engine,
        chore: &dyn Chore,
        item: &Item,
        from: From,
    ) -> Result<(), Interrupted> {
        for _ in 0..=limits::OPTIMISTIC_ATTEMPTS {
            let snapshot = engine.store.snapshot();
            let place = snapshot
                .places()
                .into_iter()
                .find(|(domain, _)| *domain == item.domain);
            let Some((_, place)) = place else { return Ok(()) };
            let Some(view) = engine.view_of(&snapshot, &place) else {
                return Ok(());
            };
            let stands = match from {
                From::DueWork => due::stands(view.store(), item)?,
                From::Grace => grace::stands(view.store(), item)?,
            };
            if !self.ours(view.store())? || !stands {
                return Ok(());
            }
            let mut world = World::new(engine, &view, None);
            let duty = Duty {
                place: place.clone(),
                subject: item.subject.clone(),
            };
            let permit = gate::permit_internal(duty, []);
            let event = chore.run(&permit, &mut world).map_err(Interrupted::Chore)?;
            let (mut change, _) = world.into_parts();
            match from {
                From::DueWork => due::remove(&mut change, item),
                From::Grace => grace::remove(&mut change, item),
            }
            if let Some(event) = event {
                change.record(record(engine, &place, &event)?);
            }
            match engine.store.commit(view.into_reads(), change).await {
                Ok(_) => return Ok(()),
                Err(CommitError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommitError::Conflict.into())
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

fn chore_of(engine: &Engine, kind: u8) -> Option<&'static dyn Chore> {
    engine
        .services
        .iter()
        .flat_map(|service| service.chores)
        .copied()
        .find(|chore| chore.kind() == kind)
}

fn record(engine: &Engine, place: &Place, event: &Event) -> Result<Vec<u8>, EntropyFailed> {
    let details = Value::from(event.details.clone()).to_string();
    let service = engine.services.iter().find(|service| !service.chores.is_empty());
    let source = service.map_or("kms.amazonaws.com", |service| service.event_source);
    service_event(
        engine,
        place.account,
        place.region.as_str(),
        source,
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
) -> Result<Vec<u8>, EntropyFailed> {
    let region = engine.regions.first().map_or("us-east-1", arn::Region::as_str);
    service_event(engine, account, region, "keystead.internal", name, &[], None)
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
