//! The way of a request, from its bytes to its answer.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;

use ::http::Method;
use ambient::{Timestamp, task};
use arn::{Place, Region};
use gate::{Asking, AuthenticationError, AuthorizationError, Cause, ConditionKey, Found, KnownCallers};
use model::{Condition, OperationSpec, Schema, Shape};
use protocol::{Failure, Wire};
use secret::SecretBuffer;
use serde_json::{Map, Value, json};
use sigv4::{Expected, SignedRequest};
use store::{Change, CommitError, Mark, Snapshot};
use uuid::Uuid;

use crate::call::{Call, Origin};
use crate::chores::Event;
use crate::engine::Engine;
use crate::entry::{self, Resource, Tale};
use crate::http::{Request, Response};
use crate::operation::{Operation, Targets, WebToken};
use crate::route::{JSON, route};
use crate::view::View;
use crate::world::World;
use crate::{chores, limits, precedence};

/// An operation without its types, as a service's table holds it. Every [`Operation`] is one, and nothing else.
pub trait AnyOperation: sealed::Sealed + Send + Sync {
    /// Name, and whether it only reads.
    fn spec(&self) -> OperationSpec;

    /// The declaration of what the caller sends.
    fn input(&self) -> &'static Schema;

    /// The declaration of what the caller gets.
    fn output(&self) -> &'static Schema;

    /// Decodes a request as the input and forgets it; whether that went well. For fuzzing the decoders.
    fn decodes(&self, wire: Wire, input: &[u8]) -> bool;

    /// Finds the caller of a request that is not signed; `None` for an operation whose calls have to be.
    #[doc(hidden)]
    fn identify<'c>(&self, engine: &'c Engine, wire: Wire, input: &'c [u8]) -> Option<Identifying<'c>>;

    #[doc(hidden)]
    fn walk(&self, engine: Arc<Engine>, call: Arc<Call>, input: SecretBuffer) -> Walk;
}

pub(crate) type Walk = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A caller who is being found.
pub(crate) type Identifying<'c> = Pin<Box<dyn Future<Output = Result<gate::Caller, Failure>> + Send + 'c>>;

/// The body of a success, where the operation has one, or the refusal.
type Answer = Result<Option<SecretBuffer>, Failure>;

mod sealed {
    pub trait Sealed {}
    impl<O: crate::Operation> Sealed for O {}
}

impl<O: Operation> AnyOperation for O {
    fn spec(&self) -> OperationSpec {
        O::SPEC
    }

    fn input(&self) -> &'static Schema {
        O::Input::schema()
    }

    fn output(&self) -> &'static Schema {
        O::Output::schema()
    }

    fn decodes(&self, wire: Wire, input: &[u8]) -> bool {
        wire.decode::<O::Input>(input).is_ok()
    }

    fn identify<'c>(&self, engine: &'c Engine, wire: Wire, input: &'c [u8]) -> Option<Identifying<'c>> {
        O::UNSIGNED.map(|unsigned| -> Identifying<'c> {
            Box::pin(async move {
                let input = wire.decode::<O::Input>(input).map_err(Failure::from)?.value;
                let WebToken { account, token } = (unsigned.token)(&input)?;
                let view = engine.store.snapshot().view();
                let now = engine.clock.now();
                gate::identify(token, account, &view, &engine.issuers, now)
                    .await
                    .map_err(unsigned.refusal)
            })
        })
    }

    fn walk(&self, engine: Arc<Engine>, call: Arc<Call>, input: SecretBuffer) -> Walk {
        // Counted from here on, so that a shutdown waits for a walk that has not taken its first step.
        let walking = engine.walks.begin();
        Box::pin(async move {
            let _walking = walking;
            match caught(walk::<O>(&engine, &call, input)).await {
                Some(answer) => answer,
                None => engine.record_fault(&call, &O::SPEC).await,
            }
        })
    }
}

impl std::fmt::Debug for dyn AnyOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.spec().name)
    }
}

