//! The parts of a request that a signature covers.

use http::HeaderMap;

use crate::SignatureError;
use crate::limits;

/// A request, as it was sent or as it will be.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method, as sent.
    pub method: &'a str,
    /// The path, as sent: still percent-encoded.
    pub path: &'a str,
    /// The query, as sent, without the `?`; empty where there is none.
    pub query: &'a str,
    /// The headers, with `host` among them: on HTTP/2 the caller has put `:authority` there.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

impl SignedRequest<'_> {
    /// Refuses what is too long to be put into canonical form.
    pub(crate) fn check_size(&self) -> Result<(), SignatureError> {
        let parts = [
            ("path", self.path.len(), limits::PATH),
            ("query string", self.query.len(), limits::QUERY),
        ];
        for (what, length, limit) in parts {
            if length > limit {
                return Err(SignatureError::TooLong { what, limit });
            }
        }
        Ok(())
    }
}
