//! What a store notices of a backend whose rows somebody edited.

use std::sync::Arc;

use crypto::root::RootKey;
use secret::{LockedKey, SecretBuffer, SecretString};

use crate::backend::{Backend, Group, StoredRow};
use crate::head::head_row;
use crate::root::Passphrase;
use crate::suite::Site;
use crate::suite::fixture::{
    HERE, Log, Notes, Numbers, TABLES, block_on, entropy, named, note, open, place, try_open, try_open_with,
};
use crate::suite::rows::load;
use crate::{
    Change, OpenError, ReadSet, RowKey, Store, StoreError, StoreOptions, Table, TableId, Unreadable, cbor,
    table_spec,
};

type Row = (RowKey, StoredRow);

/// A closed store with some rows of every kind.
fn prepared(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        let domain = opened.store.create_domain(&place(1, "us-east-1")).await.unwrap();
        opened.put_numbers((0..10).map(|number| (number, 7))).await;
        let mut change = Change::new();
        change.put::<Notes>(domain, named("a"), note(1, "a", 1));
        change.record(b"audit record".to_vec());
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        opened.close().await;
    });
}

fn all_rows(backend: &mut dyn Backend) -> Vec<Row> {
    let rows = load(backend, &[], None).into_iter();
    rows.map(|(key, revision, value)| {
        let value = Arc::from(value);
        (RowKey::from_bytes(&key).unwrap(), StoredRow { revision, value })
    })
    .collect()
}

fn number(row: u32) -> RowKey {
    RowKey::new(Numbers::ID, HERE, &row.to_be_bytes())
}

/// Puts and deletes rows behind the store's back.
fn edit(site: &dyn Site, rows: Vec<(RowKey, Option<StoredRow>)>) {
    let mut backend = site.open().unwrap();
    backend.commit(&Group { rows }).unwrap();
    backend.close().unwrap();
}

fn rows_of(site: &dyn Site) -> Vec<Row> {
    let mut backend = site.open().unwrap();
    all_rows(backend.as_mut())
}

fn row_of(site: &dyn Site, key: &RowKey) -> StoredRow {
    let rows = rows_of(site);
    rows.into_iter().find(|(found, _)| found == key).unwrap().1
}

fn is_noticed(site: &dyn Site) {
    let refused = try_open(site).map(|_| ());
    assert!(matches!(refused, Err(OpenError::RolledBack)), "{refused:?}");
}

/// Whichever it is.
pub fn a_removed_row_is_noticed(site: &dyn Site) {
    prepared(site);
    let removable = |row: &Row| row.0.table().0 >= 2;
    for (key, row) in rows_of(site).into_iter().filter(removable) {
        edit(site, vec![(key.clone(), None)]);
        is_noticed(site);
        edit(site, vec![(key, Some(row))]);
    }
    block_on(open(site).close());
}

/// Even one that is a copy of another.
pub fn an_added_row_is_noticed(site: &dyn Site) {
    prepared(site);
    let row = row_of(site, &number(3));
    edit(site, vec![(number(77), Some(row))]);
    is_noticed(site);
}

/// Even where both say the same.
pub fn swapped_rows_are_noticed(site: &dyn Site) {
    prepared(site);
    let (three, four) = (row_of(site, &number(3)), row_of(site, &number(4)));
    edit(site, vec![(number(3), Some(four)), (number(4), Some(three))]);
    is_noticed(site);
}

/// Whether its revision is told truly or not.
pub fn an_older_copy_of_a_row_is_noticed(site: &dyn Site) {
    prepared(site);
    let older = row_of(site, &number(3));
    block_on(async {
        let opened = open(site);
        opened.put_numbers([(3, 8)]).await;
        opened.close().await;
    });
    let newer = row_of(site, &number(3));
    edit(site, vec![(number(3), Some(older.clone()))]);
    is_noticed(site);
    let revision = newer.revision;
    edit(site, vec![(number(3), Some(StoredRow { revision, ..older }))]);
    is_noticed(site);
    edit(site, vec![(number(3), Some(newer))]);
    assert!(try_open(site).is_ok());
}

/// With the rows of a newer one.
pub fn an_older_head_is_noticed(site: &dyn Site) {
    prepared(site);
    let older = row_of(site, &head_row());
    block_on(async {
        let opened = open(site);
        opened.put_numbers([(3, 8)]).await;
        opened.close().await;
    });
    edit(site, vec![(head_row(), Some(older))]);
    is_noticed(site);
}

/// Though nothing else is missing.
pub fn a_removed_head_is_noticed(site: &dyn Site) {
    prepared(site);
    edit(site, vec![(head_row(), None)]);
    is_noticed(site);
}

/// Of the installation, or of an account and Region.
pub fn a_removed_domain_key_is_noticed(site: &dyn Site) {
    prepared(site);
    let keys: Vec<Row> = rows_of(site)
        .into_iter()
        .filter(|(key, _)| key.table().0 == 1)
        .collect();
    assert_eq!(keys.len(), 2);
    for (key, row) in keys {
        edit(site, vec![(key.clone(), None)]);
        assert!(matches!(
            try_open(site).map(|_| ()),
            Err(OpenError::RolledBack | OpenError::Damaged { .. })
        ));
        edit(site, vec![(key, Some(row))]);
    }
}

/// A store without its first rows is none that could be begun anew.
pub fn an_emptied_store_but_for_its_tables_is_noticed(site: &dyn Site) {
    prepared(site);
    let first = rows_of(site).into_iter().filter(|(key, _)| key.table().0 < 3);
    edit(site, first.map(|(key, _)| (key, None)).collect());
    is_noticed(site);
}

