//! Checks and tests of the workspace: `cargo xtask <command>`.
//!
//! Depends on nothing of the product, so that it builds in seconds and still runs when the product doesn't.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its standard streams"
)]

mod bench;
mod compatibility;
mod deny;
mod layers;
mod libtest;
mod lines;
mod pytest;
mod python;
mod removals;
mod spdx;
mod suites;
mod test;
mod workspace;

use std::fmt;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [--release]   run every test of the project; sets up what the tests need
  layers             check that dependencies point one way
  deny               check licences, banned crates and sources of the dependencies by deny.toml
  removals [WORD…]   take checks out of a copy of the sources, one by one, and see that a test notices
  compatibility      write docs/compatibility.md anew from what is built
  bench [--json FILE] [--quick] [NAME…]
                     measure the release server against a bare one; `bench --help` lists the names";

/// Why a command stopped: one message for the person who typed it.
#[derive(Debug)]
pub(crate) struct Stop(String);

impl Stop {
    /// A stop with this message.
    pub(crate) fn new(message: impl Into<String>) -> Stop {
        Stop(message.into())
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => test::run(test::Profile::Debug),
        ["test", "--release"] => test::run(test::Profile::Release),
        ["layers"] => layers::run(),
        ["deny"] => deny::run(),
        ["removals", rest @ ..] => removals::run(rest),
        ["compatibility"] => compatibility::run(),
        ["bench", rest @ ..] => bench::run(rest),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(Stop::new(USAGE)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("{stop}");
            ExitCode::FAILURE
        }
    }
}
