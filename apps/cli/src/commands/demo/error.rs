//! What can go wrong in a demo; each prints as one line: what is wrong, and what to do.

use std::io;
use std::path::PathBuf;

use ambient::EntropyFailed;
use audit::AuditError;
use server::config::ConfigError;
use server::start::StartError;

use crate::client::ClientError;

/// What went wrong in a demo.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("threads can't be started ({0}): raise the limit on processes (`ulimit -u`)")]
    Runtime(io::Error),
    #[error("{path} can't be {action} ({cause}): see to free space there, or name another place in TMPDIR", path = path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        cause: io::Error,
    },
    #[error("{0}: no keys can be made on this machine")]
    Entropy(#[from] EntropyFailed),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Server(#[from] StartError),
    #[error("the demo's server ended too early: report this")]
    Ended,
    #[error(transparent)]
    Call(#[from] ClientError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("standard output can't be written ({0}): see to what it leads to")]
    Output(#[from] io::Error),
    #[error("the demo was interrupted; its server is stopped and its files are removed")]
    Interrupted,
    /// The server, or the demo itself, did what it must not.
    #[error("{0}: this is a defect of Keystead, report it")]
    Wrong(String),
}

impl DemoError {
    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> DemoError {
        let path = path.into();
        move |cause| DemoError::File { action, path, cause }
    }

    pub(super) fn wrong(what: impl Into<String>) -> DemoError {
        DemoError::Wrong(what.into())
    }
}

/// Fails the demo unless what it claims is so.
pub(super) fn must(holds: bool, otherwise: &str) -> Result<(), DemoError> {
    if holds {
        Ok(())
    } else {
        Err(DemoError::wrong(otherwise))
    }
}