impl Engine {
    /// Answers one request.
    ///
    /// Once the signature is verified the rest runs to its own end, whether or not the caller waits for it: each
    /// authenticated call leaves exactly one record. A caller who has waited for [`limits::WALK_DEADLINE`] hears that
    /// we failed; the record tells what came of the call.
    pub async fn answer(self: &Arc<Self>, request: Request) -> Response {
        let Ok(request_id) = self.entropy.uuid() else {
            return respond(
                JSON,
                Uuid::nil(),
                None,
                Err(Failure::silent("InternalFailure", 500)),
            );
        };
        match self.admit(&request, request_id).await {
            Ok((operation, call)) => {
                let wire = call.service.wire;
                let call = Arc::new(call);
                let input = match is_in_query(wire, &request) {
                    true => SecretBuffer::from_vec(request.query.into_bytes()),
                    false => request.body,
                };
                let deadline = self.clock.monotonic().after(limits::WALK_DEADLINE);
                let expired = self.clock.reaches(deadline);
                let walk = task::spawn(operation.walk(Arc::clone(self), Arc::clone(&call), input));
                let answer = tokio::select! {
                    biased;
                    // It is cut off with the runtime alone.
                    answer = walk => answer.unwrap_or_else(|_| Err(self.unavailable(&call))),
                    () = expired => {
                        tracing::error!(%request_id, "a call has no durable record yet at its deadline");
                        Err(self.unavailable(&call))
                    }
                };
                respond(wire, request_id, Some(operation.spec().name), answer)
            }
            Err(Refused {
                wire,
                operation,
                failure,
            }) => {
                self.note_refused(&request, request_id, &failure);
                respond(wire, request_id, operation, Err(failure))
            }
        }
    }

    /// Records a call that ended by a fault of ours, unless its record was given away before that.
    async fn record_fault(&self, call: &Call, spec: &OperationSpec) -> Answer {
        let failure = self.unavailable(call);
        if call.is_recorded() {
            return Err(failure);
        }
        self.refuse(call, spec, Tale::default(), failure).await
    }

    /// Records a refusal, and refuses.
    async fn refuse(&self, call: &Call, spec: &OperationSpec, tale: Tale<'_>, failure: Failure) -> Answer {
        let tale = Tale {
            failure: Some((failure.code, failure.message.as_deref())),
            ..tale
        };
        self.append(call, spec, &tale).await?;
        Err(failure)
    }

    /// Finds the operation, and who calls it.
    async fn admit(
        &self,
        request: &Request,
        request_id: Uuid,
    ) -> Result<(&'static dyn AnyOperation, Call), Refused> {
        let (service, operation) = route(self.services, request).map_err(|(wire, failure)| Refused {
            wire,
            operation: None,
            failure,
        })?;
        let refused = |failure| Refused {
            wire: service.wire,
            operation: Some(operation.spec().name),
            failure,
        };
        if self.walks.count() >= limits::WALKS {
            return Err(refused(Failure::overloaded()));
        }
        let input = match is_in_query(service.wire, request) {
            true => request.query.as_bytes(),
            false => request.body.expose(),
        };
        let call = match operation.identify(self, service.wire, input) {
            None => self.authenticate(service, request, request_id),
            Some(identifying) => self.identified(identifying, service, request, request_id).await,
        };
        Ok((operation, call.map_err(refused)?))
    }

    /// The call of a caller who did not sign, once they are found.
    async fn identified(
        &self,
        identifying: Identifying<'_>,
        service: &'static crate::Service,
        request: &Request,
        request_id: Uuid,
    ) -> Result<Call, Failure> {
        let _turn = self.unsigned.try_acquire().map_err(|_| Failure::overloaded())?;
        let caller = identifying.await?;
        // INVARIANT: a Region at least is served.
        let region = self.regions.first().cloned();
        let region = region.ok_or_else(|| Failure::silent(service.internal_error, 500))?;
        let time = self.clock.now();
        self.call_of(caller, (region, time), service, request, request_id)
    }

