//! Leases: who does a piece of background work at present.
//!
//! A lease is a row. Whoever holds it [joins](Lease::join) that row to the read set of each change, so that a change
//! made under a lease that meanwhile went to somebody else is refused, however late it comes.

use std::time::Duration;

use ambient::Timestamp;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;

use crate::table::{Table, TableSpec, Unreadable, table_spec};
use crate::{Change, CommitError, Domain, RowName, Store, StoreError, TableId, View, cbor};
use crate::{NameBuffer, Names};

pub(crate) const SPEC: TableSpec = table_spec::<Leases>();

struct Leases;

#[derive(Clone, Copy)]
struct LeaseName(&'static str);

impl RowName for LeaseName {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(self.0.as_bytes());
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Held {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    holder: [u8; 16],
    #[n(1)]
    until: i64,
}

impl Table for Leases {
    const ID: TableId = TableId(4);
    const NAME: &'static str = "leases";
    const FORMAT: u8 = 1;
    type Key = LeaseName;
    type Record = Held;

    fn encode(record: &Held, out: &mut SecretBuffer) {
        cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Held, Unreadable> {
        cbor::decode(bytes)
    }
}

/// Whether an earlier holder may still be at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// It may: its lease has to run out first.
    MayLive,
    /// It can't, as where one process alone has the store open and this is another than the holder.
    IsGone,
}

/// Somebody else holds the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lease is held by somebody else")]
pub struct Lost;

/// A lease that was acquired. Dropping it releases nothing: it runs out.
#[derive(Debug, Clone)]
pub struct Lease {
    name: &'static str,
    holder: [u8; 16],
    until: Timestamp,
}

impl Lease {
    /// Takes the lease `name` for `span` from `now` on, if it is free, has run out, or was this holder's already;
    /// `None` where somebody else holds it. `holder` is random, and the same for as long as a process lives.
    pub async fn acquire(
        store: &Store,
        name: &'static str,
        holder: [u8; 16],
        rival: Rival,
        now: Timestamp,
        span: Duration,
    ) -> Result<Option<Lease>, CommitError> {
        let view = store.snapshot().view();
        let held = view
            .get::<Leases>(Domain::Installation, &LeaseName(name))
            .map_err(CommitError::Refused)?;
        let free = held.is_none_or(|held| {
            held.holder == holder || rival == Rival::IsGone || held.until <= now.milliseconds()
        });
        if !free {
            return Ok(None);
        }
        let until = now.after(span);
        let mut change = Change::new();
        let until_milliseconds = until.milliseconds();
        let record = Held {
            holder,
            until: until_milliseconds,
        };
        change.put::<Leases>(Domain::Installation, LeaseName(name), record);
        match store.commit(view.into_reads(), change).await {
            Ok(_) => Ok(Some(Lease { name, holder, until })),
            Err(CommitError::Conflict) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds the lease for `span` from `now` on; `false` where it went to somebody else.
    pub async fn renew(
        &mut self,
        store: &Store,
        now: Timestamp,
        span: Duration,
    ) -> Result<bool, CommitError> {
        let view = store.snapshot().view();
        if self.join(&view).map_err(CommitError::Refused)?.is_err() {
            return Ok(false);
        }
        let until = now.after(span);
        let mut change = Change::new();
        let record = Held {
            holder: self.holder,
            until: until.milliseconds(),
        };
        change.put::<Leases>(Domain::Installation, LeaseName(self.name), record);
        match store.commit(view.into_reads(), change).await {
            Ok(_) => {
                self.until = until;
                Ok(true)
            }
            Err(CommitError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Joins the lease's row to what `view` has read, if it is still this holder's.
    pub fn join(&self, view: &View) -> Result<Result<(), Lost>, StoreError> {
        let held = view.get::<Leases>(Domain::Installation, &LeaseName(self.name))?;
        Ok(match held {
            Some(held) if held.holder == self.holder => Ok(()),
            _ => Err(Lost),
        })
    }

    /// Until when it is held.
    pub fn until(&self) -> Timestamp {
        self.until
    }
}
