//! `keystead audit`

mod tail;

use clap::Subcommand;

use super::Failed;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the records of calls as CloudTrail's JSON, one a line, oldest first
    Tail(tail::Arguments),
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        match self.command {
            Command::Tail(arguments) => arguments.run(),
        }
    }
}
