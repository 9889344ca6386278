//! When each resource was last used, and by which call; and when each caller last called.
//!
//! It is kept in memory, a row for each resource that was ever used and for each access key that ever signed, and comes out of the
//! audit log: a call counts once its record is durable, and a start reads the log again, from the last [checkpoint] on.

mod checkpoint;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ambient::Timestamp;
use ambient::pool::Pool;
use arn::{Arn, Region};
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

/// The last call that was signed with an access key, or that a principal made to a service, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCall {
    /// The service: `kms`.
    pub service: &'static str,
    /// The Region that answered.
    pub region: Region,
    /// When it was made.
    pub time: Timestamp,
}

/// Who makes a call: what its last call is kept under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CalledBy<'c> {
    /// The access key that signed.
    pub(crate) access_key: Option<&'c str>,
    /// The unique id of the principal; of a session that of its role or user.
    pub(crate) principal: Option<&'c str>,
}

impl<'c> CalledBy<'c> {
    /// Of a unique id as records have it: `AROA…:session` of a role's session.
    fn recorded(access_key: Option<&'c str>, principal: Option<&'c str>) -> CalledBy<'c> {
        CalledBy {
            access_key,
            principal: principal.and_then(|id| id.split(':').next()),
        }
    }

    /// What is kept of a call to a service.
    fn rows(self, service: &str) -> impl Iterator<Item = Box<str>> {
        // Keys of sessions are many, and nobody asks for them.
        let lasting = self
            .access_key
            .filter(|key| !key.starts_with(identity::TEMPORARY));
        let entity = self
            .principal
            .filter(|id| id.starts_with("AIDA") || id.starts_with("AROA"));
        let key = lasting.map(Into::into);
        key.into_iter().chain(entity.map(|id| row_of(id, service)))
    }
}

fn row_of(principal: &str, service: &str) -> Box<str> {
    format!("{principal}/{service}").into()
}

/// Rows by name, in parts with a lock each.
struct Rows<V> {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<Box<str>, V>>>,
}

impl<V: Clone> Rows<V> {
    fn new() -> Rows<V> {
        Rows {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    fn get(&self, name: &str) -> Option<V> {
        self.shard(name).get(name).cloned()
    }

    fn shard(&self, name: &str) -> MutexGuard<'_, HashMap<Box<str>, V>> {
        let hash = self.hasher.hash_one(name);
        let place = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        // INVARIANT: there are SHARDS of them, and the remainder is less.
        #[allow(clippy::indexing_slicing, reason = "the line above")]
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last use of every resource, and the last call of every caller, since the log began.
pub(crate) struct LastUses {
    resources: Rows<LastUse>,
    callers: Rows<LastCall>,
    since: Timestamp,
}

impl LastUses {
    /// Of a log that begins at `since`, none so far.
    fn since(since: Timestamp) -> LastUses {
        LastUses {
            resources: Rows::new(),
            callers: Rows::new(),
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
            uses.resources.shard(&resource).insert(resource, last);
        }
        for (row, last) in tally.callers {
            uses.note_call(row, last);
        }
        uses
    }

    /// From when on uses are known.
    pub(crate) fn known_since(&self) -> Timestamp {
        self.since
    }

    /// The last use of a resource; `None` if it was not used since uses are known.
    pub(crate) fn of(&self, resource: &Arn) -> Option<LastUse> {
        self.resources.get(resource.as_str())
    }

    /// The last call that was signed with an access key.
    pub(crate) fn of_access_key(&self, id: &str) -> Option<LastCall> {
        self.callers.get(id)
    }

    /// The last call that whoever has this unique id made to a service.
    pub(crate) fn of_principal(&self, id: &str, service: &str) -> Option<LastCall> {
        self.callers.get(&row_of(id, service))
    }

    /// Notes a use, unless a later one is known.
    pub(crate) fn note(&self, resource: &Arn, last: LastUse) {
        let mut shard = self.resources.shard(resource.as_str());
        match shard.get_mut(resource.as_str()) {
            Some(known) if known.time <= last.time => *known = last,
            Some(_) => {}
            None => {
                shard.insert(resource.as_str().into(), last);
            }
        }
    }

    /// Notes a call whose record is durable.
    pub(crate) fn note_caller(&self, caller: CalledBy<'_>, last: &LastCall) {
        for row in caller.rows(last.service) {
            self.note_call(row, last.clone());
        }
    }

    fn note_call(&self, row: Box<str>, last: LastCall) {
        let mut shard = self.callers.shard(&row);
        keep_later(&mut shard, row, last, limits::KNOWN_CALLERS / SHARDS);
    }

    /// Forgets a resource that is no more.
    pub(crate) fn forget(&self, resource: &Arn) {
        self.resources.shard(resource.as_str()).remove(resource.as_str());
    }
}

/// Keeps the later of two calls, and no more than `most` rows: the one that called the longest ago goes.
fn keep_later(rows: &mut HashMap<Box<str>, LastCall>, row: Box<str>, last: LastCall, most: usize) {
    if let Some(known) = rows.get_mut(&row) {
        if known.time <= last.time {
            *known = last;
        }
        return;
    }
    if rows.len() >= most {
        let oldest = rows.iter().min_by_key(|(_, last)| last.time);
        if let Some(oldest) = oldest.map(|(row, _)| row.clone()) {
            rows.remove(&oldest);
        }
    }
    rows.insert(row, last);
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
    callers: HashMap<Box<str>, LastCall>,
}

impl Tally {
    fn new(log_id: [u8; 16]) -> Tally {
        Tally {
            log_id,
            next: 0,
            since: None,
            rows: HashMap::new(),
            callers: HashMap::new(),
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
        if let Ok(region) = entry.region.parse() {
            let last = LastCall {
                service: service.name,
                region,
                time: entry.time,
            };
            let caller = CalledBy::recorded(entry.identity.access_key_id, entry.identity.principal_id);
            for row in caller.rows(service.name) {
                keep_later(&mut self.callers, row, last.clone(), limits::KNOWN_CALLERS);
            }
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
