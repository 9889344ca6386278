//! The values that options take, each parsed once, at the border.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use rustls_pki_types::DnsName;

/// Text that an option does not take; it prints what the option takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotTaken(&'static str);

/// Where a port listens: a host, by name or address, and a port number; 0 lets the system choose one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The host as given, without brackets.
    pub host: String,
    /// The port number as given.
    pub port: u16,
}

impl Listen {
    /// The host's first address, with the port.
    pub fn resolve(&self) -> Option<SocketAddr> {
        (self.host.as_str(), self.port).to_socket_addrs().ok()?.next()
    }

    /// What clients on this machine call the host, in the form that URLs take: an unspecified address is reached
    /// through loopback.
    pub fn host_for_urls(&self) -> String {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
            Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
            Ok(IpAddr::V6(address)) => format!("[{address}]"),
            _ => self.host.clone(),
        }
    }
}

impl FromStr for Listen {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<Listen, NotTaken> {
        const TAKEN: NotTaken =
            NotTaken("give HOST:PORT, as in 127.0.0.1:7400, localhost:7400 or [::1]:7400");
        let (host, port) = text.rsplit_once(':').ok_or(TAKEN)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let legal = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.parse::<IpAddr>().is_ok() || DnsName::try_from(host).is_ok(),
        };
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if !legal || !digits || host.contains(':') && bare.is_none() {
            return Err(TAKEN);
        }
        Ok(Listen {
            host: bare.unwrap_or(host).to_ascii_lowercase(),
            port: port.parse().map_err(|_| TAKEN)?,
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Keys of an OpenID Connect issuer, in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKeys {
    /// The issuer's URL.
    pub issuer: String,
    /// A JSON file of its key set.
    pub path: PathBuf,
}

impl FromStr for IssuerKeys {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<IssuerKeys, NotTaken> {
        const TAKEN: NotTaken = NotTaken("give ISSUER=FILE, as in https://id.example.com=keys.json");
        let (issuer, path) = text.split_once('=').ok_or(TAKEN)?;
        if oidc::HttpsUrl::parse(issuer).is_none() || path.is_empty() {
            return Err(TAKEN);
        }
        Ok(IssuerKeys {
            issuer: issuer.to_owned(),
            path: path.into(),
        })
    }
}

/// How the main port is secured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Tls {
    /// With a certificate of the installation's own authority.
    #[default]
    Auto,
    /// Not at all; only on loopback.
    Off,
    /// With a certificate chain and its private key, both PEM files.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

impl FromStr for Tls {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<Tls, NotTaken> {
        match (text, text.split_once(',')) {
            ("auto", _) => Ok(Tls::Auto),
            ("off", _) => Ok(Tls::Off),
            (_, Some((certificate, key))) if !certificate.is_empty() && !key.is_empty() => Ok(Tls::Files {
                certificate: certificate.into(),
                key: key.into(),
            }),
            _ => Err(NotTaken("give auto, off, or two PEM files as CERT,KEY")),
        }
    }
}

/// A further name or address that clients may call the server by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsName {
    /// A DNS name, in lower case.
    Dns(String),
    /// An address.
    Address(IpAddr),
}

impl FromStr for TlsName {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<TlsName, NotTaken> {
        if let Ok(address) = text.parse() {
            return Ok(TlsName::Address(address));
        }
        match DnsName::try_from(text) {
            Ok(_) => Ok(TlsName::Dns(text.trim_end_matches('.').to_ascii_lowercase())),
            Err(_) => Err(NotTaken("give a DNS name without wildcards, or an IP address")),
        }
    }
}

/// Where the root key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootKeySource {
    /// A file of 64 hexadecimal digits.
    File(PathBuf),
    /// A passphrase in the environment variable of this name.
    PassphraseVariable(String),
}

impl FromStr for RootKeySource {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<RootKeySource, NotTaken> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(RootKeySource::File(path.into())),
            Some(("passphrase-env", name)) if !name.is_empty() && !name.contains('=') => {
                Ok(RootKeySource::PassphraseVariable(name.to_owned()))
            }
            _ => Err(NotTaken("give file:PATH, or passphrase-env:NAME")),
        }
    }
}

/// Where sealed records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreKind {
    /// In the data directory, by this process alone.
    #[default]
    Embedded,
}

impl FromStr for StoreKind {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<StoreKind, NotTaken> {
        match text {
            "embedded" => Ok(StoreKind::Embedded),
            _ => Err(NotTaken("give embedded, the only store there is so far")),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogForm {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogForm {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<LogForm, NotTaken> {
        match text {
            "human" => Ok(LogForm::Human),
            "json" => Ok(LogForm::Json),
            _ => Err(NotTaken("give human or json")),
        }
    }
}

/// A length of time, such as `24h`, `90m` or `1day 12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<Span, NotTaken> {
        humantime::parse_duration(text)
            .map(Span)
            .map_err(|_| NotTaken("give a length of time with its unit, as in 24h, 90m or 30s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_option_is_a_host_and_a_port() {
        for (text, host, port) in [
            ("127.0.0.1:7400", "127.0.0.1", 7400),
            ("[::1]:0", "::1", 0),
            ("Vault.example:65535", "vault.example", 65535),
        ] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!((listen.host.as_str(), listen.port), (host, port));
            assert_eq!(listen.to_string(), text.to_lowercase());
        }
        for text in [
            "",
            "7400",
            "127.0.0.1",
            "127.0.0.1:",
            "::1:7400",
            "[::1:7400",
            "h:70000",
            "h:+1",
            "a b:1",
            ":1",
        ] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_unspecified_address_is_called_by_loopback() {
        let urls = |text: &str| text.parse::<Listen>().unwrap().host_for_urls();
        assert_eq!(urls("0.0.0.0:1"), "127.0.0.1");
        assert_eq!(urls("[::]:1"), "[::1]");
        assert_eq!(urls("[fd00::7]:1"), "[fd00::7]");
        assert_eq!(urls("kms.example:1"), "kms.example");
    }

    #[test]
    fn options_take_what_the_command_line_says() {
        assert_eq!("auto".parse(), Ok(Tls::Auto));
        assert_eq!("off".parse(), Ok(Tls::Off));
        assert_eq!(
            "a.pem,b.key".parse(),
            Ok(Tls::Files {
                certificate: "a.pem".into(),
                key: "b.key".into()
            })
        );
        assert!("on".parse::<Tls>().is_err() && "a.pem,".parse::<Tls>().is_err());
        assert_eq!("file:k".parse(), Ok(RootKeySource::File("k".into())));
        assert!("file:".parse::<RootKeySource>().is_err() && "k".parse::<RootKeySource>().is_err());
        assert!("etcd://h".parse::<StoreKind>().is_err());
        assert_eq!("24h".parse(), Ok(Span(Duration::from_secs(86_400))));
        assert!("24".parse::<Span>().is_err());
        assert_eq!("::1".parse(), Ok(TlsName::Address("::1".parse().unwrap())));
        assert_eq!("KMS.example".parse(), Ok(TlsName::Dns("kms.example".into())));
        assert!("*.example".parse::<TlsName>().is_err() && "".parse::<TlsName>().is_err());
    }
}
