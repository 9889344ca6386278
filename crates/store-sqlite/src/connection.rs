//! SQLite as it is set up and spoken to here.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, ffi};
use std::time::Duration;
use store::backend::{BackendError, EachRow, StoredRow};

use crate::Options;
use crate::error::Failing;

/// "KSTD": what says that a database is a Keystead store.
const APPLICATION: i32 = i32::from_be_bytes(*b"KSTD");

/// The format of the database around the rows.
const FORMAT: u32 = 1;

/// What `PRAGMA synchronous` says of `FULL`.
const FULL: i64 = 2;

const SCHEMA: &str = "CREATE TABLE rows (key BLOB NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, \
                      value BLOB NOT NULL) STRICT, WITHOUT ROWID";

pub(crate) const PUT: &str = "INSERT INTO rows (key, revision, value) VALUES (?1, ?2, ?3) \
                              ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value";

pub(crate) const DELETE: &str = "DELETE FROM rows WHERE key = ?1";

/// Opens the file with everything set as this backend needs it.
pub(crate) fn open(file: &Path, options: &Options) -> rusqlite::Result<Connection> {
    // One thread uses it, so SQLite's own mutexes would lock nothing; the file was created before.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // Exclusive before the first access, or the log gets an index in shared memory.
    set(&connection, "locking_mode", "EXCLUSIVE", "exclusive")?;
    connection.execute_batch(
        "PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; \
         PRAGMA cache_size=-8192; PRAGMA cache_spill=OFF;",
    )?;
    set(&connection, "journal_mode", "WAL", "wal")?;
    set(&connection, "secure_delete", "ON", "1")?;
    set(&connection, "wal_autocheckpoint", "0", "0")?;
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", (), |row| row.get(0))?;
    if synchronous != FULL {
        return Err(unset("synchronous"));
    }
    if let Some(pages) = options.max_pages {
        connection.query_row(&format!("PRAGMA max_page_count={pages}"), (), |_| Ok(()))?;
    }
    Ok(connection)
}

/// Sets a pragma and sees that it was set.
fn set(connection: &Connection, pragma: &str, value: &str, expected: &str) -> rusqlite::Result<()> {
    let found = connection.query_row(&format!("PRAGMA {pragma}={value}"), (), |row| {
        row.get_ref(0).map(|value| match value {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap_or_default().to_owned(),
        })
    })?;
    if found == expected {
        Ok(())
    } else {
        Err(unset(pragma))
    }
}

fn unset(pragma: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        ffi::Error::new(ffi::SQLITE_MISUSE),
        Some(format!("{pragma} can't be set")),
    )
}

/// Sees that the database is a store of a format known here, or makes it one where it is empty.
pub(crate) fn check(connection: &Connection, file: &Path) -> Result<(), BackendError> {
    let failing = Failing(file);
    let found = describe(connection).map_err(|error| failing.at(error))?;
    match found {
        Described {
            application: 0,
            format: 0,
            schema,
        } if schema.is_empty() => make(connection).map_err(|error| failing.at(error)),
        Described {
            application: APPLICATION,
            format: FORMAT,
            schema,
        } => {
            if schema == [SCHEMA] {
                Ok(())
            } else {
                Err(failing.damaged("its tables are not those that Keystead makes"))
            }
        }
        Described {
            application: APPLICATION,
            format,
            ..
        } if format > FORMAT => Err(BackendError::NewerFormat {
            place: file.display().to_string(),
            found: format,
            known: FORMAT,
        }),
        _ => Err(BackendError::Foreign {
            place: file.display().to_string(),
        }),
    }
}

struct Described {
    application: i32,
    format: u32,
    schema: Vec<String>,
}

fn describe(connection: &Connection) -> rusqlite::Result<Described> {
    let mut schema = connection.prepare("SELECT coalesce(sql, name) FROM sqlite_schema")?;
    let schema = schema
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(Described {
        application: connection.query_row("PRAGMA application_id", (), |row| row.get(0))?,
        format: connection.query_row("PRAGMA user_version", (), |row| row.get(0))?,
        schema,
    })
}

fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; PRAGMA application_id={APPLICATION}; PRAGMA user_version={FORMAT}; {SCHEMA}; COMMIT"
    ))
}

/// Gives the rows from `from` on, up to `to` if there is one.
pub(crate) fn load(
    connection: &Connection,
    from: &[u8],
    to: Option<&[u8]>,
    each: &mut EachRow<'_>,
) -> rusqlite::Result<()> {
    const ALL: &str = "SELECT key, revision, value FROM rows WHERE key >= ?1 ORDER BY key";
    const PART: &str = "SELECT key, revision, value FROM rows WHERE key >= ?1 AND key < ?2 ORDER BY key";
    let mut select = connection.prepare(if to.is_some() { PART } else { ALL })?;
    let mut rows = match to {
        Some(to) => select.query((from, to))?,
        None => select.query((from,))?,
    };
    while let Some(row) = rows.next()? {
        let revision: i64 = row.get(1)?;
        each(
            row.get_ref(0)?.as_blob()?,
            revision.cast_unsigned(),
            row.get_ref(2)?.as_blob()?,
        );
    }
    drop(rows);
    drop(select);
    // A whole store has gone through the page cache, and is not needed there any more.
    connection.execute_batch("PRAGMA shrink_memory")
}

pub(crate) fn read(connection: &Connection, key: &[u8]) -> rusqlite::Result<Option<StoredRow>> {
    connection
        .query_row("SELECT revision, value FROM rows WHERE key = ?1", (key,), |row| {
            let revision: i64 = row.get(0)?;
            Ok(StoredRow {
                revision: revision.cast_unsigned(),
                value: row.get_ref(1)?.as_blob()?.into(),
            })
        })
        .optional()
}

/// Moves everything from the log into the database, flushes that, and truncates the log, which SQLite does not flush.
pub(crate) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    if busy == 0 {
        Ok(())
    } else {
        Err(rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_BUSY),
            Some("the write-ahead log could not be emptied".to_owned()),
        ))
    }
}

/// Moves what the log holds into the database once that is more than `pages`.
pub(crate) fn checkpoint_if_due(connection: &Connection, pages: i64) -> rusqlite::Result<()> {
    let (logged, moved): (i64, i64) = connection.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| {
        Ok((row.get(1)?, row.get(2)?))
    })?;
    if logged.saturating_sub(moved) <= pages {
        return Ok(());
    }
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))
}
