//! The one writer: it gathers changes into groups, makes them durable, shows them, and answers, in this order.
//!
//! Whatever happens to the backend, a caller is told "committed" only of what is durable and visible, and "not
//! committed" only of what is in no file. In between there is "unknown", for as long as the backend can't be read.

use std::sync::Arc;

use ambient::task;
use tokio::sync::{mpsc, oneshot};

use crate::RowKey;
use crate::backend::{Backend, BackendError, CommitFailure, Group, StoredRow};
use crate::change::Sealed;
use crate::draft::Draft;
use crate::error::{CommitError, OpenError, StoreError, Unavailable};
use crate::head::Head;
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
    /// A group of which nobody knows whether it is durable.
    doubt: Option<Draft>,
    /// What was found after a failure, and forbids every further change.
    damaged: Option<OpenError>,
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
        while let Some(message) = next.take().or_else(|| inbox.blocking_recv()) {
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
                    refuse_all(inbox);
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(self.close());
                    return;
                }
            }
        }
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the store could not be put in order when it was closed; the next start does");
        }
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
                let traces = if draft.destroys {
                    self.erase_traces()
                } else {
                    Ok(())
                };
                self.publish(draft);
                for (request, revision) in accepted {
                    let answer = match &traces {
                        Err(error) if request.change.destroys => {
                            Err(CommitError::OutcomeUnknown(error.clone()))
                        }
                        _ => Ok(Committed { revision }),
                    };
                    request.answer(answer);
                }
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
            Outcome::Unknown(error) => {
                self.doubt = Some(draft);
                for (request, _) in accepted {
                    request.answer(Err(CommitError::OutcomeUnknown(error.clone())));
                }
            }
        }
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
                self.failed = Some(error.clone());
                Outcome::Failed(CommitError::Unavailable(Unavailable::Backend(error)))
            }
            Err(CommitFailure::Unknown(error)) => {
                self.failed = Some(error.clone());
                match self.reopen() {
                    Ok(head) if head == draft.state.head => Outcome::Durable,
                    Ok(head) if head == self.durable.head => {
                        Outcome::Refused(CommitError::Unavailable(Unavailable::Backend(error)))
                    }
                    Ok(_) => {
                        self.damaged = Some(OpenError::RolledBack);
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

    /// Erases what destroyed secrets left in the backend's files.
    fn erase_traces(&mut self) -> Result<(), BackendError> {
        match self.backend.erase_traces() {
            Ok(()) => Ok(()),
            Err(error) => {
                self.failed = Some(error.clone());
                // Reopening erases them too; the rows themselves were durable before, so they are unchanged.
                match self.reopen() {
                    Ok(_) => Ok(()),
                    Err(_) => Err(error),
                }
            }
        }
    }

    fn rest(&mut self) {
        if self.failed.is_none()
            && self.damaged.is_none()
            && let Err(error) = self.backend.rest()
        {
            tracing::warn!(%error, "housekeeping of the store's backend failed");
            self.failed = Some(error);
        }
    }

    /// Sees to it that the backend works and that no group is in doubt.
    fn ready(&mut self) -> Result<(), Unavailable> {
        if self.damaged.is_none()
            && let Some(error) = self.failed.clone()
        {
            match self.reopen() {
                Ok(head) => self.resolve(head),
                Err(_) if self.damaged.is_some() => {}
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
            Some(draft) if draft.state.head == head => self.publish(draft),
            _ if head == self.durable.head => {}
            _ => self.damaged = Some(OpenError::RolledBack),
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
                    return Ok(head);
                }
                Err(OpenError::Backend(error)) => {
                    self.failed = Some(error.clone());
                    last = OpenError::Backend(error);
                }
                Err(damage) => {
                    tracing::error!(error = %damage, "the store is damaged and takes no more changes");
                    self.damaged = Some(damage.clone());
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
        if self.ready().is_ok() {
            let draft = Draft::on(&self.durable, &self.shared);
            if !draft.is_empty() {
                match self.make_durable(&draft) {
                    Outcome::Durable => self.publish(draft),
                    // What stays in the outbox the log gets offered again at the next start.
                    Outcome::Refused(_) | Outcome::Failed(_) => {}
                    Outcome::Unknown(error) => return Err(error),
                }
            }
            return self.backend.close();
        }
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
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

/// Tells everybody who still waits in the queue that nothing was done.
fn refuse_all(mut inbox: mpsc::Receiver<Message>) {
    inbox.close();
    while let Some(message) = inbox.blocking_recv() {
        let closed = || CommitError::Unavailable(Unavailable::Closed);
        match message {
            Message::Commit(request) => request.answer(Err(closed())),
            Message::Turn(answer) => drop(answer.send(Err(closed()))),
            Message::Read(_, answer) => drop(answer.send(Err(StoreError::Closed))),
            Message::Close(answer) => drop(answer.send(Ok(()))),
            Message::End => {}
        }
    }
}
