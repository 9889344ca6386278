//! The admin port: `GET /healthz`, `/readyz` and `/metrics`, and nothing else.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock};

use ambient::task;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::limits::{ACCEPT_PAUSE, ADMIN_CONNECTIONS, ADMIN_IDLE};
use crate::metrics::Recorder;

type Probe = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Whether requests can be served, as `/readyz` tells it.
#[derive(Clone)]
pub(crate) struct Readiness(Arc<RwLock<Probe>>);

impl Readiness {
    /// Not ready, for this reason.
    pub(crate) fn not_yet(reason: &'static str) -> Readiness {
        Readiness(Arc::new(RwLock::new(because(reason))))
    }

    /// Asks `probe` from now on.
    pub(crate) fn ask(&self, probe: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        self.set(Box::new(probe));
    }

    /// Not ready any more, for this reason.
    pub(crate) fn end(&self, reason: &'static str) {
        self.set(because(reason));
    }

    fn set(&self, probe: Probe) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = probe;
    }

    fn now(&self) -> Result<(), String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)()
    }
}

fn because(reason: &'static str) -> Probe {
    Box::new(move || Err(reason.to_owned()))
}

/// Answers on the admin port for ever.
pub(crate) async fn serve(listener: TcpListener, recorder: Recorder, readiness: Readiness) {
    let slots = Arc::new(Semaphore::new(ADMIN_CONNECTIONS));
    loop {
        let slot = slots.clone().acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (recorder, readiness) = (recorder.clone(), readiness.clone());
        task::spawn(async move {
            let service = service_fn(|request: http::Request<Incoming>| {
                let answer = answer(request.method(), request.uri().path(), &recorder, &readiness);
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(ADMIN_IDLE)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(cause) = connection.await {
                tracing::debug!(%cause, "a connection to the admin port ended early");
            }
            drop(slot);
        });
    }
}

fn answer(
    method: &Method,
    path: &str,
    recorder: &Recorder,
    readiness: &Readiness,
) -> http::Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let (status, kind, text) = match path {
        "/healthz" | "/readyz" | "/metrics" if method != Method::GET => (
            StatusCode::METHOD_NOT_ALLOWED,
            TEXT,
            "only GET is answered here\n".to_owned(),
        ),
        "/healthz" => (StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/readyz" => match readiness.now() {
            Ok(()) => (StatusCode::OK, TEXT, "ready\n".to_owned()),
            Err(reason) => (
                StatusCode::SERVICE_UNAVAILABLE,
                TEXT,
                format!("not ready: {reason}\n"),
            ),
        },
        "/metrics" => match recorder.text() {
            Ok(text) => (StatusCode::OK, METRICS, text),
            Err(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                TEXT,
                "the figures could not be written\n".to_owned(),
            ),
        },
        _ => (
            StatusCode::NOT_FOUND,
            TEXT,
            "here are /healthz, /readyz and /metrics\n".to_owned(),
        ),
    };
    let mut answer = http::Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        answer
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_paths_are_answered_and_only_to_get() {
        let (recorder, readiness) = (Recorder::new(), Readiness::not_yet("starting"));
        let status = |method: Method, path| answer(&method, path, &recorder, &readiness).status().as_u16();
        assert_eq!(status(Method::GET, "/healthz"), 200);
        assert_eq!(status(Method::GET, "/metrics"), 200);
        assert_eq!(status(Method::GET, "/readyz"), 503);
        readiness.ask(|| Ok(()));
        assert_eq!(status(Method::GET, "/readyz"), 200);
        readiness.end("draining");
        assert_eq!(status(Method::GET, "/readyz"), 503);
        assert_eq!(status(Method::POST, "/healthz"), 405);
        assert_eq!(status(Method::GET, "/"), 404);
        assert_eq!(status(Method::POST, "/debug"), 404);
    }
}
