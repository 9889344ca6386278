//! The one writer: it gathers changes into groups, makes them durable, shows them, and answers, in this order.
//!
//! Whatever happens to the backend, a caller is told "committed" only of what is durable and visible, and "not
//! committed" only of what is in no file. In between nobody knows, for as long as the backend can't be read: the
//! writer opens it anew until it can, and the callers wait. "Unknown" they are told only where that has no end.

use std::sync::Arc;
use std::time::Duration;

use ambient::task;
use tokio::sync::{mpsc, oneshot};

use crate::RowKey;
use crate::backend::{Backend, BackendError, CommitFailure, Group, StoredRow};
use crate::change::Sealed;
use crate::draft::Draft;
use crate::error::{CommitError, OpenError, StoreError, Unavailable};
use crate::head::Head;
use crate::health::Health;
use crate::inbox::{Received, receive_within};
use crate::keyring::damaged;
use crate::outbox::OutboxSink;
use crate::reads::ReadSet;
use crate::shared::{Door, Shared};
use crate::state::State;
use crate::store::{Committed, Turn};
use crate::view::Snapshot;
use crate::{limits, load};

type Answer<T, E> = oneshot::Sender<Result<T, E>>;

/// What the writer is asked.
pub(crate) enum Message {
    /// To make a change.
    Commit(Box<Request>),
    /// To read a row of a cold table.
    Read(RowKey, Answer<Option<StoredRow>, StoreError>),
    /// To stop for a turn.
    Turn(Answer<Turn, CommitError>),
    /// To end the turn without a change.
    End,
    /// To end.
    Close(Answer<(), BackendError>),
}

/// A change, sealed, with what it rests on and who waits for it.
pub(crate) struct Request {
    pub(crate) reads: ReadSet,
    pub(crate) change: Sealed,
    pub(crate) answer: Answer<Committed, CommitError>,
}

/// Is told what the writer does, for metrics. Called on the writer's thread, which it must not hold up.
pub trait Observer: Send + Sync + 'static {
    /// A group is about to be made durable.
    fn begins(&self, changes: usize);

    /// It was, or was not.
    fn ended(&self, durable: bool);

    /// The backend failed and is opened anew.
    fn reopens(&self, error: &BackendError);
}

struct Silent;

impl Observer for Silent {
    fn begins(&self, _: usize) {}
    fn ended(&self, _: bool) {}
    fn reopens(&self, _: &BackendError) {}
}

/// Starts the writer's thread. It ends when it is asked to, or when nobody is left who could ask.
pub(crate) fn start(
    backend: Box<dyn Backend>,
    shared: Arc<Shared>,
    sink: Arc<dyn OutboxSink>,
    observer: Option<Arc<dyn Observer>>,
) -> std::io::Result<mpsc::Sender<Message>> {
    let (queue, inbox) = mpsc::channel(limits::QUEUED_CHANGES);
    let writer = Writer {
        durable: shared.published.load_full(),
        backend,
        shared,
        sink,
        observer: observer.unwrap_or_else(|| Arc::new(Silent)),
        failed: None,
        wait: limits::FIRST_REOPENING_WAIT,
        doubt: None,
        damaged: None,
    };
    task::thread("store-writer", move || writer.run(inbox))?;
    Ok(queue)
}

struct Writer {
    backend: Box<dyn Backend>,
    shared: Arc<Shared>,
    sink: Arc<dyn OutboxSink>,
    observer: Arc<dyn Observer>,
    /// What is known to be durable, and is published.
    durable: Arc<State>,
    /// Why the backend has to be opened anew before anything else.
    failed: Option<BackendError>,
    /// How long to wait before it is tried again.
    wait: Duration,
    /// A group that is not settled before the backend was opened anew.
    doubt: Option<Doubt>,
    /// What was found after a failure, and forbids every further change.
    damaged: Option<OpenError>,
}

/// A group of which nobody knows whether it is durable, or whether what it destroyed is erased; who waits for it,
/// and why.
struct Doubt {
    draft: Draft,
    accepted: Vec<(Request, u64)>,
    error: BackendError,
}

/// What became of a group.
enum Outcome {
    Durable,
    /// Nothing remains of it, and its changes may be tried one by one.
    Refused(CommitError),
    /// Nothing remains of it, and nothing else can be done now.
    Failed(CommitError),
    Unknown(BackendError),
}