    fn authenticate(
        &self,
        service: &'static crate::Service,
        request: &Request,
        request_id: Uuid,
    ) -> Result<Call, Failure> {
        let signed = signed(request);
        let refused = |error: sigv4::SignatureError| Failure {
            status: error.status(),
            ..Failure::refused(error.code(), error.to_string())
        };
        let internal = || Failure::silent(service.internal_error, 500);
        let presented = sigv4::presented(&signed).map_err(refused)?;
        let time = self.clock.now();
        let expected = Expected {
            service: &service.signed,
            serves: &|region| service.seat.answers_for(region, &self.regions),
        };
        let view = self.store.snapshot().view();
        let caller = gate::authenticate(
            &signed,
            &presented,
            &view,
            KnownCallers {
                vault: &self.vault,
                keys: &self.signing_keys,
                sessions: &self.sessions,
            },
            time,
            &expected,
        )
        .map_err(|error| match error {
            AuthenticationError::Signature(error) => refused(error),
            AuthenticationError::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a caller could not be looked up"
                );
                internal()
            }
        })?;
        // INVARIANT: the scope's Region is one that is served, so it parses.
        let region: Region = presented.scope().region.parse().map_err(|_| internal())?;
        self.call_of(caller, (region, time), service, request, request_id)
    }

    /// The call of a caller who is known.
    fn call_of(
        &self,
        caller: gate::Caller,
        (region, time): (Region, Timestamp),
        service: &'static crate::Service,
        request: &Request,
        request_id: Uuid,
    ) -> Result<Call, Failure> {
        let internal = || Failure::silent(service.internal_error, 500);
        let Origin {
            surroundings,
            host,
            tls,
        } = Origin::of(request, time, &region);
        let event_id = self.entropy.uuid().map_err(|_| internal())?;
        let place = Place {
            account: caller.account(),
            region,
        };
        Ok(Call {
            service,
            caller,
            place,
            request_id,
            event_id,
            surroundings: Arc::new(surroundings),
            host,
            tls,
            recorded: AtomicBool::new(false),
        })
    }
}

/// Whether a request has its input in its query.
fn is_in_query(wire: Wire, request: &Request) -> bool {
    matches!(wire, Wire::AwsQuery { .. }) && request.method == Method::GET
}

/// A request that is refused before anybody is believed to have sent it.
struct Refused {
    /// What the refusal is told in.
    wire: Wire,
    operation: Option<&'static str>,
    failure: Failure,
}

/// The parts of a request that a signature covers.
pub(crate) fn signed(request: &Request) -> SignedRequest<'_> {
    SignedRequest {
        method: request.method.as_str(),
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        body: request.body.expose(),
    }
}

