//! The installation at work: what the way of a request is walked with.

use std::sync::Arc;

use ambient::pool::Pool;
use ambient::{Clock, Entropy};
use arn::{AccountId, Place, Region};
use attestation::Verifier;
use audit::{AuditError, AuditLog, Refusal, RefusedStream};
use crypto::InProcess;
use crypto::wrapping::WrappingKeys;
use gate::Sessions;
use model::OperationSpec;
use oidc::Issuers;
use protocol::Failure;
use sigv4::SigningKeys;
use store::{CommitError, Snapshot, Store, Vault};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::call::Call;
use crate::entry::{self, Record, Resource, Tale};
use crate::http::Request;
use crate::limits;
use crate::service::{Seat, Service};
use crate::usage::{CalledBy, LastCall, LastUse, LastUses};
use crate::view::View;
use crate::walks::Walks;

/// A running installation. [`Engine::answer`] is its front; `open` in `install.rs` makes one.
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) log: AuditLog,
    pub(crate) refused: RefusedStream,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) backing: InProcess,
    pub(crate) passwords: Pool,
    pub(crate) last_uses: LastUses,
    pub(crate) wrapping_keys: WrappingKeys,
    pub(crate) attestations: Verifier,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) sessions: Sessions,
    pub(crate) issuers: Issuers,
    /// What bounds calls without signatures until they have callers.
    pub(crate) unsigned: Semaphore,
    pub(crate) services: &'static [&'static Service],
    pub(crate) regions: Vec<Region>,
    pub(crate) walks: Arc<Walks>,
    pub(crate) on_unknown_members: Arc<dyn Fn(u64) + Send + Sync>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({:?}, {:?})", self.regions, self.store.snapshot())
    }
}

