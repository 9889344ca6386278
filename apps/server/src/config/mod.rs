//! What the operator chose: a configuration file, overridden by command line options, refused on unknown fields.

mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use arn::{AccountId, Region};
use attestation::Verifier;
use oidc::{Issuers, KeySet};
use serde::{Deserialize, Deserializer};

use crate::files;
use crate::limits::SMALL_FILE;
use crate::network::Network;

pub use values::{IssuerKeys, Listen, LogForm, NotTaken, RootKeySource, Span, StoreKind, Tls, TlsName};

/// Where the data directory is unless an option says otherwise.
pub const DEFAULT_DATA_DIRECTORY: &str = "./keystead-data";

/// The options of `keystead server`, each of which may be left out.
///
/// In a configuration file (TOML) they have the names that they have on the command line. Relative paths in a file
/// start from the file's own directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Options {
    /// The data directory.
    pub data_dir: Option<PathBuf>,
    /// Where the AWS-compatible services listen.
    #[serde(deserialize_with = "from_text")]
    pub listen: Option<Listen>,
    /// Where health and metrics are answered.
    #[serde(deserialize_with = "from_text")]
    pub admin_listen: Option<Listen>,
    /// The Regions that are served.
    #[serde(deserialize_with = "from_texts")]
    pub regions: Option<Vec<Region>>,
    /// The first account's id, at the first start.
    #[serde(deserialize_with = "from_text")]
    pub account_id: Option<AccountId>,
    /// How the main port is secured.
    #[serde(deserialize_with = "from_text")]
    pub tls: Option<Tls>,
    /// Further names of the server.
    #[serde(deserialize_with = "from_texts")]
    pub tls_name: Option<Vec<TlsName>>,
    /// Where the root key comes from.
    #[serde(deserialize_with = "from_text")]
    pub root_key: Option<RootKeySource>,
    /// Where sealed records are kept.
    #[serde(deserialize_with = "from_text")]
    pub store: Option<StoreKind>,
    /// How long the material of a deleted key is kept.
    #[serde(deserialize_with = "from_text")]
    pub destruction_grace: Option<Span>,
    /// The roots that attestation documents have to lead to.
    pub attestation_roots: Option<PathBuf>,
    /// The roots that servers of OpenID Connect providers have to lead to.
    pub oidc_ca: Option<PathBuf>,
    /// Keys of issuers that are not to be asked.
    #[serde(deserialize_with = "from_texts")]
    pub oidc_keys: Option<Vec<IssuerKeys>>,
    /// How log lines look.
    #[serde(deserialize_with = "from_text")]
    pub log: Option<LogForm>,
}

/// The whole configuration of a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Where the AWS-compatible services listen; 127.0.0.1:7400 by default.
    pub listen: Listen,
    /// Where health and metrics are answered; 127.0.0.1:7401 by default.
    pub admin_listen: Listen,
    /// The Regions that are served, never empty; us-east-1 by default.
    pub regions: Vec<Region>,
    /// The first account's id; random at the first start unless given.
    pub account_id: Option<AccountId>,
    /// How the main port is secured.
    pub tls: Tls,
    /// Further names of the server.
    pub tls_names: Vec<TlsName>,
    /// Where the root key comes from; `local/root.key` in the data directory unless given.
    pub root_key: Option<RootKeySource>,
    /// Where sealed records are kept.
    pub store: StoreKind,
    /// How long, by the uptime, a key's material is kept after its deletion was first seen due; 24 hours by default.
    pub destruction_grace: Duration,
    /// A PEM file of the roots that attestation documents have to lead to; that of AWS Nitro Enclaves unless given.
    pub attestation_roots: Option<PathBuf>,
    /// A PEM file of the roots that servers of OpenID Connect providers have to lead to; the system's unless given.
    pub oidc_ca: Option<PathBuf>,
    /// Issuers whose keys are in files, and who are not asked for them.
    pub oidc_keys: Vec<IssuerKeys>,
    /// How log lines look.
    pub log: LogForm,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or can't be read.
    #[error("the configuration file {path} can't be read ({cause}): give a TOML file with --config", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The file is no TOML, or has an unknown field or a bad value.
    #[error("{path}, line {line}: {message}: correct or remove that line", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the reader said.
        message: String,
    },
    /// No Region at all.
    #[error("no Region is given: leave out --regions, or name one, as in us-east-1")]
    NoRegion,
    /// A listen address whose host has no address.
    #[error(
        "the name in {option} {listen} has no address: give an IP address, or a name this machine can look up"
    )]
    Unresolvable {
        /// The option's name.
        option: &'static str,
        /// Its value.
        listen: Listen,
    },
    /// TLS switched off where others could listen in.
    #[error("--tls off is for loopback only, and {0} is not: leave out --tls off, or listen on 127.0.0.1")]
    PlainOffLoopback(Listen),
    /// Roots for attestation documents that can't be used.
    #[error("{path} can't be trusted for attestation documents ({cause}): give a PEM file of certificates with --attestation-roots", path = path.display())]
    AttestationRoots {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Roots for the servers of OpenID Connect providers that can't be used.
    #[error("{path} can't be trusted for OpenID Connect providers ({cause}): give a PEM file of certificates with --oidc-ca", path = path.display())]
    OidcRoots {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Keys of an issuer that can't be used.
    #[error("{path} holds no keys of {issuer} ({cause}): give a JSON file of its key set with --oidc-keys", path = path.display())]
    OidcKeys {
        /// The file.
        path: PathBuf,
        /// Whose.
        issuer: String,
        /// Why.
        cause: String,
    },
    /// A root key beside the data, on a server that others can reach.
    #[error(
        "{listen} is not loopback, and the root key would lie inside the data directory: give --root-key file:PATH \
         outside of it, or --root-key file:{inside} to accept that", inside = inside.display()
    )]
    RootKeyInsideOffLoopback {
        /// Where the server would listen.
        listen: Listen,
        /// Where the root key would lie.
        inside: PathBuf,
    },
}

