//! Where documents are fetched from: HTTPS alone.

use std::fmt;

use http::Uri;

use crate::limits;

/// An address of HTTPS without user, password and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsUrl {
    host: String,
    port: u16,
    target: String,
}

impl HttpsUrl {
    /// Reads an address; `None` where it is anything else.
    pub fn parse(text: &str) -> Option<HttpsUrl> {
        let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>');
        if text.len() > limits::URL || !text.starts_with("https://") || !text.bytes().all(legal) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = match authority.port() {
            None if authority.as_str() == authority.host() => 443,
            None => return None,
            Some(port) => port.as_u16(),
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Some(HttpsUrl {
            host: authority.host().to_owned(),
            port,
            target: target.to_owned(),
        })
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}:{}{}", self.host, self.port, self.target)
    }
}
