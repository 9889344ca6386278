//! `keystead recover`

use std::io::{self, Write};
use std::path::PathBuf;

use arn::AccountId;
use clap::{Args, Subcommand};
use server::config::{Config, Options, RootKeySource};
use server::recover::{Recovered, Whose};

use super::Failed;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a new access key, on a server that is stopped, in place of those that were lost
    Credentials(Credentials),
}

#[derive(Debug, Args)]
struct Credentials {
    /// The data directory of the stopped server [default: ./keystead-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where the root key comes from [default: DIR/local/root.key]
    #[arg(long, value_name = "file:PATH|passphrase-env:NAME")]
    root_key: Option<RootKeySource>,
    /// The root user of this account: printed, as by `keystead account create` [default: the first account, into DIR/local/credentials]
    #[arg(long, value_name = "12 DIGITS", conflicts_with = "operator")]
    account_id: Option<AccountId>,
    /// The operator, into DIR/local/operator-credentials
    #[arg(long)]
    operator: bool,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        let Command::Credentials(wanted) = self.command;
        let options = Options {
            data_dir: wanted.data_dir,
            root_key: wanted.root_key,
            ..Options::default()
        };
        let config = Config::assemble(options, None)?;
        let whose = match (wanted.account_id, wanted.operator) {
            (Some(account), _) => Whose::Account(account),
            (None, true) => Whose::Operator,
            (None, false) => Whose::FirstAccount,
        };
        let Recovered {
            account,
            key,
            is_kept,
        } = server::recover(&config, whose)?;
        let mut out = io::stdout().lock();
        if is_kept {
            let whose = if whose == Whose::Operator {
                "the operator"
            } else {
                "the root user"
            };
            writeln!(
                out,
                "{whose} of account {account} has a new access key, {}; earlier ones sign no more",
                key.id
            )?;
        } else {
            super::account::write_profile(&mut out, &account.to_string(), key.id.as_str(), &key.secret)?;
        }
        Ok(out.flush()?)
    }
}
