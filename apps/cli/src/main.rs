//! The `keystead` command: each command is a module of its own.

mod client;
mod commands;
mod interrupt;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A self-hosted key management service that unmodified AWS clients use.
#[derive(Debug, Parser)]
#[command(name = "keystead", version, subcommand_required = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until it is told to stop
    Server(Box<commands::server::Arguments>),
    /// Prints what a shell needs to reach the server: eval "$(keystead env)"
    Env(commands::env::Arguments),
    /// Shows the main job on a server of its own, step by step
    Demo(commands::demo::Arguments),
    /// Makes and lists accounts, as the operator
    Account(commands::account::Arguments),
    /// Tells who may do what, and by which policies
    Policy(commands::policy::Arguments),
    /// Helps who lost their credentials, on a server that is stopped
    Recover(commands::recover::Arguments),
    /// Reads the log of calls
    Audit(commands::audit::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&usage::line(&error));
            return ExitCode::from(2);
        }
    };
    let ended = match arguments.command {
        Command::Server(arguments) => arguments.run(),
        Command::Env(arguments) => arguments.run(),
        Command::Demo(arguments) => arguments.run(),
        Command::Account(arguments) => arguments.run(),
        Command::Policy(arguments) => arguments.run(),
        Command::Recover(arguments) => arguments.run(),
        Command::Audit(arguments) => arguments.run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Tells the operator what is wrong and what to do, in one line.
fn complain(what: &str) {
    let line = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(std::io::stderr().lock(), "keystead: {line}");
}
