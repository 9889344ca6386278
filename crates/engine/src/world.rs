//! What an operation may touch while it acts.

use std::sync::Arc;

use ambient::pool::Pool;
use ambient::{Entropy, EntropyFailed, Timestamp};
use arn::{AccountId, Arn, Region};
use attestation::Verifier;
use crypto::wrapping::WrappingKeys;
use crypto::{InProcess, Material};
use gate::{Asking, Caller, Demand, Demands, Permit};
use serde_json::{Map, Value};
use store::{Change, CommitError, Domain, SecretTable, StoreError, Vault};

use crate::chores::Event;
use crate::engine::Engine;
use crate::entry::Resource;
use crate::operation::Action;
use crate::service::Service;
use crate::usage::{LastCall, LastUse};
use crate::view::View;

/// What an operation may touch while it acts: random bytes, opened key material, and the change it makes.
pub struct World<'w> {
    engine: &'w Engine,
    /// Whether the walk has the writer's turn, so that nothing else may be changed.
    in_turn: bool,
    view: &'w View,
    change: Change,
    change_of_refusal: Change,
    second_factor: bool,
    made: Vec<Resource>,
    notes: Map<String, Value>,
    events: Vec<Event>,
}

/// Key material under lock: the ARN that a permit has to name, and the row that holds it.
pub trait Locked {
    /// The table of the row.
    type Table: SecretTable<Secret = Material>;

    /// The key's ARN.
    fn arn(&self) -> &Arn;

    /// The part of the store that the key belongs to.
    fn domain(&self) -> Domain;

    /// The row of the material.
    fn row(&self) -> <Self::Table as SecretTable>::Key;
}

/// Why key material stays closed.
#[derive(Debug, thiserror::Error)]
pub enum UnsealError {
    /// The permit does not cover this action on this key: a fault of ours, and never an answer.
    #[error("the permit does not cover {action} on {resource}")]
    NotPermitted {
        /// The action.
        action: &'static str,
        /// The key.
        resource: Arn,
    },
    /// There is no such material, or no more.
    #[error("the key material does not exist")]
    Absent,
    /// The row could not be read.
    #[error("the key material could not be read")]
    Store(#[from] StoreError),
}

/// Why an account has no parts of the store.
#[derive(Debug, thiserror::Error)]
pub enum AccountNotOpened {
    /// Too many changes at once.
    #[error("the store is too busy for a new account")]
    Busy,
    /// The store did not take them.
    #[error("the store does not take a new account: {0}")]
    Commit(#[from] CommitError),
}

impl<'w> World<'w> {
    pub(crate) fn new(engine: &'w Engine, view: &'w View, in_turn: bool) -> World<'w> {
        World {
            engine,
            in_turn,
            view,
            change: Change::new(),
            change_of_refusal: Change::new(),
            second_factor: false,
            made: Vec::new(),
            notes: Map::new(),
            events: Vec::new(),
        }
    }

    /// The snapshot the walk runs on.
    pub fn view(&self) -> &'w View {
        self.view
    }

