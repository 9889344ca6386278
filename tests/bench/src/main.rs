//! Measures the server against a bare one: `cargo xtask bench`.
//!
//! Each kind of work runs in rounds that alternate between `keystead server` and a bare hyper server with the same
//! TLS, which reads the same bytes and answers as many, and decides nothing. All three processes share the machine,
//! so the ratio of the two rates says more than either.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks on its standard streams"
)]

mod arguments;
mod bare;
mod callers;
mod client;
mod crowd;
mod decisions;
mod figures;
mod keys;
mod keystead;
mod library;
mod load;
mod paired;
mod process;
mod report;
mod signed;
mod start;
mod stop;
mod stored;
mod suite;
mod tls;
mod work;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Role};
use stop::Stop;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("{stop}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Stop> {
    match arguments.role {
        Some(Role::Bare { answer_bytes }) => bare::run(answer_bytes),
        Some(Role::Fill { directory, keys }) => stored::fill(&directory, keys),
        Some(Role::Open { directory, opened }) => stored::open(&directory, opened),
        None => suite::run(&arguments),
    }
}
