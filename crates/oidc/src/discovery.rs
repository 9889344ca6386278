//! Discovery documents, which say where an issuer's keys are.
//!
//! Source: OpenID Connect Discovery 1.0, sections 3 and 4.

use crate::url::HttpsUrl;
use crate::{json, limits};

/// Where the discovery document of an issuer is.
pub(crate) fn document_of(issuer: &str) -> Option<HttpsUrl> {
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    HttpsUrl::parse(&format!("{issuer}/.well-known/openid-configuration"))
}

/// Where the keys are, by a document that has to be the issuer's own; `None` where it is not, or does not say.
pub fn jwks_uri(document: &[u8], issuer: &str) -> Option<HttpsUrl> {
    if document.len() > limits::DOCUMENT_BYTES {
        return None;
    }
    let members = json::object(document)?;
    if json::text(&members, "issuer")? != issuer {
        return None;
    }
    HttpsUrl::parse(json::text(&members, "jwks_uri")?)
}
