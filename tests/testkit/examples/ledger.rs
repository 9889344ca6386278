//! Commits a row to a SQLite database for each line of standard input, and says `done` when the commit has returned,
//! or `failed`. Arguments: the database, and the value of `PRAGMA synchronous`. For the tests of the disk.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a sample program that tests drive"
)]

use rusqlite::Connection;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let database = Connection::open(&arguments[1]).unwrap();
    database.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database
        .pragma_update(None, "synchronous", &arguments[2])
        .unwrap();
    // So few that checkpoints, which write the database itself, come often.
    database.pragma_update(None, "wal_autocheckpoint", 20).unwrap();
    database
        .execute_batch("CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, filler BLOB)")
        .unwrap();
    println!("ready");
    for line in std::io::stdin().lines() {
        let number: i64 = line.unwrap().parse().unwrap();
        let committed = database.execute("INSERT INTO row VALUES (?1, randomblob(2000))", [number]);
        println!("{}", if committed.is_ok() { "done" } else { "failed" });
    }
}
