//! Clients: raw ones that break rules, and hyper's that keep them.

use std::sync::Arc;

use ::http::{Request, Response};
use ambient::{Timestamp, task};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use server::limits::Limits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::fake::{NOW, Running, within};

/// Sends bytes as they are.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn connect(server: &Running) -> Raw {
        Raw(TcpStream::connect(server.address()).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A server that closes early is what many tests are about.
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Says that nothing more will come.
    pub(crate) async fn finish(&mut self) {
        let _ = self.0.shutdown().await;
    }

    /// Everything up to the end of the connection, as text.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within(self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer with a Content-Length, as text; the connection stays.
    pub(crate) async fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        within(async {
            loop {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head
                        .to_lowercase()
                        .split("content-length: ")
                        .nth(1)
                        .unwrap()
                        .to_owned();
                    if body.len() >= length.split("\r\n").next().unwrap().parse().unwrap() {
                        return text;
                    }
                }
                let read = self.0.read_buf(&mut bytes).await.unwrap();
                assert!(read > 0, "the connection ended: {text}");
            }
        })
        .await
    }
}

#[derive(Debug)]
struct TestTime(Timestamp);

impl TimeProvider for TestTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            self.0.seconds() as u64,
        )))
    }
}

/// A TLS client that trusts only the PEM text `roots`, and lives at the time `now`.
pub(crate) fn tls_config_at(
    now: Timestamp,
    roots: &str,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&[u8]],
) -> ClientConfig {
    let mut trusted = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        trusted.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(TestTime(now)))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// The same, at the time that tests begin at.
pub(crate) fn tls_config(
    roots: &str,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&[u8]],
) -> ClientConfig {
    tls_config_at(NOW, roots, versions, protocols)
}

pub(crate) async fn tls_connect(
    server: &Running,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.address()).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

/// One POST over HTTP/1.1 or HTTP/2 as the stream has agreed on.
pub(crate) async fn post<S>(stream: S, http2: bool, uri: &str, body: Vec<u8>) -> Response<Incoming>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut request = Request::post(uri);
    if !http2 {
        request = request.header(
            "host",
            uri.parse::<::http::Uri>().unwrap().authority().unwrap().as_str(),
        );
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let io = TokioIo::new(stream);
    if http2 {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(Spawner, io).await.unwrap();
        task::spawn(connection);
        within(sender.send_request(request)).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        task::spawn(connection);
        within(sender.send_request(request)).await.unwrap()
    }
}

pub(crate) async fn text(response: Response<Incoming>) -> String {
    let body = within(response.into_body().collect()).await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[derive(Clone)]
struct Spawner;

impl<F> hyper::rt::Executor<F> for Spawner
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, work: F) {
        task::spawn(work);
    }
}

/// Limits that tests change.
pub(crate) fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}
