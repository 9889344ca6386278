//! The way out: documents of OpenID Connect providers, over HTTPS and within bounds.
//!
//! Nothing else of the server opens a connection. Redirects are not followed, and proxies not asked.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use oidc::{Fetch, FetchFailed, Fetching, HttpsUrl};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::limits::{FETCHED_CHAIN, FETCHED_HEAD};

/// Where systems keep the certificates that they trust.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// Fetches over HTTPS, from servers that roots vouch for or that thumbprints tell of.
pub(crate) struct Network {
    roots: Option<Arc<WebPkiServerVerifier>>,
    crypto: Arc<CryptoProvider>,
}

impl Network {
    /// Trusts the roots in a PEM text; fails where there is none, or one that can't be read.
    pub(crate) fn trusting(pem: &[u8]) -> Result<Network, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        match roots.is_empty() {
            true => Err("there is no PEM certificate in it".to_owned()),
            false => Ok(Network::of(roots)),
        }
    }

    /// Trusts what the system does; thumbprints alone where it says nothing.
    pub(crate) fn trusting_system() -> Network {
        let mut roots = RootCertStore::empty();
        let text = SYSTEM_ROOTS.iter().find_map(|path| std::fs::read(path).ok());
        let certificates = CertificateDer::pem_slice_iter(text.as_deref().unwrap_or_default());
        roots.add_parsable_certificates(certificates.filter_map(Result::ok));
        Network::of(roots)
    }

    fn of(roots: RootCertStore) -> Network {
        let crypto = Arc::new(crate::tls::provider());
        Network {
            // Without any root there is no verifier, and nobody is vouched for.
            roots: verifier(roots, &crypto),
            crypto,
        }
    }

    async fn get(&self, url: &HttpsUrl, thumbprints: &[String]) -> Result<Vec<u8>, FetchFailed> {
        let failed =
            |what: &str, cause: &dyn std::fmt::Display| FetchFailed(format!("{url} {what} ({cause})"));
        let host = url.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let bare = bare.unwrap_or(host).to_owned();
        let name = ServerName::try_from(bare.clone()).map_err(|cause| failed("has no host", &cause))?;
        let stream = TcpStream::connect((bare.as_str(), url.port()))
            .await
            .map_err(|cause| failed("can't be reached", &cause))?;
        let trust = Trust {
            roots: self.roots.clone(),
            thumbprints: thumbprints.to_vec(),
            crypto: Arc::clone(&self.crypto),
        };
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.crypto))
            .with_safe_default_protocol_versions()
            .map_err(|cause| failed("can't be asked", &cause))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust))
            .with_no_client_auth();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map_err(|cause| failed("is not to be trusted", &cause))?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(FETCHED_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|cause| failed("speaks no HTTP", &cause))?;
        let authority = match url.port() {
            443 => host.to_owned(),
            port => format!("{host}:{port}"),
        };
        let request = Request::get(url.target())
            .header(header::HOST, authority)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "keystead")
            .body(Empty::<Bytes>::new())
            .map_err(|cause| failed("can't be asked for", &cause))?;
        let mut exchange = pin!(async {
            let response = sender
                .send_request(request)
                .await
                .map_err(|cause| failed("does not answer", &cause))?;
            if response.status() != StatusCode::OK {
                return Err(failed("answers otherwise", &response.status()));
            }
            let body = Limited::new(response.into_body(), oidc::limits::DOCUMENT_BYTES);
            let body = body
                .collect()
                .await
                .map_err(|cause| failed("does not answer as it should", &cause))?;
            Ok(body.to_bytes().to_vec())
        });
        tokio::select! {
            biased;
            answered = &mut exchange => answered,
            // What it brought before it ended is still to be read.
            _ = connection => exchange.await,
        }
    }
}

impl Fetch for Network {
    fn fetch<'f>(&'f self, url: &'f HttpsUrl, thumbprints: &'f [String]) -> Fetching<'f> {
        Box::pin(async move {
            let fetched = tokio::time::timeout(oidc::limits::FETCH_TIME, self.get(url, thumbprints));
            fetched
                .await
                .unwrap_or_else(|_| Err(FetchFailed(format!("{url} takes too long"))))
        })
    }
}

fn verifier(roots: RootCertStore, crypto: &Arc<CryptoProvider>) -> Option<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(crypto))
        .build()
        .ok()
}

/// Whom a server may be vouched for by.
#[derive(Debug)]
struct Trust {
    roots: Option<Arc<WebPkiServerVerifier>>,
    thumbprints: Vec<String>,
    crypto: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Trust {
    /// A certificate of the chain that a thumbprint tells of is a root for this one chain; name, time and signatures are
    /// checked all the same. Source: IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider".
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify =
            |by: &WebPkiServerVerifier| by.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        let by_roots = match &self.roots {
            Some(roots) => verify(roots),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        if by_roots.is_ok() || self.thumbprints.is_empty() {
            return by_roots;
        }
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .take(FETCHED_CHAIN);
        for certificate in
            chain.filter(|certificate| self.thumbprints.contains(&oidc::thumbprint(certificate)))
        {
            let mut roots = RootCertStore::empty();
            if roots.add(certificate.clone().into_owned()).is_err() {
                continue;
            }
            if let Some(Ok(verified)) = verifier(roots, &self.crypto).map(|root| verify(&root)) {
                return Ok(verified);
            }
        }
        by_roots
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.crypto.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}
