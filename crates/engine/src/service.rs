//! A service: its names, and its table of operations.

use arn::{Place, Region};
use protocol::Wire;

use crate::explain::Explain;
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
    /// Where its records are kept.
    pub seat: Seat,
    /// How requests to it are signed.
    pub signed: sigv4::Service,
    /// The tables it keeps.
    pub tables: &'static [store::TableSpec],
    /// Every operation, one line each.
    pub operations: &'static [&'static dyn AnyOperation],
    /// The work that falls due by itself.
    pub chores: &'static [&'static dyn Chore],
    /// What it tells of its resources where somebody asks who may do what to them.
    pub explain: Explain,
    /// Service events after which their resources are no more: `DeleteKey`.
    pub endings: &'static [&'static str],
    /// The error code of a failure on our side: `KMSInternalException`.
    pub internal_error: &'static str,
}

/// Where a service's records are kept, and so which Regions it answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// In each Region its own; requests are for a Region that is served.
    Region,
    /// One for the whole account; requests may also be for us-east-1, whichever Regions are served.
    Account,
}

/// The Region that all clients know, and that services of the whole account answer for.
const EVERYWHERE: &str = "us-east-1";

impl Seat {
    /// Whether a request may be for a Region.
    pub(crate) fn answers_for(self, region: &str, served: &[Region]) -> bool {
        served.iter().any(|one| one.as_str() == region) || (self == Seat::Account && region == EVERYWHERE)
    }

    /// Where the records are for calls from `place`.
    pub(crate) fn of(self, place: &Place) -> Place {
        match self {
            Seat::Region => place.clone(),
            Seat::Account => Place {
                account: place.account,
                region: Region::global(),
            },
        }
    }
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
