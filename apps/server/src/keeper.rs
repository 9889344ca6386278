//! The server's certificate: found or made at the start, and renewed while the server runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ambient::{Clock, Timestamp};
use rustls::sign::CertifiedKey;

use crate::boundary::{Installation, Mistake};
use crate::certificates::{self, Authority, CertificateError, Names, Validity};
use crate::directory::DataDirectory;
use crate::files::{self, FileError};
use crate::limits::RENEWAL_CHECK;
use crate::metrics::Recorder;
use crate::tls::{self, CurrentCertificate, TlsError};

/// A server certificate that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// A file that the operator named can't be read.
    #[error("the TLS file {path} can't be read ({cause}): give two PEM files with --tls CERT,KEY", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The operator's private key can be read by others.
    #[error("the TLS key {path} is not secret, for {how}: run `chmod 600 {path}` as its owner", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// How.
        how: String,
    },
    /// The operator's files don't make a server.
    #[error("{certificate} and {key} can't be used ({cause}): give two PEM files that belong together with --tls CERT,KEY",
        certificate = certificate.display(), key = key.display())]
    Unusable {
        /// The chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
        /// Why.
        cause: TlsError,
    },
    /// The operator's certificate is past its time.
    #[error("the certificate {path} ended at {ended}: give a newer one with --tls CERT,KEY", path = path.display())]
    Ended {
        /// The file.
        path: PathBuf,
        /// When.
        ended: Timestamp,
    },
    /// No certificate could be made.
    #[error("{0}: check --tls-name and the machine's clock")]
    Making(#[from] CertificateError),
    /// What was just made can't be used.
    #[error("the new certificate can't be used ({0}): check --tls-name and the machine's clock")]
    Made(TlsError),
    /// A file operation failed.
    #[error("{0} failed ({cause}): see to its owner, its mode and free space", cause = .0.cause())]
    File(#[from] FileError),
    /// The authority could not be read or kept.
    #[error(transparent)]
    Installation(#[from] Mistake),
}

/// Where the server's certificate comes from.
pub(crate) enum Source {
    /// The installation's authority, for these names.
    Own { authority: Authority, names: Names },
    /// Two files of the operator's.
    Files { certificate: PathBuf, key: PathBuf },
}

/// The name that the installation keeps the authority under.
const AUTHORITY: &str = "certificate authority";

/// The authority that the installation keeps, if it is good for these names; otherwise a new one, kept from now on.
pub(crate) async fn authority<I: Installation>(
    installation: &I,
    names: &Names,
    now: Timestamp,
) -> Result<Authority, KeeperError> {
    let kept = installation.secret(AUTHORITY)?;
    let kept = kept.as_ref().map(Authority::from_secret).transpose()?;
    let replaces = match kept {
        Some(authority) if authority.suits(names, now) => return Ok(authority),
        kept => kept.is_some(),
    };
    let authority = Authority::make(names, now)?;
    installation.keep_secret(AUTHORITY, authority.to_secret()).await?;
    if replaces {
        tracing::warn!(
            "made a new certificate authority, for the old one ends soon or lacks a name: clients must load local/ca.pem again"
        );
    }
    Ok(authority)
}

/// Keeps the certificate in use fresh.
pub(crate) struct Keeper {
    pub(crate) directory: Arc<DataDirectory>,
    pub(crate) source: Source,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recorder: Recorder,
}

struct Found {
    key: CertifiedKey,
    validity: Validity,
}

impl Keeper {
    /// The certificate to start with. All its files are durable when this returns.
    pub(crate) fn start(&self) -> Result<Arc<CurrentCertificate>, KeeperError> {
        let found = self.find()?;
        self.recorder.certificate_expires(found.validity.until);
        Ok(CurrentCertificate::new(found.key))
    }

    /// Looks every hour whether the certificate is due, or was replaced by the operator, for ever.
    pub(crate) async fn renew(self, current: Arc<CurrentCertificate>) {
        loop {
            self.clock
                .reaches(self.clock.monotonic().after(RENEWAL_CHECK))
                .await;
            match self.find() {
                Ok(found) => {
                    self.recorder.certificate_expires(found.validity.until);
                    current.replace(found.key);
                }
                Err(error) => {
                    tracing::warn!(%error, "the certificate could not be renewed; trying again in an hour")
                }
            }
        }
    }

    fn find(&self) -> Result<Found, KeeperError> {
        match &self.source {
            Source::Own { authority, names } => self.own(authority, names),
            Source::Files { certificate, key } => given(certificate, key, self.clock.now()),
        }
    }

    /// What `local/` holds if it is good still; otherwise a new certificate.
    fn own(&self, authority: &Authority, names: &Names) -> Result<Found, KeeperError> {
        let now = self.clock.now();
        let path = self.directory.ca_certificate();
        files::write_if_changed(&path, files::PUBLIC, authority.certificate.as_bytes())?;
        if let Some(found) = self.present(authority, names, now) {
            return Ok(found);
        }
        let issued = certificates::issue(authority, names, now)?;
        let found = Found {
            key: tls::certified(issued.certificate.as_bytes(), issued.key.expose())
                .map_err(KeeperError::Made)?,
            validity: Validity::of(issued.certificate.as_bytes())?,
        };
        // Should the server end between the two, the next start finds a pair that does not match, and makes another.
        files::write_atomically(&self.directory.server_key(), files::SECRET, issued.key.expose())?;
        let certificate = self.directory.server_certificate();
        files::write_atomically(&certificate, files::PUBLIC, issued.certificate.as_bytes())?;
        tracing::info!(until = %found.validity.until, "made a server certificate");
        Ok(found)
    }

    fn present(&self, authority: &Authority, names: &Names, now: Timestamp) -> Option<Found> {
        let certificate = fs::read(self.directory.server_certificate()).ok()?;
        if !certificates::is_issued(&certificate, authority, names) {
            return None;
        }
        let validity = Validity::of(&certificate).ok()?;
        if validity.is_due(now) {
            return None;
        }
        let key = files::read_secret(&self.directory.server_key()).ok()?;
        let key = tls::certified(&certificate, key.expose()).ok()?;
        Some(Found { key, validity })
    }
}

fn given(certificate: &Path, key: &Path, now: Timestamp) -> Result<Found, KeeperError> {
    let unreadable = |path: &Path, cause| KeeperError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let chain = fs::read(certificate).map_err(|cause| unreadable(certificate, cause))?;
    if let Some(how) = files::exposure(key).map_err(|error| unreadable(key, error.into_cause()))? {
        return Err(KeeperError::Exposed {
            path: key.to_owned(),
            how,
        });
    }
    let private = files::read_secret(key).map_err(|error| unreadable(key, error.into_cause()))?;
    let unusable = |cause| KeeperError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        cause,
    };
    let pair = tls::certified(&chain, private.expose()).map_err(unusable)?;
    let validity = Validity::of(&chain).map_err(|_| unusable(TlsError::NoCertificate))?;
    if validity.until <= now {
        return Err(KeeperError::Ended {
            path: certificate.to_owned(),
            ended: validity.until,
        });
    }
    Ok(Found { key: pair, validity })
}
