//! The one queue between those who record and the writer.
//!
//! Callers put records into the open group and share its completion; the writer takes the group whole. So a
//! record costs one short lock and one copy, and a group one wake-up of the writer.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::error::AuditError;
use crate::frame::Origin;
use crate::limits;
use crate::log::ChangeLag;
use crate::segment::RECORD_HEAD;

/// Records that are written and flushed together.
#[derive(Default)]
pub(crate) struct Group {
    /// Records, each behind room for its head, of which the length is there already.
    pub(crate) records: Vec<u8>,
    pub(crate) lag: ChangeLag,
    /// The highest revision of a change among or before these records, if one was queued.
    pub(crate) through: Option<u64>,
}

impl Group {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.through.is_none()
    }

    fn push(&mut self, origin: Origin, payload: &[u8]) {
        let length = origin.length() + payload.len();
        self.records.reserve(RECORD_HEAD + length);
        // INVARIANT: callers checked the payload's length, which is far below 2^32.
        self.records.extend_from_slice(&(length as u32).to_be_bytes());
        self.records.extend_from_slice(&[0; RECORD_HEAD - 4]);
        origin.write(&mut self.records);
        self.records.extend_from_slice(payload);
    }
}

/// How a group ended, for all who wait for it.
#[derive(Default)]
pub(crate) struct Completion {
    outcome: OnceLock<Result<(), AuditError>>,
    wakers: Mutex<Vec<Waker>>,
}

impl Completion {
    fn complete(&self, outcome: Result<(), AuditError>) {
        let wakers = {
            let mut wakers = lock(&self.wakers);
            // The first outcome counts.
            let _ = self.outcome.set(outcome);
            std::mem::take(&mut *wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The writer's side of a completion; dropped without a word, it says that the log is closed.
pub(crate) struct Ticket(Arc<Completion>);

impl Ticket {
    /// Sets the outcome and wakes all who wait.
    pub(crate) fn complete(self, outcome: Result<(), AuditError>) {
        self.0.complete(outcome);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.complete(Err(AuditError::Closed));
    }
}

/// Waits for a group's outcome.
pub(crate) struct Waiting {
    completion: Arc<Completion>,
    /// Which of the completion's wakers is this one's.
    slot: Option<usize>,
}

impl Future for Waiting {
    type Output = Result<(), AuditError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(outcome) = this.completion.outcome.get() {
            return Poll::Ready(outcome.clone());
        }
        let mut wakers = lock(&this.completion.wakers);
        if let Some(outcome) = this.completion.outcome.get() {
            return Poll::Ready(outcome.clone());
        }
        match this.slot.and_then(|slot| wakers.get_mut(slot)) {
            Some(waker) => waker.clone_from(context.waker()),
            None => {
                this.slot = Some(wakers.len());
                wakers.push(context.waker().clone());
            }
        }
        Poll::Pending
    }
}

/// What became of a payload.
pub(crate) enum Pushed {
    /// It is in the open group.
    In(Waiting),
    /// The open group is full; there is room when it has been written.
    Full(Waiting),
}

#[derive(Default)]
struct State {
    open: Group,
    completion: Arc<Completion>,
    /// Changes queued and not durable, in any group.
    lag: ChangeLag,
    /// The highest revision that was queued.
    revision: u64,
    /// Whether the writer waits to be woken.
    idle: bool,
    closing: bool,
    closed: bool,
}

/// What the writer is to do next.
pub(crate) enum Work {
    /// Write this group, empty if it is time to try again.
    Write(Group, Ticket),
    /// Nothing is left, and nothing more will come.
    End,
}

/// The queue.
pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
}

impl Queue {
    /// An empty queue; changes up to `revision` are taken for recorded.
    pub(crate) fn new(revision: u64) -> Queue {
        Queue {
            state: Mutex::new(State {
                revision,
                ..State::default()
            }),
            work: Condvar::new(),
        }
    }

    /// Queues the record of a call.
    pub(crate) fn push(&self, payload: &[u8]) -> Result<Pushed, AuditError> {
        check(payload)?;
        let mut state = lock(&self.state);
        if state.closing {
            return Err(AuditError::Closed);
        }
        let waiting = Waiting {
            completion: state.completion.clone(),
            slot: None,
        };
        if state.open.records.len() >= limits::QUEUE {
            return Ok(Pushed::Full(waiting));
        }
        state.open.push(Origin::Call, payload);
        self.wake(state);
        Ok(Pushed::In(waiting))
    }

    /// Queues the records of a change, unless they were queued or recorded before.
    pub(crate) fn push_change(&self, revision: u64, payloads: &[Vec<u8>]) -> Result<(), AuditError> {
        payloads.iter().try_for_each(|payload| check(payload))?;
        let bytes = payloads.iter().map(Vec::len).sum();
        let count = u16::try_from(payloads.len())
            .ok()
            .filter(|_| payloads.len() <= limits::CHANGE_PAYLOADS)
            .ok_or(AuditError::TooLarge(bytes))?;
        let mut state = lock(&self.state);
        if revision <= state.revision {
            return Ok(());
        }
        if state.closed {
            return Err(AuditError::Closed);
        }
        for (index, payload) in (0..count).zip(payloads) {
            let origin = Origin::Change {
                revision,
                index,
                count,
            };
            state.open.push(origin, payload);
        }
        state.revision = revision;
        state.open.through = Some(revision);
        state.open.lag.add(bytes as u64);
        state.lag.add(bytes as u64);
        self.wake(state);
        Ok(())
    }

    /// Waits for work: for at most `retry`, if that is given.
    pub(crate) fn take(&self, spare: Vec<u8>, retry: Option<Duration>) -> Work {
        let mut state = lock(&self.state);
        while state.open.is_empty() && !state.closing {
            state.idle = true;
            match retry {
                None => state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(span) => {
                    let woken = self.work.wait_timeout(state, span);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                    break;
                }
            }
        }
        state.idle = false;
        if state.open.is_empty() && state.closing && retry.is_none() {
            return Work::End;
        }
        let next = Group {
            records: spare,
            ..Group::default()
        };
        let group = std::mem::replace(&mut state.open, next);
        Work::Write(group, Ticket(std::mem::take(&mut state.completion)))
    }

    /// Counts changes as recorded.
    pub(crate) fn recorded(&self, lag: ChangeLag) {
        let mut state = lock(&self.state);
        state.lag.changes = state.lag.changes.saturating_sub(lag.changes);
        state.lag.bytes = state.lag.bytes.saturating_sub(lag.bytes);
    }

    /// How many changes are queued and not durable.
    pub(crate) fn lag(&self) -> ChangeLag {
        lock(&self.state).lag
    }

    /// Takes no further calls; the writer ends when it has written what is there.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.state);
        state.closing = true;
        drop(state);
        self.work.notify_all();
    }

    pub(crate) fn is_closing(&self) -> bool {
        lock(&self.state).closing
    }

    /// The writer is gone: whoever waits is told, and nobody waits any more.
    pub(crate) fn closed(&self) {
        let mut state = lock(&self.state);
        state.closing = true;
        state.closed = true;
        let completion = std::mem::take(&mut state.completion);
        drop(state);
        completion.complete(Err(AuditError::Closed));
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let idle = std::mem::replace(&mut state.idle, false);
        drop(state);
        if idle {
            self.work.notify_one();
        }
    }
}

fn check(payload: &[u8]) -> Result<(), AuditError> {
    if payload.len() > limits::PAYLOAD {
        return Err(AuditError::TooLarge(payload.len()));
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