impl Writer {
    fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut next = None;
        while let Some(message) = next.take().or_else(|| self.receive(&mut inbox)) {
            match message {
                Message::Commit(first) => {
                    let (requests, other) = gather(first, &mut inbox);
                    next = other;
                    self.group(requests);
                    self.rest();
                }
                Message::Read(key, answer) => self.read(&key, answer),
                Message::Turn(answer) => {
                    self.turn(answer);
                    self.rest();
                }
                Message::End => {}
                Message::Close(answer) => {
                    self.tell(Health::Closed);
                    let mut closers = refuse_all(&mut inbox);
                    closers.push(answer);
                    let closed = self.close();
                    for closer in closers {
                        // Whoever asked may have stopped waiting.
                        let _ = closer.send(closed.clone());
                    }
                    return;
                }
            }
        }
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the store could not be put in order when it was closed; the next start does");
        }
    }

    /// The next message. Until it comes a failed backend is opened anew from time to time, so that nobody who waits
    /// for an answer depends on somebody else's asking.
    fn receive(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Option<Message> {
        while self.failed.is_some() && self.damaged.is_none() {
            match receive_within(inbox, self.wait) {
                Received::Message(message) => return Some(message),
                Received::Gone => return None,
                Received::Nothing => {
                    self.wait = self.wait.saturating_mul(2).min(limits::REOPENING_WAIT);
                    // It has said itself how that went.
                    let _ = self.ready();
                }
            }
        }
        inbox.blocking_recv()
    }

    /// Makes changes as one group, and answers each.
    fn group(&mut self, requests: Vec<Request>) {
        if let Err(unavailable) = self.ready() {
            for request in requests {
                request.answer(Err(CommitError::Unavailable(unavailable.clone())));
            }
            return;
        }
        let mut draft = Draft::on(&self.durable, &self.shared);
        let (mut accepted, mut refused) = (Vec::with_capacity(requests.len()), Vec::new());
        for request in requests {
            match draft.accept(
                &request.reads,
                &request.change,
                &self.shared,
                self.backend.as_mut(),
            ) {
                Ok(revision) => accepted.push((request, revision)),
                Err(error) => refused.push((request, error)),
            }
        }
        if !accepted.is_empty() {
            self.settle(draft, accepted);
        }
        // A conflict with a change of this group is told only now, when a fresh snapshot shows that change.
        for (request, error) in refused {
            request.answer(Err(error));
        }
    }

    fn settle(&mut self, draft: Draft, accepted: Vec<(Request, u64)>) {
        self.observer.begins(accepted.len());
        let outcome = self.make_durable(&draft);
        self.observer.ended(matches!(outcome, Outcome::Durable));
        match outcome {
            Outcome::Durable => {
                if draft.destroys
                    && let Err(error) = self.erase_traces(&draft)
                {
                    return self.doubt(draft, accepted, error);
                }
                self.publish(draft);
                answer_committed(accepted);
            }
            // One change of the group may have been too much, so each gets its own try.
            Outcome::Refused(_) if accepted.len() > 1 => {
                for (request, _) in accepted {
                    self.group(vec![request]);
                }
            }
            Outcome::Refused(error) | Outcome::Failed(error) => {
                for (request, _) in accepted {
                    request.answer(Err(error.clone()));
                }
            }
            Outcome::Unknown(error) => self.doubt(draft, accepted, error),
        }
    }

    /// Lets a group wait until the backend is readable; where it will not be, its callers have to be told.
    fn doubt(&mut self, draft: Draft, accepted: Vec<(Request, u64)>, error: BackendError) {
        let doubt = Doubt {
            draft,
            accepted,
            error,
        };
        if self.damaged.is_some() {
            return doubt.give_up();
        }
        self.doubt = Some(doubt);
    }

    fn make_durable(&mut self, draft: &Draft) -> Outcome {
        let group: Group = match draft.group(&self.shared) {
            Ok(group) => group,
            Err(error) => return Outcome::Refused(CommitError::Refused(error)),
        };
        match self.backend.commit(&group) {
            Ok(()) => Outcome::Durable,
            Err(CommitFailure::Refused(error)) => {
                tracing::warn!(%error, "changes were refused by the store's backend");
                Outcome::Refused(CommitError::Unavailable(Unavailable::Backend(error)))
            }
            Err(CommitFailure::Broken(error)) => {
                tracing::warn!(%error, "the store's backend failed before it committed");
                self.fail(&error);
                Outcome::Failed(CommitError::Unavailable(Unavailable::Backend(error)))
            }
            Err(CommitFailure::Unknown(error)) => {
                self.fail(&error);
                match self.reopen() {
                    Ok(head) if head == draft.state.head => Outcome::Durable,
                    Ok(head) if head == self.durable.head => {
                        Outcome::Refused(CommitError::Unavailable(Unavailable::Backend(error)))
                    }
                    Ok(_) => {
                        self.condemn(OpenError::RolledBack);
                        Outcome::Unknown(error)
                    }
                    Err(_) => Outcome::Unknown(error),
                }
            }
        }
    }

    /// Queues the audit records of a durable group, shows it, and forgets what it replaced.
    fn publish(&mut self, draft: Draft) {
        for (revision, records) in draft.records {
            self.sink.queue(revision, records);
        }
        self.durable = Arc::new(draft.state);
        self.shared.published.store(self.durable.clone());
        for (key, revision) in draft.replaced {
            self.shared.forget(key, revision);
        }
        self.shared.revision.send_replace(self.durable.head.revision);
    }

    /// Erases what destroyed secrets left in the backend's files, once the group is durable that destroyed them.
    fn erase_traces(&mut self, draft: &Draft) -> Result<(), BackendError> {
        let Err(error) = self.backend.erase_traces() else {
            return Ok(());
        };
        self.fail(&error);
        // Reopening erases them too.
        match self.reopen() {
            Ok(head) if head == draft.state.head => Ok(()),
            Ok(_) => {
                self.condemn(OpenError::RolledBack);
                Err(error)
            }
            Err(_) => Err(error),
        }
    }

    fn rest(&mut self) {
        if self.failed.is_none()
            && self.damaged.is_none()
            && let Err(error) = self.backend.rest()
        {
            tracing::warn!(%error, "housekeeping of the store's backend failed");
            self.fail(&error);
        }
    }

    /// Says that the backend has to be opened anew.
    fn fail(&mut self, error: &BackendError) {
        self.failed = Some(error.clone());
        self.tell(Health::Failing(error.clone()));
    }

    /// Says that the store is damaged, for good.
    fn condemn(&mut self, damage: OpenError) {
        tracing::error!(error = %damage, "the store is damaged and takes no more changes");
        self.tell(Health::Damaged(Box::new(damage.clone())));
        self.damaged = Some(damage);
    }

    /// Tells how the store is. One that is being closed stays so, whatever happens meanwhile.
    fn tell(&self, health: Health) {
        self.shared.health.send_if_modified(|told| {
            let news = !matches!((&*told, &health), (Health::Closed, _) | (Health::Ok, Health::Ok));
            if news {
                *told = health;
            }
            news
        });
    }

    /// Sees to it that the backend works and that no group is in doubt.
    fn ready(&mut self) -> Result<(), Unavailable> {
        if self.damaged.is_none()
            && let Some(error) = self.failed.clone()
        {
            match self.reopen() {
                Ok(head) => self.resolve(head),
                Err(_) if self.damaged.is_some() => self.give_up(),
                // It has said why already, and the next change tries again.
                Err(_) => return Err(Unavailable::Backend(error)),
            }
        }
        match &self.damaged {
            Some(damaged) => Err(Unavailable::Damaged(Box::new(damaged.clone()))),
            None => Ok(()),
        }
    }

    /// Settles a group in doubt by the head that was found.
    fn resolve(&mut self, head: Head) {
        match self.doubt.take() {
            Some(doubt) if doubt.draft.state.head == head => {
                self.publish(doubt.draft);
                answer_committed(doubt.accepted);
            }
            doubt if head == self.durable.head => {
                if let Some(doubt) = doubt {
                    doubt.answer(|error| CommitError::Unavailable(Unavailable::Backend(error)));
                }
            }
            doubt => {
                self.condemn(OpenError::RolledBack);
                self.doubt = doubt;
                self.give_up();
            }
        }
    }

    /// Answers those whom nothing more can be told.
    fn give_up(&mut self) {
        if let Some(doubt) = self.doubt.take() {
            doubt.give_up();
        }
    }

    /// Opens the backend anew and verifies all that is in it, down to each row's hash.
    fn reopen(&mut self) -> Result<Head, OpenError> {
        let mut last = damaged("the backend failed");
        for _ in 0..limits::REOPENINGS {
            if let Some(error) = &self.failed {
                tracing::warn!(%error, "the store's backend failed and is opened anew");
                self.observer.reopens(error);
            }
            let reopened = self.backend.reopen().map_err(OpenError::Backend);
            match reopened.and_then(|()| load::verify(self.backend.as_mut(), &self.shared)) {
                Ok(head) => {
                    self.failed = None;
                    self.wait = limits::FIRST_REOPENING_WAIT;
                    self.tell(Health::Ok);
                    return Ok(head);
                }
                Err(OpenError::Backend(error)) => {
                    self.fail(&error);
                    last = OpenError::Backend(error);
                }
                Err(damage) => {
                    self.condemn(damage.clone());
                    return Err(damage);
                }
            }
        }
        Err(last)
    }

    fn read(&mut self, key: &RowKey, answer: Answer<Option<StoredRow>, StoreError>) {
        let row = match self.ready() {
            Ok(()) => self.backend.read(key.as_bytes()).map_err(StoreError::Backend),
            Err(Unavailable::Backend(error)) => Err(StoreError::Backend(error)),
            Err(_) => Err(StoreError::Closed),
        };
        // Whoever asked may have stopped waiting.
        let _ = answer.send(row);
    }

    /// Serves one caller alone until its turn ends.
    fn turn(&mut self, answer: Answer<Turn, CommitError>) {
        if let Err(unavailable) = self.ready() {
            let _ = answer.send(Err(CommitError::Unavailable(unavailable)));
            return;
        }
        let (queue, mut inbox) = mpsc::unbounded_channel();
        let turn = Turn {
            snapshot: Snapshot {
                state: self.durable.clone(),
                shared: self.shared.clone(),
                door: Door::Turn(queue),
            },
        };
        // A turn that nobody takes any more is dropped here, and says so itself.
        let _ = answer.send(Ok(turn));
        while let Some(message) = inbox.blocking_recv() {
            match message {
                Message::Commit(request) => return self.group(vec![*request]),
                Message::Read(key, answer) => self.read(&key, answer),
                Message::End => return,
                Message::Turn(answer) => drop(answer),
                Message::Close(answer) => drop(answer),
            }
        }
    }

    fn close(&mut self) -> Result<(), BackendError> {
        let closed = self.put_in_order();
        self.give_up();
        self.tell(Health::Closed);
        closed
    }

    fn put_in_order(&mut self) -> Result<(), BackendError> {
        match self.ready() {
            Ok(()) => {}
            Err(Unavailable::Backend(error)) => return Err(error),
            Err(unavailable) => {
                return Err(BackendError::Damaged {
                    place: "the store".to_owned(),
                    what: unavailable.to_string(),
                });
            }
        }
        let draft = Draft::on(&self.durable, &self.shared);
        if !draft.is_empty() {
            match self.make_durable(&draft) {
                Outcome::Durable => self.publish(draft),
                // What stays in the outbox the log gets offered again at the next start.
                Outcome::Refused(_) | Outcome::Failed(_) => {}
                Outcome::Unknown(error) => return Err(error),
            }
        }
        self.backend.close()
    }
}

