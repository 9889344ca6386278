//! Transactions and typed tables over one small [`Backend`](backend::Backend).
//!
//! - A [`Table`] is declared once, by its owner. Its rows are sealed under keys of their [`Domain`] before they
//!   leave the typed layer; secrets, such as key material, lie in a [`SecretTable`] and come out of the [`Vault`] alone.
//! - A [`Snapshot`] is the store at one revision, in memory, unchanging. A [`View`] reads it and remembers what it
//!   was asked.
//! - A [`Change`] is committed with the [`ReadSet`] it rests on: if anything in it has changed meanwhile, the change
//!   is refused as a conflict, and the caller walks again on a fresh snapshot; after some conflicts, in the writer's
//!   [`Turn`].
//! - What is visible is durable: one writer gathers changes into groups, flushes them, queues their audit records to
//!   the log, publishes the new snapshot, and then answers.
//! - What is durable stays: a sealed head counts every row, and a store in which one is missing, swapped or older
//!   does not open.
//!
//! `docs/store-format.md` states the rows byte for byte.

pub mod backend;
pub mod cbor;
mod change;
mod compact;
mod draft;
pub mod due;
mod error;
mod head;
mod health;
mod inbox;
mod keyring;
pub mod lease;
pub mod limits;
mod load;
mod outbox;
mod reads;
pub mod root;
mod rowkey;
mod shared;
mod state;
mod store;
pub mod suite;
mod table;
#[cfg(test)]
mod tests;
mod vault;
mod view;
mod writer;

pub use change::Change;
pub use error::{CommitError, OpenError, StoreError, Unavailable};
pub use health::Health;
pub use keyring::Purpose;
pub use outbox::{OutboxSink, Waiting};
pub use reads::{Mark, ReadSet};
pub use root::{Passphrase, RootSource};
pub use rowkey::{Domain, DomainId, NameBuffer, RowKey, TableId};
pub use store::{Committed, Store, StoreOptions, Turn};
pub use table::{
    HashedName, IndexKey, Names, RowName, SecretTable, Table, TableSpec, Unreadable, secret_table_spec,
    table_spec,
};
pub use vault::Vault;
pub use view::{Held, IndexRow, Snapshot, View};
pub use writer::Observer;
