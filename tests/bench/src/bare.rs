//! The bare server: reads a body, answers a fixed one. What HTTP and TLS cost, and nothing else.

use std::convert::Infallible;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use ambient::task;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::load::Target;
use crate::stop::Stop;
use crate::tls;

/// The last line of a certificate in PEM.
const END: &str = "-----END CERTIFICATE-----";

/// Serves until standard input ends, which it does with the parent, however that ends.
///
/// Says its port and then its certificate on standard output.
pub(crate) fn run(answer_bytes: usize) -> Result<(), Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (config, certificate) = tls::server()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    println!("{}\n{}", listener.local_addr()?.port(), certificate.trim_end());
    io::stdout().flush()?;
    let answer = Bytes::from(vec![b'.'; answer_bytes]);
    runtime.spawn(accept(listener, TlsAcceptor::from(config), answer));
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, answer: Bytes) {
    while let Ok((stream, _)) = listener.accept().await {
        task::spawn(serve(stream, acceptor.clone(), answer.clone()));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, answer: Bytes) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let _ = request.into_body().collect().await;
            let mut response = hyper::Response::new(Full::new(answer));
            response.headers_mut().insert(
                http::header::CONTENT_TYPE,
                http::HeaderValue::from_static("application/x-amz-json-1.1"),
            );
            Ok::<_, Infallible>(response)
        }
    });
    // A client that leaves is all that can go wrong.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A bare server in a process of its own; ends when dropped.
#[derive(Debug)]
pub(crate) struct Bare {
    child: Child,
    target: Target,
}

impl Bare {
    /// Starts one that answers bodies of `answer_bytes`.
    pub(crate) fn start(answer_bytes: usize) -> Result<Bare, Stop> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bare", &answer_bytes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().ok_or("the bare server says nothing")?;
        let mut lines = BufReader::new(said).lines();
        let port: u16 = lines.next().ok_or("the bare server did not start")??.parse()?;
        let mut certificate = String::new();
        for line in lines {
            let line = line?;
            certificate += &line;
            certificate.push('\n');
            if line == END {
                break;
            }
        }
        let target = Target {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            tls: tls::client(certificate.as_bytes())?,
            process: child.id(),
        };
        Ok(Bare { child, target })
    }

    /// Where load goes.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // Both fail only if it has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
