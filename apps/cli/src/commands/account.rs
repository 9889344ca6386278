//! `keystead account`

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use ambient::SystemClock;
use arn::AccountId;
use clap::{Args, Subcommand};
use secret::SecretString;
use serde::Deserialize;
use serde_json::json;
use server::config::DEFAULT_DATA_DIRECTORY;
use tokio::runtime::Builder;

use super::Failed;
use crate::client::{Client, SecretText};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an account, and prints its root access key as a profile for a credentials file
    Create(Create),
    /// Lists the accounts and when they were made
    List(List),
}

#[derive(Debug, Args)]
struct Create {
    /// Its number [default: random]
    #[arg(long, value_name = "12 DIGITS")]
    account_id: Option<AccountId>,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    at: At,
}

/// The server that is asked.
#[derive(Debug, Args)]
pub(super) struct At {
    /// The running server's data directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIRECTORY)]
    data_dir: PathBuf,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        secret::forbid_core_dumps();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match self.command {
                Command::Create(create) => create.run().await,
                Command::List(list) => list.run().await,
            }
        })
    }
}

impl At {
    pub(super) fn client(&self) -> Result<Client, Failed> {
        let data = std::path::absolute(&self.data_dir)?;
        Ok(Client::of_operator(&data, Arc::new(SystemClock::start()))?)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    account_id: String,
    access_key_id: String,
    secret_access_key: SecretText,
}

impl Create {
    async fn run(self) -> Result<(), Failed> {
        let operation = "CreateAccount";
        let input = match self.account_id {
            Some(account) => json!({ "AccountId": account.to_string() }),
            None => json!({}),
        };
        let answer = self.at.client()?.call_admin(operation, &input).await?;
        let Created {
            account_id,
            access_key_id,
            secret_access_key: SecretText(secret),
        } = answer.read(operation)?;
        let mut out = io::stdout().lock();
        write_profile(&mut out, &account_id, &access_key_id, &secret)?;
        Ok(out.flush()?)
    }
}

/// Writes a root access key as a profile for a credentials file.
pub(super) fn write_profile(
    out: &mut impl Write,
    account: &str,
    id: &str,
    secret: &SecretString,
) -> io::Result<()> {
    writeln!(
        out,
        "# the root user of account {account}; the secret is not shown again"
    )?;
    writeln!(out, "[{account}]")?;
    writeln!(out, "aws_access_key_id = {id}")?;
    writeln!(out, "aws_secret_access_key = {}", secret.expose())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    accounts: Vec<Entry>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    account_id: String,
    create_date: f64,
}

impl List {
    async fn run(self) -> Result<(), Failed> {
        let operation = "ListAccounts";
        let mut client = self.at.client()?;
        let mut token = None;
        loop {
            let input = match &token {
                Some(token) => json!({ "NextToken": token }),
                None => json!({}),
            };
            let page: Page = client.call_admin(operation, &input).await?.read(operation)?;
            let mut out = io::stdout().lock();
            for Entry {
                account_id,
                create_date,
            } in page.accounts
            {
                // Whole seconds are what people read.
                let made = ambient::Timestamp::from_seconds(create_date as i64);
                writeln!(out, "{account_id}  {:.0}", made.calendar())?;
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(out.flush()?);
            }
        }
    }
}