/// What `work` comes to; `None` where it panicked.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        // What a panic left half done is dropped, and never looked at again.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// One call from its body to its answer, with its record.
async fn walk<O: Operation>(engine: &Engine, call: &Call, encoded: SecretBuffer) -> Answer {
    let spec = &O::SPEC;
    let input = match call.service.wire.decode::<O::Input>(encoded.expose()) {
        Ok(read) => {
            if read.unknown_members > 0 {
                (engine.on_unknown_members)(read.unknown_members as u64);
            }
            read.value
        }
        Err(unreadable) => {
            // What may not be recorded of the input may not be recorded of its refusal.
            let recorded = unreadable.message(model::View::Audit);
            let failure = Failure::from(unreadable);
            let tale = Tale {
                failure: Some((failure.code, recorded.as_deref())),
                ..Tale::default()
            };
            engine.append(call, spec, &tale).await?;
            return Err(failure);
        }
    };
    drop(encoded);
    let parameters = entry::recorded(&input);
    let plain = || Tale {
        parameters: parameters.as_deref(),
        ..Tale::default()
    };
    for attempt in 0..=limits::OPTIMISTIC_ATTEMPTS {
        let turn = match attempt {
            limits::OPTIMISTIC_ATTEMPTS => match engine.store.turn().await {
                Ok(turn) => Some(turn),
                Err(error) => {
                    let failure = engine.not_committed(call, &error);
                    return engine.refuse(call, spec, plain(), failure).await;
                }
            },
            _ => None,
        };
        let snapshot = turn
            .as_ref()
            .map_or_else(|| engine.store.snapshot(), |turn| turn.snapshot().clone());
        let seen = engine.view_of(&snapshot, call.service.seat, &call.place);
        let Some(view) = seen.map(|view| view.of_caller(&call.caller, &call.surroundings)) else {
            return engine.refuse(call, spec, plain(), engine.unavailable(call)).await;
        };
        let mut resources = Vec::new();
        let done = attempt_once::<O>(engine, call, &input, &view, turn.is_some(), &mut resources).await;
        let tale = Tale {
            resources: &resources,
            ..plain()
        };
        let done = done.unwrap_or_else(Done::refused);
        let refusal = done.answer.as_ref().err();
        let whole = Tale {
            response: done.response.as_deref(),
            notes: Some(&done.notes),
            failure: refusal.map(|failure| (failure.code, failure.message.as_deref())),
            ..tale
        };
        if done.change.is_empty() {
            // In the writer's turn nothing can have changed.
            if turn.is_none() && !done.still_holds(&view, &engine.store.snapshot()) {
                continue;
            }
            // The writer's turn ends before the log is waited for.
            drop(turn);
            engine.append(call, spec, &whole).await?;
            return done.answer;
        }
        if engine.log.change_lag().is_past_bound() {
            drop(turn);
            tracing::error!(request_id = %call.request_id, "a change is refused: the audit log is behind");
            return engine.refuse(call, spec, tale, engine.unavailable(call)).await;
        }
        let mut change = done.change;
        let events = done
            .events
            .iter()
            .map(|event| chores::record(engine, call.service, event).map_err(|_| engine.unavailable(call)));
        let events = events.collect::<Result<Vec<_>, Failure>>();
        let records = engine
            .records_of(call, spec, &whole)
            .and_then(|records| Ok((records, events?)));
        match records {
            Ok((records, events)) => records
                .into_iter()
                .map(|record| record.bytes)
                .chain(events)
                .for_each(|record| change.record(record)),
            Err(failure) => {
                drop(turn);
                return engine.refuse(call, spec, tale, failure).await;
            }
        }
        let reads = view.into_reads();
        call.set_recorded(true);
        let committed = match turn {
            Some(turn) => turn.commit(reads, change).await,
            None => engine.store.commit(reads, change).await,
        };
        match committed {
            Ok(_) => {
                engine.note_caller(call);
                return done.answer;
            }
            Err(CommitError::Conflict) => call.set_recorded(false),
            // The store is damaged or was closed before it could tell. The record is in the outbox if the change is,
            // so no second one may be written.
            Err(error @ CommitError::OutcomeUnknown(_)) => return Err(engine.not_committed(call, &error)),
            Err(error) => {
                let failure = engine.not_committed(call, &error);
                return engine.refuse(call, spec, tale, failure).await;
            }
        }
    }
    // INVARIANT: in the writer's turn there is nobody to conflict with.
    engine.refuse(call, spec, plain(), engine.unavailable(call)).await
}

/// A request, as policies see it.
struct Sent<'i, O: Operation>(&'i O::Input);

impl<O: Operation> gate::Request for Sent<'_, O> {
    fn value(&self, action: &str, key: &ConditionKey) -> Option<Found<'_>> {
        O::condition(self.0, action, key).or_else(|| {
            let declared = self.0.member_condition(key.prefix(), key.name())?;
            Some(match declared {
                Condition::Absent => Found::Absent,
                Condition::Ambiguous => Found::Unknown,
                Condition::One(value) => Found::One(value),
                Condition::Many(values) => Found::Many(values),
            })
        })
    }

    fn encryption_context(&self, action: &str) -> Option<&BTreeMap<String, String>> {
        O::encryption_context(self.0, action)
    }

    fn proves_second_factor(&self) -> bool {
        O::proves_second_factor(self.0)
    }
}

/// What one attempt leaves, before anything is recorded or committed.
struct Done {
    answer: Answer,
    response: Option<String>,
    change: Change,
    notes: Map<String, Value>,
    events: Vec<Event>,
    /// What was read until it was decided that this may be done; of a refusal, nothing. A call that changes nothing is
    /// answered only while that is still so, however long the work took.
    decided: Option<Mark>,
}

impl Done {
    /// A refusal that changes nothing.
    fn refused(failure: Failure) -> Done {
        Done::refused_with(failure, Change::new())
    }

