//! TLS for the main port.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, ServerConnection};
use rustls::sign::CertifiedKey;
use rustls::{CipherSuite, ProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::boundary::TlsDetails;

/// A certificate and key that don't make a TLS server.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate in the PEM text.
    #[error("there is no PEM certificate in it")]
    NoCertificate,
    /// No private key in the PEM text.
    #[error("there is no PEM private key in it")]
    NoKey,
    /// The key is of no usable kind, or is not the certificate's.
    #[error("the key does not fit the certificate ({0})")]
    Unfit(rustls::Error),
}

/// The certificate in use, which can be replaced while the server runs.
#[derive(Debug)]
pub(crate) struct CurrentCertificate(ArcSwap<CertifiedKey>);

impl CurrentCertificate {
    pub(crate) fn new(first: CertifiedKey) -> Arc<CurrentCertificate> {
        Arc::new(CurrentCertificate(ArcSwap::from_pointee(first)))
    }

    /// Uses `next` for all handshakes from now on.
    pub(crate) fn replace(&self, next: CertifiedKey) {
        self.0.store(Arc::new(next));
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Puts a certificate chain and its private key together, both PEM.
pub(crate) fn certified(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::NoCertificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Unfit)
}

/// TLS 1.3 and 1.2 over aws-lc, the hybrid post-quantum key exchange preferred, HTTP/2 preferred.
pub(crate) fn server_config(
    certificate: Arc<CurrentCertificate>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The order of groups is said here rather than left to a feature that another crate could leave out.
pub(crate) fn provider() -> CryptoProvider {
    CryptoProvider {
        kx_groups: vec![
            aws_lc_rs::kx_group::X25519MLKEM768,
            aws_lc_rs::kx_group::X25519,
            aws_lc_rs::kx_group::SECP256R1,
            aws_lc_rs::kx_group::SECP384R1,
        ],
        ..aws_lc_rs::default_provider()
    }
}

/// What a finished handshake agreed on.
pub(crate) fn details(connection: &ServerConnection) -> TlsDetails {
    let suite = connection.negotiated_cipher_suite().map(|suite| suite.suite());
    let group = connection
        .negotiated_key_exchange_group()
        .map(|group| group.name());
    TlsDetails {
        version: match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
        cipher_suite: suite.map(suite_name).unwrap_or_default(),
        key_exchange: group.map(|group| group.as_str().map_or_else(|| format!("{group:?}"), str::to_owned)),
    }
}

/// The IANA name: rustls says TLS13 where IANA says TLS.
fn suite_name(suite: CipherSuite) -> String {
    let name = suite.as_str().unwrap_or_default();
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => name.to_owned(),
    }
}
