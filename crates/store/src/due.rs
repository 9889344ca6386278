//! Due work: rows in the order of the time they are due.
//!
//! The order is by time, then kind, then subject. Times stand in row keys in the clear; subjects should be ids, not
//! names. Whoever does an item re-reads its row in the view of the change that does it, and removes it there.

use ambient::Timestamp;
use minicbor::{Decode, Encode};
use secret::SecretBuffer;

use crate::table::{Table, TableSpec, Unreadable, table_spec};
use crate::{Change, Domain, NameBuffer, Names, RowName, StoreError, TableId, View, cbor};

pub(crate) const SPEC: TableSpec = table_spec::<DueWork>();

struct DueWork;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// When it is due.
    pub due: Timestamp,
    /// What kind of work it is; its owner chooses the number.
    pub kind: u8,
    /// Where its subject lives.
    pub domain: Domain,
    /// What it is about, such as a key's id.
    pub subject: Vec<u8>,
}

impl RowName for Item {
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(&ordered(self.due).to_be_bytes());
        out.extend(&[self.kind]);
        out.extend(&self.domain.number().to_be_bytes());
        out.extend(&self.subject);
    }
}

/// Milliseconds since the epoch as a number whose bytes order as the times do, also before it.
fn ordered(time: Timestamp) -> u64 {
    time.milliseconds().cast_unsigned() ^ (1 << 63)
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Work {
    #[n(0)]
    due: i64,
    #[n(1)]
    kind: u8,
    #[n(2)]
    domain: u32,
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    subject: Vec<u8>,
}

impl Table for DueWork {
    const ID: TableId = TableId(5);
    const NAME: &'static str = "due work";
    const FORMAT: u8 = 1;
    type Key = Item;
    type Record = Work;

    fn encode(record: &Work, out: &mut SecretBuffer) {
        cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<Work, Unreadable> {
        cbor::decode(bytes)
    }
}

impl From<&Work> for Item {
    fn from(work: &Work) -> Item {
        Item {
            due: Timestamp::from_milliseconds(work.due),
            kind: work.kind,
            domain: Domain::from_number(work.domain),
            subject: work.subject.clone(),
        }
    }
}

/// Adds an item to be done.
pub fn put(change: &mut Change, item: &Item) {
    let work = Work {
        due: item.due.milliseconds(),
        kind: item.kind,
        domain: item.domain.number(),
        subject: item.subject.clone(),
    };
    change.put::<DueWork>(Domain::Installation, item.clone(), work);
}

/// Takes an item away: it is done, or need not be.
pub fn remove(change: &mut Change, item: &Item) {
    change.delete::<DueWork>(Domain::Installation, item.clone());
}

/// Whether an item is still to be done; the answer joins what `view` has read.
pub fn stands(view: &View, item: &Item) -> Result<bool, StoreError> {
    Ok(view.get::<DueWork>(Domain::Installation, item)?.is_some())
}

/// Up to `limit` items that are due at `now`, the earliest first. For a view of its own: the stretch that was
/// looked through joins what it has read, and changes with every item that is added.
pub fn due(view: &View, now: Timestamp, limit: usize) -> Result<Vec<Item>, StoreError> {
    let items = view.scan::<DueWork>(Domain::Installation, std::ops::Bound::Unbounded, limit)?;
    let items = items.iter().map(|work| Item::from(&**work));
    Ok(items.take_while(|item| item.due <= now).collect())
}

/// When the next item is due, if there is any.
pub fn next(view: &View) -> Result<Option<Timestamp>, StoreError> {
    let first = view.scan::<DueWork>(Domain::Installation, std::ops::Bound::Unbounded, 1)?;
    Ok(first.first().map(|work| Item::from(&**work).due))
}