    /// Who calls; `None` for the installation's own work.
    pub fn caller(&self) -> Option<&'w Caller> {
        self.view.caller()
    }

    /// The services of the installation.
    pub fn services(&self) -> &'static [&'static Service] {
        self.engine.services
    }

    /// The Regions that are served.
    pub fn regions(&self) -> &'w [Region] {
        self.engine.regions()
    }

    /// The last use of a resource, if it was used since [`World::uses_known_since`].
    pub fn last_use(&self, resource: &Arn) -> Option<LastUse> {
        self.engine.last_uses.of(resource)
    }

    /// The last call that was signed with an access key.
    pub fn last_call_with(&self, access_key: &str) -> Option<LastCall> {
        self.engine.last_uses.of_access_key(access_key)
    }

    /// The last call that whoever has this unique id made to a service.
    pub fn last_call_of(&self, principal: &str, service: &str) -> Option<LastCall> {
        self.engine.last_uses.of_principal(principal, service)
    }

    /// From when on uses of resources are known: since the audit log began.
    pub fn uses_known_since(&self) -> Timestamp {
        self.engine.last_uses.known_since()
    }

    /// The wall clock's time.
    pub fn now(&self) -> Timestamp {
        self.view.now()
    }

    /// Random bytes fit for keys.
    pub fn entropy(&self) -> &'w dyn Entropy {
        &*self.engine.entropy
    }

    /// The backing of keys whose material is kept here.
    pub fn backing(&self) -> &'w InProcess {
        &self.engine.backing
    }

    /// Where passwords are worked.
    pub fn passwords(&self) -> &'w Pool {
        &self.engine.passwords
    }

    /// The pairs that material is wrapped under on its way in.
    pub fn wrapping_keys(&self) -> &'w WrappingKeys {
        &self.engine.wrapping_keys
    }

    /// What attestation documents are verified by.
    pub fn attestations(&self) -> &'w Verifier {
        &self.engine.attestations
    }

    /// Fills `bytes` with random bytes.
    pub fn random(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        self.entropy().fill(bytes)
    }

    /// The change that this call makes; it lands with the call's audit record or not at all.
    pub fn change(&mut self) -> &mut Change {
        &mut self.change
    }

    /// Makes an account's parts of the store, ahead of the change that makes the account: without it they are nobody's.
    pub async fn open_account(&self, account: AccountId) -> Result<(), AccountNotOpened> {
        // In the writer's turn it would wait for itself.
        if self.in_turn {
            return Err(AccountNotOpened::Busy);
        }
        Ok(self.engine.create_domains(account).await?)
    }

    /// What is to change though `act` refuses the call: a count of failures, say. It lands with the record of the
    /// refusal before that is told, under the same checks for conflicts as any change, and is dropped where `act` succeeds.
    pub fn change_of_refusal(&mut self) -> &mut Change {
        &mut self.change_of_refusal
    }

    pub(crate) fn vault(&self) -> &'w Vault {
        &self.engine.vault
    }

    pub(crate) fn note_second_factor(&mut self) {
        self.second_factor = true;
    }

    pub(crate) fn has_proved_second_factor(&self) -> bool {
        self.second_factor
    }

    pub(crate) fn take_change_of_refusal(&mut self) -> Change {
        std::mem::take(&mut self.change_of_refusal)
    }

    /// Opens key material: only with a permit for action `A` on its key.
    pub fn unseal<A: Action>(
        &self,
        permit: &Permit<impl Send>,
        key: &impl Locked,
    ) -> Result<Arc<Material>, UnsealError> {
        if !permit.covers(A::NAME, key.arn()) {
            return Err(UnsealError::NotPermitted {
                action: A::NAME,
                resource: key.arn().clone(),
            });
        }
        open(self.vault(), self.view, key)
    }

    /// Whether the caller would be allowed this, were it demanded: for a policy that must not lock its writer out.
    /// It opens nothing. The installation's own work is asked for by nobody, so nobody is allowed it.
    pub fn would_allow(
        &self,
        demand: Demand,
        resource: &dyn gate::Resource,
        request: &dyn gate::Request,
    ) -> bool {
        let (Some(caller), Some(surroundings)) = (self.view.caller(), self.view.surroundings()) else {
            return false;
        };
        let asking = Asking {
            caller,
            surroundings,
            request,
            view: self.view.store(),
        };
        gate::authorize(asking, Demands::of(demand), resource, |resource, _| {
            Some(*resource)
        })
        .is_ok()
    }

    /// Names a resource that did not exist before this call, for the call's record.
    pub fn made(&mut self, resource: Resource) {
        self.made.push(resource);
    }

    pub(crate) fn take_made(&mut self) -> Vec<Resource> {
        std::mem::take(&mut self.made)
    }

    /// Adds a service event to what is recorded with the change, beside the call's own record.
    pub fn happened(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Puts a member into the record's `additionalEventData`.
    pub fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.notes.insert(name.to_owned(), value.into());
    }

    pub(crate) fn into_parts(self) -> (Change, Map<String, Value>, Vec<Event>) {
        (self.change, self.notes, self.events)
    }
}

fn open<K: Locked>(vault: &Vault, view: &View, key: &K) -> Result<Arc<Material>, UnsealError> {
    vault
        .open::<K::Table>(view.store(), key.domain(), &key.row())?
        .ok_or(UnsealError::Absent)
}
