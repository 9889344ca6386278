//! What can be asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// Measures `keystead server` against a bare server with the same TLS and body sizes
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    /// Also write the rates, as a list of {name, rate, baseline_rate, ratio, p50_us, p99_us}
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Short rounds and fewer keys: to see that it runs, not for figures
    #[arg(long)]
    pub(crate) quick: bool,
    /// What to measure [default: all]
    #[arg(value_enum, ignore_case = true)]
    pub(crate) names: Vec<Name>,
}

/// What the process is, when it is not the one that measures.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The bare server
    #[command(hide = true)]
    Bare {
        /// Bytes of its answers' bodies.
        answer_bytes: usize,
    },
    /// Fills a store with keys
    #[command(hide = true)]
    Fill {
        /// The data directory.
        directory: PathBuf,
        /// How many.
        keys: usize,
    },
    /// Opens a store and keys in it
    #[command(hide = true)]
    Open {
        /// The data directory.
        directory: PathBuf,
        /// How many keys.
        opened: usize,
    },
}

/// One thing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// GenerateDataKey, AES_256
    GenerateDataKey,
    /// Encrypt, 1 KiB
    Encrypt,
    /// Decrypt, 1 KiB
    Decrypt,
    /// CreateKey
    CreateKey,
    /// Sign, each family of keys, by the bare library operation
    Sign,
    /// Verify, the same
    Verify,
    /// GenerateMac, HMAC_256, by the bare library operation
    GenerateMac,
    /// GenerateDataKeyPair, by the bare library operation
    GenerateDataKeyPair,
    /// GenerateDataKey beside connections that have RSA_4096 keys sign, by itself alone
    Crowd,
    /// GenerateDataKey by a user with three policies, by the root user
    User,
    /// GenerateDataKey by many users in turn, by one of them alone
    Users,
    /// GenerateDataKey by a grant among very many on the key, by the only one there is
    Grants,
    /// A decision by 10 policies of 20 statements, read already and not
    Decisions,
    /// A small data directory: start to first answer, idle memory
    Start,
    /// A store of a million keys: start, memory, opening a key, the rate when all are in use
    Keys,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Pairs of rounds with the most connections; odd, so that there is a middle one.
    pub(crate) rounds: usize,
    /// Pairs of rounds with fewer.
    pub(crate) side_rounds: usize,
    /// What is counted of a round beside the bare library operation.
    pub(crate) short: Duration,
    /// What of each round is not counted.
    pub(crate) warm_up: Duration,
    /// What of each round is counted.
    pub(crate) counted: Duration,
    /// Starts of the server.
    pub(crate) starts: usize,
    /// Keys in the large store.
    pub(crate) keys: usize,
    /// Keys of it that are in use.
    pub(crate) used: usize,
    /// Users that call.
    pub(crate) users: usize,
    /// Grants on one key.
    pub(crate) grants: usize,
}

impl Arguments {
    pub(crate) fn wants(&self, name: Name) -> bool {
        self.names.is_empty() || self.names.contains(&name)
    }

    pub(crate) fn pace(&self) -> Pace {
        if self.quick {
            Pace {
                rounds: 1,
                side_rounds: 1,
                short: Duration::from_millis(300),
                warm_up: Duration::from_millis(200),
                counted: Duration::from_millis(800),
                starts: 3,
                keys: 50_000,
                used: 20_000,
                users: 500,
                grants: 1_000,
            }
        } else {
            Pace {
                rounds: 7,
                side_rounds: 3,
                short: Duration::from_millis(1500),
                warm_up: Duration::from_millis(500),
                counted: Duration::from_secs(4),
                starts: 11,
                keys: 1_000_000,
                used: 131_072,
                users: 10_000,
                grants: 50_000,
            }
        }
    }
}