impl Config {
    /// Puts together what `options` of the command line, the file they name, and the defaults say, in this order.
    pub fn assemble(options: Options, file: Option<&Path>) -> Result<Config, ConfigError> {
        let from_file = file.map(read).transpose()?.unwrap_or_default();
        let options = options.or(from_file);
        let config = Config {
            data_dir: options.data_dir.unwrap_or_else(|| DEFAULT_DATA_DIRECTORY.into()),
            listen: options.listen.unwrap_or_else(|| default_listen(7400)),
            admin_listen: options.admin_listen.unwrap_or_else(|| default_listen(7401)),
            regions: match options.regions {
                Some(regions) => regions,
                None => "us-east-1".parse().into_iter().collect(),
            },
            account_id: options.account_id,
            tls: options.tls.unwrap_or_default(),
            tls_names: options.tls_name.unwrap_or_default(),
            root_key: options.root_key,
            store: options.store.unwrap_or_default(),
            destruction_grace: options.destruction_grace.map_or(DESTRUCTION_GRACE, |span| span.0),
            attestation_roots: options.attestation_roots,
            oidc_ca: options.oidc_ca,
            oidc_keys: options.oidc_keys.unwrap_or_default(),
            log: options.log.unwrap_or_default(),
        };
        if config.regions.is_empty() {
            return Err(ConfigError::NoRegion);
        }
        Ok(config)
    }

    /// The address to listen on, once the rules that depend on it hold.
    pub(crate) fn address(&self) -> Result<std::net::SocketAddr, ConfigError> {
        let address = resolve("--listen", &self.listen)?;
        if address.ip().is_loopback() {
            return Ok(address);
        }
        if self.tls == Tls::Off {
            return Err(ConfigError::PlainOffLoopback(self.listen.clone()));
        }
        if self.root_key.is_none() {
            return Err(ConfigError::RootKeyInsideOffLoopback {
                listen: self.listen.clone(),
                inside: crate::directory::root_key_in(&self.data_dir),
            });
        }
        Ok(address)
    }

    /// The address of the admin port.
    pub(crate) fn admin_address(&self) -> Result<std::net::SocketAddr, ConfigError> {
        resolve("--admin-listen", &self.admin_listen)
    }

    /// What attestation documents are verified by.
    pub(crate) fn attestations(&self) -> Result<Verifier, ConfigError> {
        let path = self.attestation_roots.as_deref();
        let unusable = |cause: &dyn fmt::Display| ConfigError::AttestationRoots {
            path: path.unwrap_or(Path::new("the built-in root")).to_owned(),
            cause: cause.to_string(),
        };
        let roots = match path {
            None => attestation::NITRO_ROOT.to_owned(),
            Some(path) => small_text(path).map_err(|cause| unusable(&cause))?,
        };
        Verifier::trusting([roots.as_str()]).map_err(|error| unusable(&error))
    }

