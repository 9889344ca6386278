//! `keystead server`

use std::path::PathBuf;

use arn::{AccountId, Region};
use clap::Args;
use server::config::{
    Config, IssuerKeys, Listen, LogForm, Options, RootKeySource, Span, StoreKind, Tls, TlsName,
};

use super::Failed;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where everything is kept [default: ./keystead-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where the AWS-compatible services listen; port 0 lets the system choose [default: 127.0.0.1:7400]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<Listen>,
    /// Where /healthz, /readyz and /metrics are answered [default: 127.0.0.1:7401]
    #[arg(long, value_name = "HOST:PORT")]
    admin_listen: Option<Listen>,
    /// The Regions that are served, separated by commas; the first is the default [default: us-east-1]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    regions: Option<Vec<Region>>,
    /// The first account, at the first start [default: random]
    #[arg(long, value_name = "12 DIGITS")]
    account_id: Option<AccountId>,
    /// A certificate of its own, none (on loopback only), or two PEM files [default: auto]
    #[arg(long, value_name = "auto|off|CERT,KEY")]
    tls: Option<Tls>,
    /// A further name or address that clients call the server by; may be repeated
    #[arg(long, value_name = "NAME")]
    tls_name: Option<Vec<TlsName>>,
    /// Where the root key comes from [default: DIR/local/root.key, made at the first start]
    #[arg(long, value_name = "file:PATH|passphrase-env:NAME")]
    root_key: Option<RootKeySource>,
    /// Where sealed records are kept [default: embedded]
    #[arg(long, value_name = "embedded")]
    store: Option<StoreKind>,
    /// How long a deleted key's material is kept after its deletion was first seen due [default: 24h]
    #[arg(long, value_name = "TIME")]
    destruction_grace: Option<Span>,
    /// A PEM file of the roots that attestation documents have to lead to, in place of AWS's [default: AWS Nitro Enclaves]
    #[arg(long, value_name = "FILE")]
    attestation_roots: Option<PathBuf>,
    /// A PEM file of the roots that servers of OpenID Connect providers have to lead to [default: the system's]
    #[arg(long, value_name = "FILE")]
    oidc_ca: Option<PathBuf>,
    /// The keys of an OpenID Connect issuer, as a JSON file, so that it is not asked for them; may be repeated
    #[arg(long, value_name = "ISSUER=FILE")]
    oidc_keys: Option<Vec<IssuerKeys>>,
    /// How log lines look, on standard error [default: human]
    #[arg(long, value_name = "human|json")]
    log: Option<LogForm>,
    /// A TOML file of these options, under the same names; the command line overrides it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<(), Failed> {
        let file = self.config.clone();
        let config = Config::assemble(self.options(), file.as_deref())?;
        Ok(server::run(config)?)
    }

    fn options(self) -> Options {
        Options {
            data_dir: self.data_dir,
            listen: self.listen,
            admin_listen: self.admin_listen,
            regions: self.regions,
            account_id: self.account_id,
            tls: self.tls,
            tls_name: self.tls_name,
            root_key: self.root_key,
            store: self.store,
            destruction_grace: self.destruction_grace,
            attestation_roots: self.attestation_roots,
            oidc_ca: self.oidc_ca,
            oidc_keys: self.oidc_keys,
            log: self.log,
        }
    }
}