impl Doubt {
    /// Answers with what the failure comes to.
    fn answer(self, failure: impl Fn(BackendError) -> CommitError) {
        for (request, _) in self.accepted {
            request.answer(Err(failure(self.error.clone())));
        }
    }

    fn give_up(self) {
        self.answer(CommitError::OutcomeUnknown);
    }
}

fn answer_committed(accepted: Vec<(Request, u64)>) {
    for (request, revision) in accepted {
        request.answer(Ok(Committed { revision }));
    }
}

impl Request {
    fn answer(self, answer: Result<Committed, CommitError>) {
        // Whoever asked may have stopped waiting; the change stands all the same.
        let _ = self.answer.send(answer);
    }
}

/// What is queued already, up to the limits of a group, and the first message that is no change.
fn gather(first: Box<Request>, inbox: &mut mpsc::Receiver<Message>) -> (Vec<Request>, Option<Message>) {
    let mut bytes = first.change.bytes();
    let mut requests = vec![*first];
    while requests.len() < limits::GROUP_CHANGES && bytes < limits::GROUP_BYTES {
        match inbox.try_recv() {
            Ok(Message::Commit(request)) => {
                bytes = bytes.saturating_add(request.change.bytes());
                requests.push(*request);
            }
            Ok(other) => return (requests, Some(other)),
            Err(_) => break,
        }
    }
    (requests, None)
}

/// Tells everybody who still waits in the queue that nothing was done, and gives those who wait for the end.
fn refuse_all(inbox: &mut mpsc::Receiver<Message>) -> Vec<Answer<(), BackendError>> {
    inbox.close();
    let mut closers = Vec::new();
    while let Some(message) = inbox.blocking_recv() {
        let closed = || CommitError::Unavailable(Unavailable::Closed);
        match message {
            Message::Commit(request) => request.answer(Err(closed())),
            Message::Turn(answer) => drop(answer.send(Err(closed()))),
            Message::Read(_, answer) => drop(answer.send(Err(StoreError::Closed))),
            Message::Close(answer) => closers.push(answer),
            Message::End => {}
        }
    }
    closers
}