    /// The keys of OpenID Connect providers: in files, or else to be fetched.
    pub(crate) fn issuers(&self, clock: Arc<dyn Clock>) -> Result<Issuers, ConfigError> {
        let network = match self.oidc_ca.as_deref() {
            None => Network::trusting_system(),
            Some(path) => {
                let roots = small_text(path).and_then(|pem| Network::trusting(pem.as_bytes()));
                roots.map_err(|cause| ConfigError::OidcRoots {
                    path: path.to_owned(),
                    cause,
                })?
            }
        };
        let mut given = BTreeMap::new();
        for IssuerKeys { issuer, path } in &self.oidc_keys {
            let keys = small_text(path).and_then(|text| {
                let keys = KeySet::parse(text.as_bytes()).map_err(|error| error.to_string())?;
                match keys.is_empty() {
                    true => Err("no key in it has an id and can verify tokens".to_owned()),
                    false => Ok(keys),
                }
            });
            let keys = keys.map_err(|cause| ConfigError::OidcKeys {
                path: path.clone(),
                issuer: issuer.clone(),
                cause,
            })?;
            given.insert(issuer.clone(), keys);
        }
        Ok(Issuers::new(Arc::new(network), clock, given))
    }

    /// The names and addresses that the server's certificate is for.
    pub(crate) fn names(&self) -> crate::certificates::Names {
        let listen = match self.listen.host.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => None,
            Ok(address) => Some(TlsName::Address(address)),
            Err(_) => Some(TlsName::Dns(self.listen.host.clone())),
        };
        self.tls_names.iter().cloned().chain(listen).collect()
    }
}

const DESTRUCTION_GRACE: Duration = Duration::from_secs(24 * 3600);

fn default_listen(port: u16) -> Listen {
    Listen {
        host: "127.0.0.1".to_owned(),
        port,
    }
}

fn resolve(option: &'static str, listen: &Listen) -> Result<std::net::SocketAddr, ConfigError> {
    listen.resolve().ok_or_else(|| ConfigError::Unresolvable {
        option,
        listen: listen.clone(),
    })
}

impl Options {
    /// These options, and `other`'s where these say nothing.
    fn or(self, other: Options) -> Options {
        Options {
            data_dir: self.data_dir.or(other.data_dir),
            listen: self.listen.or(other.listen),
            admin_listen: self.admin_listen.or(other.admin_listen),
            regions: self.regions.or(other.regions),
            account_id: self.account_id.or(other.account_id),
            tls: self.tls.or(other.tls),
            tls_name: self.tls_name.or(other.tls_name),
            root_key: self.root_key.or(other.root_key),
            store: self.store.or(other.store),
            destruction_grace: self.destruction_grace.or(other.destruction_grace),
            attestation_roots: self.attestation_roots.or(other.attestation_roots),
            oidc_ca: self.oidc_ca.or(other.oidc_ca),
            oidc_keys: self.oidc_keys.or(other.oidc_keys),
            log: self.log.or(other.log),
        }
    }

    /// These options with relative paths that start from `directory`.
    fn starting_in(mut self, directory: &Path) -> Options {
        let move_path = |path: &mut PathBuf| *path = directory.join(&*path);
        self.data_dir.as_mut().map(move_path);
        self.attestation_roots.as_mut().map(move_path);
        self.oidc_ca.as_mut().map(move_path);
        for keys in self.oidc_keys.iter_mut().flatten() {
            move_path(&mut keys.path);
        }
        match &mut self.tls {
            Some(Tls::Files { certificate, key }) => {
                move_path(certificate);
                move_path(key);
            }
            Some(Tls::Auto | Tls::Off) | None => {}
        }
        if let Some(RootKeySource::File(path)) = &mut self.root_key {
            move_path(path);
        }
        self
    }
}

/// Reads a file of at most 1 MiB; else says why it can't be read.
fn small_text(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|cause| cause.to_string())?.len();
    if length > SMALL_FILE {
        return Err("it is larger than 1 MiB".to_owned());
    }
    std::fs::read_to_string(path).map_err(|cause| cause.to_string())
}

fn read(path: &Path) -> Result<Options, ConfigError> {
    let unreadable = |cause: String| ConfigError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let text = small_text(path).map_err(unreadable)?;
    let options: Options = toml::from_str(&text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        ConfigError::Malformed {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            message: error.message().replace('\n', " "),
        }
    })?;
    Ok(options.starting_in(files::parent_of(path)))
}

fn from_text<'de, D, T>(source: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(source)?;
    parsed(&text).map(Some)
}

