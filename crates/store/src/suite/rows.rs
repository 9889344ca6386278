//! What a backend does with rows.

use std::sync::Arc;

use crate::RowKey;
use crate::backend::{Backend, Group, StoredRow};
use crate::suite::Site;

type Rows = Vec<(Vec<u8>, u64, Vec<u8>)>;

fn key(name: &[u8]) -> RowKey {
    RowKey::from_bytes(&[b"12345", name].concat()).unwrap()
}

fn put(name: &[u8], revision: u64, value: &[u8]) -> (RowKey, Option<StoredRow>) {
    let value = Arc::from(value);
    (key(name), Some(StoredRow { revision, value }))
}

fn commit(backend: &mut dyn Backend, rows: Vec<(RowKey, Option<StoredRow>)>) {
    backend.commit(&Group { rows }).unwrap();
}

pub(crate) fn load(backend: &mut dyn Backend, from: &[u8], to: Option<&[u8]>) -> Rows {
    let mut rows = Rows::new();
    backend
        .load(from, to, &mut |key, revision, value| {
            rows.push((key.to_vec(), revision, value.to_vec()));
        })
        .unwrap();
    rows
}

fn names(rows: &Rows) -> Vec<&[u8]> {
    rows.iter().map(|(key, _, _)| &key[5..]).collect()
}

/// Whatever order they were put in.
pub fn committed_rows_come_back_in_the_order_of_their_keys(site: &dyn Site) {
    let mut backend = site.open().unwrap();
    assert_eq!(load(backend.as_mut(), &[], None), Rows::new());
    commit(backend.as_mut(), vec![put(b"b", 1, b"2"), put(b"a\xff", 1, b"1")]);
    commit(backend.as_mut(), vec![put(b"", 2, b""), put(b"a", 2, b"0")]);
    let rows = load(backend.as_mut(), &[], None);
    let names = names(&rows);
    assert_eq!(names, [b"".as_slice(), b"a", b"a\xff", b"b"]);
    assert_eq!(rows[3], (b"12345b".to_vec(), 1, b"2".to_vec()));
    backend.rest().unwrap();
}

/// Deleting what is not there is nothing.
pub fn a_group_replaces_and_deletes(site: &dyn Site) {
    let mut backend = site.open().unwrap();
    commit(
        backend.as_mut(),
        vec![put(b"a", 1, b"old"), put(b"b", 1, b"gone")],
    );
    commit(
        backend.as_mut(),
        vec![
            put(b"a", u64::MAX / 2, b"new"),
            (key(b"b"), None),
            (key(b"c"), None),
        ],
    );
    backend.erase_traces().unwrap();
    let rows = load(backend.as_mut(), &[], None);
    assert_eq!(rows, [(b"12345a".to_vec(), u64::MAX / 2, b"new".to_vec())]);
}

/// From the first bound on, up to the second and not with it.
pub fn loading_keeps_to_its_bounds(site: &dyn Site) {
    let mut backend = site.open().unwrap();
    commit(
        backend.as_mut(),
        vec![put(b"a", 1, b""), put(b"b", 1, b""), put(b"c", 1, b"")],
    );
    let rows = load(backend.as_mut(), b"12345b", None);
    assert_eq!(names(&rows), [b"b", b"c"]);
    let rows = load(backend.as_mut(), b"12345a", Some(b"12345c"));
    assert_eq!(names(&rows), [b"a", b"b"]);
    assert_eq!(load(backend.as_mut(), b"9", None), Rows::new());
}

/// Or is not there.
pub fn one_row_is_read_as_last_committed(site: &dyn Site) {
    let mut backend = site.open().unwrap();
    assert_eq!(backend.read(b"12345a").unwrap(), None);
    for revision in 1..4 {
        commit(backend.as_mut(), vec![put(b"a", revision, &[7; 3])]);
        let row = backend.read(b"12345a").unwrap().unwrap();
        assert_eq!((row.revision, &*row.value), (revision, [7; 3].as_slice()));
    }
    commit(backend.as_mut(), vec![(key(b"a"), None)]);
    assert_eq!(backend.read(b"12345a").unwrap(), None);
}

/// Keys up to the limit of row names, values of a megabyte.
pub fn long_keys_and_values_are_kept(site: &dyn Site) {
    let mut backend = site.open().unwrap();
    let name = vec![0xfe; crate::limits::ROW_NAME];
    let value: Vec<u8> = (0..1 << 20).map(|at: u32| at.to_le_bytes()[1]).collect();
    commit(
        backend.as_mut(),
        vec![put(&name, 1, &value), put(b"a", 1, b"short")],
    );
    let row = backend.read(key(&name).as_bytes()).unwrap().unwrap();
    assert_eq!(&*row.value, &value);
    assert_eq!(load(backend.as_mut(), &[], None)[1].2, value);
}

/// And the backend goes on.
pub fn committed_rows_are_there_after_reopening(site: &dyn Site) {
    let mut backend = site.open().unwrap();
    commit(backend.as_mut(), vec![put(b"a", 1, b"1")]);
    backend.reopen().unwrap();
    assert_eq!(load(backend.as_mut(), &[], None).len(), 1);
    commit(backend.as_mut(), vec![put(b"b", 2, b"2")]);
    backend.reopen().unwrap();
    backend.reopen().unwrap();
    backend.close().unwrap();
    drop(backend);
    let mut backend = site.open().unwrap();
    assert_eq!(load(backend.as_mut(), &[], None).len(), 2);
}

/// As after a kill.
pub fn committed_rows_are_there_when_nobody_closed(site: &dyn Site) {
    for round in 1..20_u8 {
        let mut backend = site.open().unwrap();
        assert_eq!(load(backend.as_mut(), &[], None).len(), usize::from(round - 1));
        commit(backend.as_mut(), vec![put(&[round], u64::from(round), b"x")]);
        backend.rest().unwrap();
    }
}