/// Nothing in the store itself can tell; its own audit log can, by the revision.
pub fn an_older_copy_of_the_whole_store_shows_its_revision(site: &dyn Site) {
    prepared(site);
    let copy = rows_of(site);
    let newer = block_on(async {
        let opened = open(site);
        opened.put_numbers([(100, 8)]).await;
        let revision = opened.store.head_revision();
        opened.close().await;
        revision
    });
    let gone = rows_of(site).into_iter().map(|(key, _)| (key, None));
    edit(site, gone.collect());
    edit(
        site,
        copy.into_iter().map(|(key, row)| (key, Some(row))).collect(),
    );
    assert_eq!(open(site).store.head_revision(), newer - 1);
}

fn open_under(site: &dyn Site, root: impl crate::RootSource) -> Result<(), OpenError> {
    let (backend, log) = (site.open().unwrap(), Arc::new(Log::default()));
    let (store, _) = Store::open(backend, &TABLES, root, entropy(), log, StoreOptions::new())?;
    block_on(store.close()).unwrap();
    Ok(())
}

/// And not taken for damage.
pub fn another_root_key_is_refused_as_such(site: &dyn Site) {
    prepared(site);
    let other = RootKey::from_key(LockedKey::copied_from(&[8; 32]).unwrap()).unwrap();
    let refused = open_under(site, other);
    assert!(
        matches!(refused, Err(OpenError::WrongRootKey { .. })),
        "{refused:?}"
    );
    block_on(open(site).close());
    let refused = open_under(site, Passphrase(SecretString::new("correct horse".to_owned())));
    assert!(matches!(refused, Err(OpenError::NoRootKey(_))), "{refused:?}");
}

/// Since every passphrase gives some key.
pub fn another_passphrase_is_refused_as_another_root_key(site: &dyn Site) {
    let passphrase = |text: &str| Passphrase(SecretString::new(text.to_owned()));
    open_under(site, passphrase("correct horse")).unwrap();
    open_under(site, passphrase("correct horse")).unwrap();
    let refused = open_under(site, passphrase("battery staple"));
    assert!(
        matches!(refused, Err(OpenError::WrongRootKey { .. })),
        "{refused:?}"
    );
    let refused = open_under(site, crate::suite::fixture::root_key());
    assert!(
        matches!(refused, Err(OpenError::WrongRootKey { .. })),
        "{refused:?}"
    );
}

/// A later version of the fixture's table of numbers.
#[derive(Debug)]
struct LaterNumbers;

impl Table for LaterNumbers {
    const ID: TableId = Numbers::ID;
    const NAME: &'static str = Numbers::NAME;
    const FORMAT: u8 = 2;
    type Key = [u8; 4];
    type Record = u64;

    fn encode(record: &u64, out: &mut SecretBuffer) {
        cbor::encode(record, out);
    }

    fn decode(format: u8, bytes: &[u8]) -> Result<u64, Unreadable> {
        assert!(format <= 2);
        cbor::decode(bytes)
    }
}

/// Of a record, or a whole table; and an earlier one is read.
pub fn a_later_format_is_refused_as_such(site: &dyn Site) {
    prepared(site);
    block_on(async {
        let later = [TABLES[0], table_spec::<LaterNumbers>(), TABLES[2], TABLES[3]];
        let opened = try_open_with(site, &later).unwrap();
        let view = opened.store.snapshot().view();
        assert_eq!(*view.get::<LaterNumbers>(HERE, &[0; 4]).unwrap().unwrap(), 7);
        let mut change = Change::new();
        change.put::<LaterNumbers>(HERE, [9; 4], 1);
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        opened.close().await;
    });
    let refused = try_open(site).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::NewerFormat { .. })),
        "{refused:?}"
    );
    let refused = try_open_with(site, &[TABLES[0]]).map(|_| ());
    assert!(
        matches!(refused, Err(OpenError::NewerFormat { .. })),
        "{refused:?}"
    );
}

/// Neither in keys nor in values.
pub fn names_and_texts_are_not_to_be_found_in_the_rows(site: &dyn Site) {
    block_on(async {
        let opened = open(site);
        opened
            .put(note(1, "a name to look for", 0x6b65_7973_7465_6164))
            .await;
        let mut change = Change::new();
        change.record(b"a record to look for".to_vec());
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        opened.close().await;
    });
    for (key, row) in rows_of(site) {
        for bytes in [key.as_bytes(), &row.value] {
            for text in ["to look for", "keystead"] {
                let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(!found, "{text} in {key:?}");
            }
        }
    }
}

/// When it is read, if its tag was left as it was; and nothing else is affected.
pub fn a_changed_value_does_not_open(site: &dyn Site) {
    prepared(site);
    let mut row = row_of(site, &number(3));
    let mut value = row.value.to_vec();
    let ciphertext = value.len() - 17; // one byte, before the tag
    value[ciphertext] ^= 1;
    row.value = value.into();
    edit(site, vec![(number(3), Some(row))]);
    let opened = open(site);
    let view = opened.store.snapshot().view();
    let read = |row: u32| {
        view.get::<Numbers>(HERE, &row.to_be_bytes())
            .map(|row| row.map(|row| *row))
    };
    assert!(matches!(read(3), Err(StoreError::Damaged("numbers"))));
    assert_eq!(read(4).unwrap(), Some(7));
}