fn from_texts<'de, D, T>(source: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let texts = Vec::<String>::deserialize(source)?;
    texts
        .iter()
        .map(|text| parsed(text))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn parsed<T: FromStr<Err: fmt::Display>, E: serde::de::Error>(text: &str) -> Result<T, E> {
    text.parse()
        .map_err(|error| E::custom(format_args!("{text:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, options: Options) -> Result<Config, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keystead.toml");
        std::fs::write(&path, text).unwrap();
        Config::assemble(options, Some(&path))
    }

    fn options(listen: &str) -> Options {
        Options {
            listen: Some(listen.parse().unwrap()),
            ..Options::default()
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let config = Config::assemble(Options::default(), None).unwrap();
        assert_eq!(config.data_dir, Path::new("./keystead-data"));
        assert_eq!(config.listen.to_string(), "127.0.0.1:7400");
        assert_eq!(config.admin_listen.to_string(), "127.0.0.1:7401");
        assert_eq!(config.regions, ["us-east-1".parse::<Region>().unwrap()]);
        assert_eq!(config.destruction_grace, Duration::from_secs(86_400));
        assert_eq!((config.tls, config.log), (Tls::Auto, LogForm::Human));
    }

    #[test]
    fn a_file_sets_every_option_and_the_command_line_overrides_it() {
        let text = r#"
            data-dir = "data"
            listen = "127.0.0.1:1"
            admin-listen = "127.0.0.1:2"
            regions = ["eu-central-1", "us-east-1"]
            account-id = "000011112222"
            tls = "c.pem,/k.pem"
            tls-name = ["kms.example", "10.0.0.1"]
            root-key = "file:r"
            store = "embedded"
            destruction-grace = "2h"
            attestation-roots = "roots.pem"
            oidc-ca = "ca.pem"
            oidc-keys = ["https://id.example=keys.json"]
            log = "json"
        "#;
        let config = with_file(text, options("127.0.0.1:9")).unwrap();
        assert_eq!(config.listen.port, 9);
        assert_eq!(config.admin_listen.port, 2);
        assert_eq!(config.regions.len(), 2);
        assert_eq!(config.account_id.unwrap().to_string(), "000011112222");
        assert!(config.data_dir.is_absolute() && config.data_dir.ends_with("data"));
        assert!(matches!(config.tls, Tls::Files { certificate, key }
            if certificate.is_absolute() && key == Path::new("/k.pem")));
        assert!(matches!(config.root_key, Some(RootKeySource::File(path)) if path.is_absolute()));
        assert!(config.attestation_roots.unwrap().ends_with("roots.pem"));
        assert!(config.oidc_ca.unwrap().is_absolute());
        assert!(
            matches!(&config.oidc_keys[..], [keys] if keys.issuer == "https://id.example" && keys.path.is_absolute())
        );
        assert_eq!(config.tls_names.len(), 2);
        assert_eq!(config.log, LogForm::Json);
    }

    #[test]
    fn an_unknown_field_or_a_bad_value_is_refused_by_its_line() {
        let message = |text| with_file(text, Options::default()).unwrap_err().to_string();
        let unknown = message("\nlisten = \"127.0.0.1:1\"\nlistne = 1\n");
        assert!(unknown.contains("line 3: unknown field `listne`"), "{unknown}");
        let bad = message("tls = \"maybe\"");
        assert!(bad.contains("line 1: \"maybe\": give auto, off"), "{bad}");
        assert!(message("log = 3").contains("line 1"));
        assert!(message("= 3").ends_with("correct or remove that line"));
        assert!(matches!(
            with_file("regions = []", Options::default()),
            Err(ConfigError::NoRegion)
        ));
        assert!(!message("[[[\n").contains('\n'));
    }

    #[test]
    fn a_missing_file_is_refused() {
        let error = Config::assemble(Options::default(), Some(Path::new("/nowhere/k.toml"))).unwrap_err();
        assert!(matches!(error, ConfigError::Unreadable { .. }), "{error}");
    }

    #[test]
    fn off_loopback_the_root_key_needs_a_word_and_tls_stays_on() {
        let off = |options| Config::assemble(options, None).unwrap().address();
        assert!(off(options("127.0.0.1:1")).is_ok());
        assert!(off(options("[::1]:1")).is_ok());
        let inside = off(options("0.0.0.0:1")).unwrap_err();
        assert!(matches!(inside, ConfigError::RootKeyInsideOffLoopback { .. }));
        assert!(
            inside
                .to_string()
                .contains("--root-key file:./keystead-data/local/root.key"),
            "{inside}"
        );
        let named = Options {
            root_key: Some(RootKeySource::File("/run/root.key".into())),
            ..options("0.0.0.0:1")
        };
        assert!(off(named.clone()).is_ok());
        let plain = Options {
            tls: Some(Tls::Off),
            ..named
        };
        assert!(matches!(off(plain), Err(ConfigError::PlainOffLoopback(_))));
    }
}
