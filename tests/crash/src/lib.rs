//! What a crash test needs: clients that note what they were told, and a check of an installation against their notes.
//!
//! [`Traffic`] runs clients, each of which changes keys and aliases of its own and looks at everybody's. The keys are of
//! several [`Kind`]s, and some are in two Regions; a key is named by its ARN. Each client keeps its [`Call`]s: what was
//! asked, what came back, what was seen, and what a key made as a [`Proof`] that the key is still there. [`Ledger::settle`] puts these together with the audit
//! records to what must be there now, and [`Ledger::compare`] holds that against what an installation shows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is test code, which ends at the first surprise"
)]

pub mod call;
pub mod client;
pub mod cuts;
pub mod host;
pub mod import;
pub mod kind;
pub mod ledger;
pub mod records;
pub mod survey;
pub mod tally;
pub mod traffic;

pub use call::{Call, Effect, Outcome, Proof, Register};
pub use client::{ARGUMENTS, Access, Client};
pub use import::Parameters;
pub use kind::Kind;
pub use ledger::Ledger;
pub use records::Record;
pub use tally::Tally;
pub use traffic::Traffic;

use std::io::Write;

/// Says something on standard error, past the capture of the test harness: counts belong into every run's output.
pub fn report(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A number from the environment, for longer or shorter runs than usual.
pub fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| {
        text.parse().expect("the environment holds a number")
    })
}

/// A directory for one test, in memory where there is such a place: what these tests lose and tear they lose and tear
/// by themselves, so the disk's own flushes would only take time.
pub fn scratch() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let place = if std::env::var_os("TMPDIR").is_none() && memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    place.expect("a temporary directory")
}