    /// A refusal, and what changes with it.
    fn refused_with(failure: Failure, change: Change) -> Done {
        Done {
            answer: Err(failure),
            response: None,
            change,
            notes: Map::new(),
            events: Vec::new(),
            decided: None,
        }
    }

    /// Whether what it was decided on is as it was.
    fn still_holds(&self, view: &View, now: &Snapshot) -> bool {
        let decided = self.decided;
        decided.is_none_or(|decided| view.store().holds_at(now, decided))
    }
}

/// `Err` is a refusal that changes nothing.
async fn attempt_once<O: Operation>(
    engine: &Engine,
    call: &Call,
    input: &O::Input,
    view: &View,
    in_turn: bool,
    resources: &mut Vec<Resource>,
) -> Result<Done, Failure> {
    let caller = &call.caller;
    let targets = O::locate(input, view).map_err(|miss| precedence::of_miss(miss, caller))?;
    *resources = targets.resources();
    let demands = O::demands(input, &targets, view);
    let asking = Asking {
        caller,
        surroundings: &call.surroundings,
        request: &Sent::<O>(input),
        view: view.store(),
    };
    let permit = match gate::authorize(asking, demands, targets, O::Targets::described) {
        Ok(permit) => permit,
        Err(AuthorizationError::Denied(denial)) => {
            let by = denial.decided_by();
            tracing::info!(
                request_id = %call.request_id, operation = O::SPEC.name, by = by.policy, statement = by.statement,
                "denied: {denial}"
            );
            if denial.cause == Cause::Foreign {
                // The record belongs to the caller's account, which may not learn whether there is such a thing.
                resources.clear();
            }
            let failure = precedence::of_denial(&denial, O::hides_denial(input, denial.action));
            let mut refused = Done::refused(failure);
            if denial.is_within(caller.account()) {
                let told = match by.statement {
                    Some(statement) => {
                        json!({ "action": denial.action, "by": by.policy, "statement": statement })
                    }
                    None => json!({ "action": denial.action, "by": by.policy }),
                };
                refused.notes.insert("denial".to_owned(), told);
            }
            return Ok(refused);
        }
        Err(AuthorizationError::Store(error)) => {
            tracing::error!(
                request_id = %call.request_id, error = &error as &dyn std::error::Error,
                "whether a caller may could not be read"
            );
            return Err(engine.unavailable(call));
        }
    };
    O::check(input, &permit, view).map_err(Into::into)?;
    let decided = view.store().mark();
    if O::is_dry_run(input) {
        return Err(precedence::of_dry_run());
    }
    let mut world = World::new(engine, view, in_turn);
    let output = match O::act(input, &permit, &mut world).await {
        Ok(output) => output,
        Err(refusal) => {
            return Ok(Done::refused_with(refusal.into(), world.take_change_of_refusal()));
        }
    };
    if O::proves_second_factor(input) && !world.has_proved_second_factor() {
        // Policies were told of a second factor that nobody has asked for its code.
        tracing::error!(request_id = %call.request_id, "a second factor was claimed and not proved");
        return Err(engine.unavailable(call));
    }
    resources.append(&mut world.take_made());
    let response = match O::SPEC.read_only {
        true => None,
        false => entry::recorded(&output).or_else(|| permit.targets().response_of_silent_change()),
    };
    let answer = match O::SPEC.has_output {
        true => Some(
            call.service
                .wire
                .encode(&output)
                .map_err(|_| engine.unavailable(call))?,
        ),
        false => None,
    };
    let (change, notes, events) = world.into_parts();
    Ok(Done {
        answer: Ok(answer),
        response,
        change,
        notes,
        events,
        decided: Some(decided),
    })
}

fn respond(wire: Wire, request_id: Uuid, operation: Option<&'static str>, answer: Answer) -> Response {
    let outcome = answer.as_ref().map_or_else(|failure| failure.code, |_| "ok");
    let http = match answer {
        Ok(output) => wire.success(request_id, operation.unwrap_or_default(), output),
        Err(failure) => wire.failure(request_id, &failure),
    };
    Response {
        http,
        operation,
        outcome,
    }
}
