//! Where the server is, and whom to believe that it is the one.

use std::path::Path;
use std::sync::Arc;

use ambient::{Clock, task};
use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::ClientError;

/// A server's URL, and what a connection to it needs.
pub(super) struct Endpoint {
    url: String,
    authority: String,
    host: String,
    port: u16,
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl Endpoint {
    /// The server at `url`, whose certificate is signed by one of those in the PEM file `trusted`.
    pub(super) fn new(url: &str, trusted: &Path, clock: Arc<dyn Clock>) -> Result<Endpoint, ClientError> {
        let no_endpoint = || ClientError::NoEndpoint(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| no_endpoint())?;
        let authority = uri.authority().ok_or_else(no_endpoint)?;
        if uri.scheme_str() != Some("https") {
            return Err(no_endpoint());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        Ok(Endpoint {
            url: url.to_owned(),
            authority: authority.to_string(),
            port: authority.port_u16().unwrap_or(443),
            name: ServerName::try_from(host.clone()).map_err(|_| no_endpoint())?,
            connector: connector(trusted, clock)?,
            host,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Host and port as the URL has them.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, ClientError> {
        let unreachable = |cause| ClientError::Unreachable {
            url: self.url.clone(),
            cause,
        };
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(unreachable)?;
        let _ = stream.set_nodelay(true);
        let stream = self
            .connector
            .connect(self.name.clone(), stream)
            .await
            .map_err(|cause| ClientError::Untrusted {
                url: self.url.clone(),
                cause,
            })?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|cause| ClientError::cut(&self.url, cause))?;
        // Ends by itself once the sender is dropped; what goes wrong in it reaches the caller through the sender.
        task::spawn(connection);
        Ok(sender)
    }
}

fn connector(trusted: &Path, clock: Arc<dyn Clock>) -> Result<TlsConnector, ClientError> {
    let no_trust = |why: String| ClientError::NoTrust {
        path: trusted.to_owned(),
        why,
    };
    let pem = std::fs::read(trusted).map_err(|cause| no_trust(cause.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|cause| no_trust(cause.to_string()))?;
        roots
            .add(certificate)
            .map_err(|cause| no_trust(cause.to_string()))?;
    }
    if roots.is_empty() {
        return Err(no_trust("it holds no certificate".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(Time(clock)))
        .with_safe_default_protocol_versions()
        .map_err(|cause| no_trust(cause.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The time at which certificates have to be valid.
struct Time(Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let since_1970 = self.0.now().since(ambient::Timestamp::default());
        Some(UnixTime::since_unix_epoch(since_1970))
    }
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Time({})", self.0.now())
    }
}
