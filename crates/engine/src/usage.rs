//! When each resource was last used, and by which call.
//!
//! It is kept in memory, a row for each resource that was ever used, and comes out of the audit log: a call counts once its
//! record is durable, and a start reads the log again, from the last [checkpoint] on.

mod checkpoint;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ambient::Timestamp;
use ambient::pool::Pool;
use arn::Arn;
use audit::{Entry, EventType, Reader, Start};
use uuid::Uuid;

use crate::engine::Engine;
use crate::limits;
use crate::service::Service;

/// Parts of the map, each with a lock of its own, so that calls about different resources don't wait for each other.
const SHARDS: usize = 64;

/// The last use of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastUse {
    /// The operation.
    pub operation: &'static str,
    /// When it was called.
    pub time: Timestamp,
    /// The event of its record, in the log of the account that owns the resource.
    pub event_id: Uuid,
    /// The call's request id.
    pub request_id: Uuid,
}

/// The last use of every resource that was used since the log began.
pub(crate) struct LastUses {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<Box<str>, LastUse>>>,
    since: Timestamp,
}

impl LastUses {
    /// Of a log that begins at `since`, none so far.
    fn since(since: Timestamp) -> LastUses {
        LastUses {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            since,
        }
    }

    /// Reads the log in `dir`, from the checkpoint on where there is one. A log that can't be read tells of nothing before
    /// `now`; what is wrong with it is not for here to say.
    pub(crate) fn load(
        dir: &Path,
        log_id: [u8; 16],
        services: &[&'static Service],
        now: Timestamp,
    ) -> LastUses {
        let mut tally = checkpoint::read(dir, log_id, services).unwrap_or_else(|| Tally::new(log_id));
        if let Err(error) = tally.read_on(dir, services, None) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "when keys were last used could not be read from the audit log, and is told from now on"
            );
            tally = Tally::new(log_id);
        }
        let uses = LastUses::since(tally.since.unwrap_or(now));
        for (resource, last) in tally.rows {
            uses.shard(&resource).insert(resource, last);
        }
        uses
    }

    /// From when on uses are known.
    pub(crate) fn known_since(&self) -> Timestamp {
        self.since
    }

    /// The last use of a resource; `None` if it was not used since uses are known.
    pub(crate) fn of(&self, resource: &Arn) -> Option<LastUse> {
        self.shard(resource.as_str()).get(resource.as_str()).copied()
    }

    /// Notes a use, unless a later one is known.
    pub(crate) fn note(&self, resource: &Arn, last: LastUse) {
        let mut shard = self.shard(resource.as_str());
        match shard.get_mut(resource.as_str()) {
            Some(known) if known.time <= last.time => *known = last,
            Some(_) => {}
            None => {
                shard.insert(resource.as_str().into(), last);
            }
        }
    }

    /// Forgets a resource that is no more.
    pub(crate) fn forget(&self, resource: &Arn) {
        self.shard(resource.as_str()).remove(resource.as_str());
    }

    fn shard(&self, resource: &str) -> MutexGuard<'_, HashMap<Box<str>, LastUse>> {
        let hash = self.hasher.hash_one(resource);
        let place = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        // INVARIANT: there are SHARDS of them, and the remainder is less.
        #[allow(clippy::indexing_slicing, reason = "the line above")]
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for LastUses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LastUses(since {})", self.since)
    }
}

/// What a stretch of the log says of uses.
#[derive(Debug)]
struct Tally {
    log_id: [u8; 16],
    /// The sequence number of the first record that was not read.
    next: u64,
    /// The time of the log's first record.
    since: Option<Timestamp>,
    rows: HashMap<Box<str>, LastUse>,
}

impl Tally {
    fn new(log_id: [u8; 16]) -> Tally {
        Tally {
            log_id,
            next: 0,
            since: None,
            rows: HashMap::new(),
        }
    }

    /// Reads on, to the end there is now, or to where the segment `before` begins.
    fn read_on(
        &mut self,
        dir: &Path,
        services: &[&'static Service],
        before: Option<u64>,
    ) -> Result<(), audit::AuditError> {
        for frame in Reader::open(dir, Start::Sequence(self.next))? {
            let frame = frame?;
            if before == Some(frame.segment) {
                break;
            }
            self.count(&frame, services);
        }
        Ok(())
    }

    /// Counts one record; one that this version can't read tells nothing.
    fn count(&mut self, frame: &audit::Frame, services: &[&'static Service]) {
        self.next = frame.sequence + 1;
        let Ok(entry) = frame.entry() else { return };
        self.since.get_or_insert(entry.time);
        let service = services
            .iter()
            .find(|service| service.event_source == entry.event_source);
        let Some(service) = service else { return };
        if entry.event_type == EventType::ServiceEvent {
            if service.endings.contains(&entry.event_name) {
                for gone in &entry.resources {
                    self.rows.remove(gone.arn);
                }
            }
            return;
        }
        if let Some(last) = use_in(&entry, service) {
            let own = entry
                .resources
                .iter()
                .filter(|used| used.account == Some(entry.recipient));
            for used in own {
                match self.rows.get_mut(used.arn) {
                    Some(known) if known.time > last.time => {}
                    Some(known) => *known = last,
                    None => {
                        self.rows.insert(used.arn.into(), last);
                    }
                }
            }
        }
    }
}

/// The use that a call's record tells of: a success of an operation that uses its resources.
fn use_in(entry: &Entry<'_>, service: &Service) -> Option<LastUse> {
    let spec = service.operation(entry.event_name)?.spec();
    (spec.uses_resources && entry.error_code.is_none()).then_some(LastUse {
        operation: spec.name,
        time: entry.time,
        event_id: entry.event_id,
        request_id: entry.request_id?,
    })
}

/// Writes a checkpoint whenever a segment of the log was closed, for as long as there is an engine.
pub(crate) async fn keep_checkpoints(engine: Weak<Engine>, dir: PathBuf, log_id: [u8; 16], pool: Arc<Pool>) {
    loop {
        let Some((clock, services)) = engine
            .upgrade()
            .map(|engine| (Arc::clone(&engine.clock), engine.services))
        else {
            return;
        };
        clock.reaches(clock.monotonic().after(limits::WORKER_ROUND)).await;
        let dir = dir.clone();
        // It reads much and hurries nobody.
        let done = pool
            .run(move || checkpoint::advance(&dir, log_id, services))
            .await;
        if let Ok(Err(error)) = done {
            tracing::warn!(
                error = &*error as &dyn std::error::Error,
                "no checkpoint of last uses could be written; a start reads more of the audit log"
            );
        }
    }
}

#[cfg(test)]
mod tests;
