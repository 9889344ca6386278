//! One request on its way to the engine, and its answer on the way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HOST};
use http::{HeaderMap, HeaderValue, Uri};
use http_body_util::Full;
use hyper::body::Incoming;

use super::body::{self, Whole};
use super::budget::Share;
use super::linger::Unread;
use super::port::Port;
use super::refusal::Refusal;
use crate::boundary::{Answer, Peer, Request};

/// What the requests of one connection have in common.
pub(crate) struct Exchange<A> {
    pub(crate) port: Arc<Port<A>>,
    pub(crate) peer: Peer,
    pub(crate) unread: Unread,
    pub(crate) activity: Arc<Activity>,
}

/// Whether a connection has work, and whether it had any lately.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    begun: AtomicU64,
    running: AtomicUsize,
}

impl Activity {
    /// How many requests have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether none is running.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    fn begin(&self) -> Running<'_> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self)
    }
}

struct Running<'a>(&'a Activity);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<A: Answer> Exchange<A> {
    /// Answers one request, or says why it is refused.
    pub(crate) async fn answer(&self, request: http::Request<Incoming>) -> http::Response<Full<Bytes>> {
        let _running = self.activity.begin();
        let port = &self.port;
        let version = request.version();
        let begun = port.clock.monotonic();
        match self.complete(request).await {
            Ok((request, share)) => {
                let response = port.answer.answer(request).await;
                drop(share);
                let took = port.clock.monotonic().since(begun);
                port.recorder.answered(response.operation, response.outcome, took);
                response.http.map(Full::new)
            }
            Err(refusal) => {
                port.recorder.refused(refusal.reason());
                self.unread.store(true, Ordering::Relaxed);
                refusal.answer(version, &*port.entropy)
            }
        }
    }

    async fn complete(&self, request: http::Request<Incoming>) -> Result<(Request, Share), Refusal> {
        let limits = &self.port.limits;
        let (mut head, body) = request.into_parts();
        if size(&head.uri, &head.headers) > limits.head {
            return Err(Refusal::HeadTooLarge);
        }
        settle_host(&head.uri, &mut head.headers)?;
        if head.headers.contains_key(CONTENT_ENCODING) {
            return Err(Refusal::BodyEncoded);
        }
        let Whole { bytes, share } = body::read(body, limits, &self.port.budget).await?;
        let request = Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: bytes,
            peer: self.peer.clone(),
        };
        Ok((request, share))
    }
}

/// Bytes of a request's target and headers.
fn size(uri: &Uri, headers: &HeaderMap) -> usize {
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    target + headers
}

/// Leaves exactly one `host`, which the signature covers: on HTTP/2 it comes as `:authority`.
///
/// Source: RFC 9112, section 3.2; RFC 9113, section 8.3.1.
fn settle_host(uri: &Uri, headers: &mut HeaderMap) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next(), uri.authority()) {
        (Some(_), None, None) => Ok(()),
        (Some(host), None, Some(authority)) if host.as_bytes() == authority.as_str().as_bytes() => Ok(()),
        (None, None, Some(authority)) => {
            let host = HeaderValue::from_str(authority.as_str()).map_err(|_| Refusal::Host)?;
            headers.insert(HOST, host);
            Ok(())
        }
        _ => Err(Refusal::Host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(uri: &str, hosts: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        settle_host(&uri.parse().unwrap(), &mut headers).ok()?;
        assert_eq!(headers.get_all(HOST).iter().count(), 1);
        headers.get(HOST).map(|host| host.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_request_has_one_host() {
        assert_eq!(settled("/", &["a:1"]).as_deref(), Some("a:1"));
        assert_eq!(settled("https://a:1/", &[]).as_deref(), Some("a:1"));
        assert_eq!(settled("https://a:1/", &["a:1"]).as_deref(), Some("a:1"));
        assert_eq!(settled("https://a:1/", &["b:1"]), None);
        assert_eq!(settled("/", &[]), None);
        assert_eq!(settled("/", &["a", "a"]), None);
    }
}
