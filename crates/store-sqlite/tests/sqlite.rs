//! SQLite does what the store asks of a backend, and what only a file can be asked.
#![allow(clippy::unwrap_used, reason = "all of it is for tests")]

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt;
use store::backend::{Backend, BackendError};
use store::suite::Site;
use store::suite::fixture::{HERE, Jewels, Notes, Opened, block_on, named, note, open, putting, try_open};
use store::{Change, CommitError, OpenError, ReadSet, Unavailable};
use store_sqlite::{FILE, Options, Sqlite};
use tempfile::TempDir;

/// A directory of its own.
struct Directory {
    directory: TempDir,
    options: Options,
}

impl Directory {
    fn new() -> Directory {
        Directory::with(Options::default())
    }

    fn with(options: Options) -> Directory {
        let directory = TempDir::new().unwrap();
        Directory { directory, options }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    fn file(&self) -> PathBuf {
        self.path().join(FILE)
    }

    fn log(&self) -> PathBuf {
        self.path().join(format!("{FILE}-wal"))
    }

    /// The database as anybody with the file has it.
    fn edit(&self, sql: &str) {
        Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
    }
}

impl Site for Directory {
    fn open(&self) -> Result<Box<dyn Backend>, BackendError> {
        Ok(Box::new(Sqlite::with(&self.path(), self.options.clone())?))
    }
}

store::backend_suite!(Directory::new());

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn contains(path: &Path, bytes: &[u8]) -> bool {
    let content = std::fs::read(path).unwrap();
    content.windows(bytes.len()).any(|window| window == bytes)
}

async fn try_put(opened: &Opened, name: &str, length: usize) -> Result<u64, CommitError> {
    let mut change = putting(note(1, name, 0));
    change.record(vec![0; length]);
    opened
        .store
        .commit(ReadSet::new(), change)
        .await
        .map(|committed| committed.revision)
}

#[test]
fn only_the_owner_reads_the_directory_and_its_files() {
    let site = Directory::new();
    let opened = open(&site);
    block_on(opened.put(note(1, "a", 1)));
    assert_eq!(
        (mode(&site.path()), mode(&site.file()), mode(&site.log())),
        (0o700, 0o600, 0o600)
    );
    let mut names: Vec<_> = std::fs::read_dir(site.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [FILE.to_owned(), format!("{FILE}-wal")],
        "no index in shared memory"
    );
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let site = Directory::new();
    let opened = open(&site);
    assert!(matches!(
        site.open().map(|_| ()),
        Err(BackendError::Locked { .. })
    ));
    block_on(opened.close());
    assert!(site.open().is_ok());
}

#[test]
fn what_is_no_store_or_a_newer_one_is_refused_as_such() {
    let site = Directory::new();
    std::fs::create_dir(site.path()).unwrap();
    std::fs::write(
        site.file(),
        "a text that is long enough to be taken for a header of SQLite, or for anything at all".repeat(20),
    )
    .unwrap();
    assert!(matches!(
        site.open().map(|_| ()),
        Err(BackendError::Foreign { .. })
    ));
    std::fs::remove_file(site.file()).unwrap();
    site.edit("CREATE TABLE other (x)");
    assert!(matches!(
        site.open().map(|_| ()),
        Err(BackendError::Foreign { .. })
    ));

    let site = Directory::new();
    block_on(open(&site).close());
    site.edit("PRAGMA user_version = 2");
    let refused = site.open().map(|_| ());
    assert!(
        matches!(
            refused,
            Err(BackendError::NewerFormat {
                found: 2,
                known: 1,
                ..
            })
        ),
        "{refused:?}"
    );
    site.edit("PRAGMA user_version = 1; CREATE TABLE more (x)");
    assert!(matches!(
        site.open().map(|_| ()),
        Err(BackendError::Damaged { .. })
    ));
}

#[test]
fn a_row_deleted_by_hand_is_noticed() {
    let site = Directory::new();
    block_on(async {
        let opened = open(&site);
        opened.put(note(1, "a", 1)).await;
        opened.close().await;
    });
    site.edit("DELETE FROM rows WHERE key = (SELECT max(key) FROM rows)");
    assert!(matches!(try_open(&site).map(|_| ()), Err(OpenError::RolledBack)));
}

#[test]
fn values_swapped_or_changed_in_type_by_hand_are_noticed() {
    let site = Directory::new();
    block_on(async {
        let opened = open(&site);
        opened.put(note(1, "a", 1)).await;
        opened.put(note(1, "b", 2)).await;
        opened.close().await;
    });
    site.edit(
        "CREATE TEMP TABLE swapped AS SELECT (SELECT min(key) FROM rows WHERE key >= x'c8') AS one, \
         (SELECT max(key) FROM rows) AS two; \
         CREATE TEMP TABLE old AS SELECT * FROM rows; \
         UPDATE rows SET (revision, value) = (SELECT revision, value FROM old WHERE key = (SELECT two FROM swapped)) \
         WHERE key = (SELECT one FROM swapped); \
         UPDATE rows SET (revision, value) = (SELECT revision, value FROM old WHERE key = (SELECT one FROM swapped)) \
         WHERE key = (SELECT two FROM swapped);",
    );
    assert!(matches!(try_open(&site).map(|_| ()), Err(OpenError::RolledBack)));
    site.edit("UPDATE rows SET revision = -1 WHERE key = (SELECT max(key) FROM rows)");
    assert!(matches!(try_open(&site).map(|_| ()), Err(OpenError::RolledBack)));
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let site = Directory::new();
    let opened = open(&site);
    block_on(opened.put(note(1, "a", 1)));
    let copy = Directory::new();
    std::fs::create_dir(copy.path()).unwrap();
    std::fs::copy(site.log(), copy.log()).unwrap();
    for _ in 0..2 {
        assert!(matches!(
            copy.open().map(|_| ()),
            Err(BackendError::Damaged { .. })
        ));
        std::fs::write(copy.file(), "").unwrap();
    }
    assert!(copy.log().metadata().unwrap().len() > 0);
}

#[test]
fn a_copy_taken_while_the_store_works_opens_at_a_commit_or_is_refused() {
    let site = Directory::with(Options {
        checkpoint_pages: 8,
        ..Options::default()
    });
    block_on(async {
        let opened = open(&site);
        let mut copies = 0;
        for value in 0..60 {
            opened.put(note(1, &format!("note {}", value % 7), value)).await;
            let copy = Directory::new();
            std::fs::create_dir(copy.path()).unwrap();
            std::fs::copy(site.file(), copy.file()).unwrap();
            std::fs::copy(site.log(), copy.log()).unwrap();
            let copied = open(&copy);
            assert_eq!(copied.store.head_revision(), opened.store.head_revision());
            assert_eq!(copied.value(&format!("note {}", value % 7)), Some(value));
            copied.close().await;
            copies += 1;
        }
        assert_eq!(copies, 60);
    });
}

#[test]
fn the_log_is_moved_into_the_database_when_it_has_grown() {
    let site = Directory::with(Options {
        checkpoint_pages: 20,
        ..Options::default()
    });
    block_on(async {
        let opened = open(&site);
        for value in 0..400 {
            opened.put(note(1, "a", value)).await;
        }
        let length = site.log().metadata().unwrap().len();
        assert!(length < 60 * 4096, "the log has {length} bytes");
        opened.close().await;
        assert_eq!(site.log().metadata().unwrap().len(), 0);
        assert_eq!(open(&site).value("a"), Some(399));
    });
}

#[test]
fn a_destroyed_secret_is_in_no_file() {
    let site = Directory::new();
    block_on(async {
        let opened = open(&site);
        for value in 0..50 {
            opened.put(note(1, &format!("note {value}"), value)).await;
        }
        let mut change = Change::new();
        change.put_secret::<Jewels>(HERE, [1; 4], secret::SecretArray::copied_from(&[42; 32]).unwrap());
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        // What the row holds, sealed, as it is found in the log now.
        opened.store.close().await.unwrap();
        let sealed: Vec<u8> = Connection::open(site.file())
            .unwrap()
            .query_row("SELECT value FROM rows WHERE key >= x'cb'", (), |row| row.get(0))
            .unwrap();
        let opened = open(&site);
        opened.put(note(1, "the log holds a page", 1)).await;
        assert!(contains(&site.file(), &sealed));
        let mut change = Change::new();
        change.destroy::<Jewels>(HERE, [1; 4]);
        opened.store.commit(ReadSet::new(), change).await.unwrap();
        assert!(!contains(&site.file(), &sealed));
        assert!(!contains(&site.log(), &sealed));
    });
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_loses_nothing() {
    let site = Directory::with(Options {
        max_pages: Some(120),
        ..Options::default()
    });
    block_on(async {
        let opened = open(&site);
        let mut accepted = Vec::new();
        let refused = loop {
            let name = format!("note {}", accepted.len());
            match try_put(&opened, &name, 5000).await {
                Ok(revision) => accepted.push(revision),
                Err(error) => break error,
            }
        };
        let full = matches!(
            &refused,
            CommitError::Unavailable(Unavailable::Backend(BackendError::Full { .. }))
        );
        assert!(full, "{refused:?}");
        assert!(accepted.len() > 20);
        // Many at once, one of them too large: the others get in.
        opened.store.drained(*accepted.last().unwrap());
        let small = try_put(&opened, "small", 10).await;
        let (large, first, second) = tokio::join!(
            try_put(&opened, "large", 2_000_000),
            try_put(&opened, "first", 10),
            try_put(&opened, "second", 10),
        );
        assert!(small.is_ok(), "{small:?}");
        assert!(large.is_err());
        assert_eq!(first.unwrap().abs_diff(second.unwrap()), 1);
        let count = opened.store.snapshot().count::<Notes>(HERE);
        let revision = opened.store.head_revision();
        opened.close().await;

        let opened = open(&site);
        assert_eq!(opened.store.head_revision(), revision);
        assert_eq!(opened.store.snapshot().count::<Notes>(HERE), count);
        assert_eq!(count, accepted.len() as u64 + 3);
        let view = opened.store.snapshot().view();
        assert!(view.get::<Notes>(HERE, &named("large")).unwrap().is_none());
    });
}
