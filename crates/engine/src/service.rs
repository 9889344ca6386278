//! A service: its names, and its table of operations.

use protocol::Wire;

use crate::{AnyOperation, Chore};

/// A service of the installation. One static of it stands in the service's crate.
#[derive(Debug)]
pub struct Service {
    /// The name in SigV4 scopes, endpoints and policies: `kms`.
    pub name: &'static str,
    /// CloudTrail's `eventSource`: `kms.amazonaws.com`.
    pub event_source: &'static str,
    /// The protocol it speaks.
    pub wire: Wire,
    /// How requests to it are signed.
    pub signed: sigv4::Service,
    /// The tables it keeps.
    pub tables: &'static [store::TableSpec],
    /// Every operation, one line each.
    pub operations: &'static [&'static dyn AnyOperation],
    /// The work that falls due by itself.
    pub chores: &'static [&'static dyn Chore],
    /// Service events after which their resources are no more: `DeleteKey`.
    pub endings: &'static [&'static str],
    /// The error code of a failure on our side: `KMSInternalException`.
    pub internal_error: &'static str,
}

impl Service {
    /// The operation of this name.
    pub(crate) fn operation(&self, name: &str) -> Option<&'static dyn AnyOperation> {
        self.operations
            .iter()
            .copied()
            .find(|operation| operation.spec().name == name)
    }
}