impl Engine {
    /// The Regions that are served.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The services.
    pub fn services(&self) -> &'static [&'static Service] {
        self.services
    }

    /// Whether calls can be answered now: the store has to take changes, and the audit log records. Fails with what
    /// is wrong, in one line.
    pub fn readiness(&self) -> Result<(), String> {
        let store = self.store.health();
        if !store.is_ok() {
            return Err(store.to_string());
        }
        match self.log.health() {
            audit::Health::Ok => Ok(()),
            audit::Health::Failing { path, reason, since } => Err(format!(
                "the audit log can't be written since {since}: {}: {reason}; calls are refused until it can",
                path.display()
            )),
        }
    }

    /// Wherever records of an account are kept.
    pub(crate) fn places_of(&self, account: AccountId) -> Vec<Place> {
        let mut places = Vec::new();
        for region in &self.regions {
            let place = Place {
                account,
                region: region.clone(),
            };
            for service in self.services {
                let seat = service.seat.of(&place);
                if !places.contains(&seat) {
                    places.push(seat);
                }
            }
        }
        places
    }

    /// Makes the parts of the store that belong to an account and are not there yet.
    pub(crate) async fn create_domains(&self, account: AccountId) -> Result<(), CommitError> {
        for place in self.places_of(account) {
            self.store.create_domain(&place).await?;
        }
        Ok(())
    }

    /// A snapshot as calls from `place` see it of a service's records; `None` for a place that does not exist.
    pub(crate) fn view_of(&self, snapshot: &Snapshot, seat: Seat, place: &Place) -> Option<View> {
        let view = snapshot.view();
        let domain = view.domain(&seat.of(place))?;
        Some(View::new(view, place.clone(), domain, self.clock.now()))
    }

    /// Records a call that changes nothing; ends when its records are durable. No record, no answer.
    pub(crate) async fn append(
        &self,
        call: &Call,
        spec: &OperationSpec,
        tale: &Tale<'_>,
    ) -> Result<(), Failure> {
        call.set_recorded(true);
        for Record {
            recipient,
            event_id,
            bytes,
        } in self.records_of(call, spec, tale)?
        {
            self.log.append(bytes).await.map_err(|error: AuditError| {
                tracing::error!(
                    request_id = %call.request_id, error = &error as &dyn std::error::Error,
                    "a call is refused because it could not be recorded"
                );
                self.unavailable(call)
            })?;
            if spec.uses_resources && tale.failure.is_none() {
                let own = |used: &&Resource| used.arn.account() == Some(recipient);
                for used in tale.resources.iter().filter(own) {
                    let last = LastUse {
                        operation: spec.name,
                        time: call.time(),
                        event_id,
                        request_id: call.request_id,
                    };
                    self.last_uses.note(&used.arn, last);
                }
            }
        }
        self.note_caller(call);
        Ok(())
    }

    /// Notes who made a call, once its record is durable.
    pub(crate) fn note_caller(&self, call: &Call) {
        let principal = call.caller.principal();
        let issuer = principal.issuer.as_ref();
        let caller = CalledBy {
            access_key: call.caller.access_key().map(identity::AccessKeyId::as_str),
            principal: Some(issuer.map_or(&*principal.id, |issuer| &issuer.id)),
        };
        let last = LastCall {
            service: call.service.name,
            region: call.place.region.clone(),
            time: call.time(),
        };
        self.last_uses.note_caller(caller, &last);
    }

    /// The records of a call, one for each account that it concerns.
    pub(crate) fn records_of(
        &self,
        call: &Call,
        spec: &OperationSpec,
        tale: &Tale<'_>,
    ) -> Result<entry::Records, Failure> {
        entry::of_call(call, spec, tale, &*self.entropy).map_err(|error| {
            tracing::error!(
                request_id = %call.request_id, error = &error as &dyn std::error::Error,
                "a call is refused because its records could not be told apart"
            );
            self.unavailable(call)
        })
    }

    /// The refusal when the installation can't do its part.
    pub(crate) fn unavailable(&self, call: &Call) -> Failure {
        Failure::silent(call.service.internal_error, 500)
    }

    /// The refusal when a change could not be committed.
    pub(crate) fn not_committed(&self, call: &Call, error: &CommitError) -> Failure {
        tracing::error!(
            request_id = %call.request_id, error = error as &dyn std::error::Error,
            "a change could not be committed"
        );
        self.unavailable(call)
    }

    /// Notes a request that was refused before anybody was authenticated.
    pub(crate) fn note_refused(&self, request: &Request, request_id: Uuid, failure: &Failure) {
        let access_key_id = sigv4::presented(&crate::answer::signed(request)).ok();
        let access_key_id = access_key_id.as_ref().map(sigv4::Presented::access_key_id);
        let user_agent = request
            .headers
            .get(::http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        self.refused.record(&Refusal {
            source: request.peer.address,
            access_key_id,
            code: failure.code,
            request_id,
            user_agent,
        });
    }

    /// Ends in order: waits for the calls under way, then closes the store and the log. Call it when no more
    /// requests come; what still comes is refused.
    ///
    /// A change may wait for a store that does not come back. Past [`limits::WALK_DEADLINE`], when its caller heard of
    /// a failure already, the store is closed over it; the next start finds out what became of it, and records it
    /// if it was made.
    pub async fn close(&self) {
        if !self.all_ended().await {
            tracing::warn!("some calls do not end; the store is closed over them");
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the store did not close in order"
            );
        }
        // What the store's end cut short is recorded before the log ends.
        if !self.all_ended().await {
            tracing::warn!("some calls did not end, and may lack their records");
        }
        let log = self.log.clone();
        // It waits for the disk.
        if tokio::task::spawn_blocking(move || log.close()).await.is_err() {
            tracing::error!("the audit log did not close in order");
        }
    }

    /// Waits for the calls under way, a while; whether they all ended.
    async fn all_ended(&self) -> bool {
        let deadline = self.clock.monotonic().after(limits::WALK_DEADLINE);
        tokio::select! {
            biased;
            () = self.walks.none() => true,
            () = self.clock.reaches(deadline) => false,
        }
    }

    /// The accounts of this installation.
    pub fn accounts(&self) -> Vec<AccountId> {
        let places = self.store.snapshot().places();
        let mut accounts: Vec<AccountId> = places.into_iter().map(|(_, place)| place.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}
