//! A SQLite file as the first release wrote it opens, and holds the rows of the golden store.
//!
//! `KEYSTEAD_GOLDEN=write` writes it anew, for as long as the format was not released.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use store::RowKey;
use store::backend::{Backend, Group, StoredRow};
use store_sqlite::{FILE, Sqlite};

type Row = (Vec<u8>, u64, Vec<u8>);

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/keystead-1.db")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

fn kept() -> Vec<Row> {
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/golden/store-1.rows");
    let text = std::fs::read_to_string(rows).unwrap();
    let lines = text.lines().map(|line| {
        let parts: Vec<_> = line.split(' ').collect();
        (bytes(parts[0]), parts[1].parse().unwrap(), bytes(parts[2]))
    });
    lines.collect()
}

fn rows_of(backend: &mut Sqlite) -> Vec<Row> {
    let mut rows = Vec::new();
    backend
        .load(&[], None, &mut |key, revision, value| {
            rows.push((key.to_vec(), revision, value.to_vec()))
        })
        .unwrap();
    rows
}

/// What `docs/store-format.md` says of the file.
fn check(file: &Path) {
    let header = std::fs::read(file).unwrap();
    assert_eq!(&header[..16], b"SQLite format 3\0");
    assert_eq!(&header[60..64], [0, 0, 0, 1], "user_version");
    assert_eq!(&header[68..72], b"KSTD", "application_id");
    let connection = Connection::open(file).unwrap();
    let schema: String = connection
        .query_row("SELECT group_concat(sql, ';') FROM sqlite_schema", (), |row| {
            row.get(0)
        })
        .unwrap();
    let documented =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/store-format.md"));
    assert!(documented.unwrap().contains(&format!("`{schema}`")), "{schema}");
}

#[test]
fn a_file_is_written_as_documented() {
    let directory = tempfile::tempdir().unwrap();
    let mut backend = Sqlite::open(directory.path()).unwrap();
    let rows = kept().into_iter().map(|(key, revision, value)| {
        let value = value.into();
        (
            RowKey::from_bytes(&key).unwrap(),
            Some(StoredRow { revision, value }),
        )
    });
    let rows = rows.collect();
    backend.commit(&Group { rows }).unwrap();
    backend.close().unwrap();
    drop(backend);
    let file = directory.path().join(FILE);
    if std::env::var_os("KEYSTEAD_GOLDEN").is_some_and(|mode| mode == "write") {
        std::fs::create_dir_all(golden().parent().unwrap()).unwrap();
        std::fs::copy(&file, golden()).unwrap();
    }
    check(&file);
}

#[test]
fn the_golden_file_opens_with_the_rows_of_the_golden_store() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(FILE);
    std::fs::copy(golden(), &file).unwrap();
    assert_eq!(rows_of(&mut Sqlite::open(directory.path()).unwrap()), kept());
    check(&file);
}
