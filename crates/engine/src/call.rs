//! The facts of one authenticated call: what its audit record tells beside what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ambient::Timestamp;
use arn::{Place, Region};
use gate::{Caller, Surroundings};
use uuid::Uuid;

use crate::http::{Request, TlsDetails};
use crate::limits;
use crate::service::Service;

/// Fixed when the call is authenticated; every attempt of its walk shares it.
#[derive(Debug)]
pub struct Call {
    pub(crate) service: &'static Service,
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    pub(crate) request_id: Uuid,
    pub(crate) event_id: Uuid,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) host: Option<String>,
    pub(crate) tls: Option<Arc<TlsDetails>>,
    /// Whether its record was given to the log, or to the store with a change.
    pub(crate) recorded: AtomicBool,
}

impl Call {
    /// When it came.
    pub(crate) fn time(&self) -> Timestamp {
        self.surroundings.time
    }

    /// Whether the call's record was given away, so that no second one may be made.
    pub(crate) fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Relaxed)
    }

    /// Says so, or takes it back where the record went down with its change.
    pub(crate) fn set_recorded(&self, recorded: bool) {
        self.recorded.store(recorded, Ordering::Relaxed);
    }
}

/// What the transport knows of a request, for its decision and its record.
pub(crate) struct Origin {
    pub(crate) surroundings: Surroundings,
    pub(crate) host: Option<String>,
    pub(crate) tls: Option<Arc<TlsDetails>>,
}

impl Origin {
    pub(crate) fn of(request: &Request, time: Timestamp, region: &Region) -> Origin {
        let header = |name: ::http::HeaderName| {
            let value = request.headers.get(name)?;
            let text = String::from_utf8_lossy(value.as_bytes());
            let mut text = text.into_owned();
            if text.len() > limits::USER_AGENT_BYTES {
                let end = (0..=limits::USER_AGENT_BYTES)
                    .rev()
                    .find(|end| text.is_char_boundary(*end));
                text.truncate(end.unwrap_or(0));
            }
            Some(text)
        };
        Origin {
            surroundings: Surroundings {
                source: request.peer.address,
                is_secure: request.peer.tls.is_some(),
                time,
                region: region.clone(),
                user_agent: header(::http::header::USER_AGENT),
                referer: header(::http::header::REFERER),
            },
            host: header(::http::header::HOST),
            tls: request.peer.tls.clone(),
        }
    }
}
