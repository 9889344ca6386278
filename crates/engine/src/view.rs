//! What a call sees: one snapshot, from one place, at one time.

use std::sync::Arc;

use ambient::Timestamp;
use arn::Place;
use gate::{Caller, Surroundings};
use store::{Domain, Held, ReadSet, StoreError, Table};

/// One snapshot of the store as the caller's account and Region see it. What is read through it becomes the read
/// set of the change that comes of it.
#[derive(Debug)]
pub struct View {
    store: store::View,
    place: Place,
    domain: Domain,
    now: Timestamp,
    asked_by: Option<(Caller, Arc<Surroundings>)>,
}

impl View {
    pub(crate) fn new(store: store::View, place: Place, domain: Domain, now: Timestamp) -> View {
        View {
            store,
            place,
            domain,
            now,
            asked_by: None,
        }
    }

    /// The same, as a caller sees it.
    pub(crate) fn of_caller(self, caller: &Caller, surroundings: &Arc<Surroundings>) -> View {
        View {
            asked_by: Some((caller.clone(), Arc::clone(surroundings))),
            ..self
        }
    }

    /// Who calls; `None` for the installation's own work.
    pub fn caller(&self) -> Option<&Caller> {
        self.asked_by.as_ref().map(|(caller, _)| caller)
    }

    /// Where from, when and how the call came; `None` for the installation's own work.
    pub fn surroundings(&self) -> Option<&Surroundings> {
        self.asked_by.as_ref().map(|(_, surroundings)| &**surroundings)
    }

    /// The account and Region of the call.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The part of the store that belongs to [`View::place`].
    pub fn domain(&self) -> Domain {
        self.domain
    }

    /// The wall clock when the walk began; one walk sees one time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The record under `key`, at the call's place.
    pub fn get<T: Table>(&self, key: &T::Key) -> Result<Option<Held<T::Record>>, StoreError> {
        self.store.get::<T>(self.domain, key)
    }

    /// The part of the store that belongs to `place`; `None` where nothing is kept for it.
    pub fn domain_of(&self, place: &Place) -> Option<Domain> {
        if *place == self.place {
            Some(self.domain)
        } else {
            self.store.domain(place)
        }
    }

    /// What was read, for the change that rests on it.
    pub(crate) fn into_reads(self) -> ReadSet {
        self.store.into_reads()
    }

    /// The snapshot itself, for scans and indexes.
    pub fn store(&self) -> &store::View {
        &self.store
    }
}
