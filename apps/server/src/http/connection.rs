//! One connection, from its TLS handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::exchange::{Activity, Exchange};
use super::linger::{Lingering, Unread};
use super::port::{Phase, Port};
use crate::boundary::{Answer, Peer};
use crate::tls;

/// Serves a connection until its peer or this server ends it.
pub(crate) async fn serve<A: Answer>(
    port: Arc<Port<A>>,
    stream: TcpStream,
    address: SocketAddr,
    mut phase: watch::Receiver<Phase>,
) {
    let _open = port.recorder.connected();
    let _ = stream.set_nodelay(true); // an answer that waits for more to send only comes later
    let mut peer = Peer {
        address: address.ip().to_canonical(),
        tls: None,
    };
    let Some(acceptor) = &port.tls else {
        return speak(&port, stream, peer, phase).await;
    };
    let handshake = tokio::select! {
        handshake = timeout(port.limits.handshake, acceptor.accept(stream)) => handshake,
        _ = past(&mut phase, Phase::Open) => return,
    };
    match handshake {
        Ok(Ok(stream)) => {
            peer.tls = Some(Arc::new(tls::details(stream.get_ref().1)));
            speak(&port, stream, peer, phase).await;
        }
        Ok(Err(cause)) => {
            port.recorder.handshake_failed();
            tracing::debug!(peer = %address, %cause, "the TLS handshake failed");
        }
        Err(_) => {
            port.recorder.handshake_failed();
            tracing::debug!(peer = %address, "the TLS handshake took too long");
        }
    }
}

async fn speak<A: Answer>(
    port: &Arc<Port<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    mut phase: watch::Receiver<Phase>,
) {
    let limits = &port.limits;
    let unread = Unread::default();
    let activity = Arc::new(Activity::default());
    let stream = Lingering::new(stream, unread.clone(), limits.linger, limits.linger_bytes);
    let exchange = Arc::new(Exchange {
        port: port.clone(),
        peer,
        unread,
        activity: activity.clone(),
    });
    let service = service_fn(move |request| {
        let exchange = exchange.clone();
        async move { Ok::<_, Infallible>(exchange.answer(request).await) }
    });
    let mut connection = pin!(port.http.serve_connection(TokioIo::new(stream), service));
    let mut alarm = pin!(sleep(limits.idle));
    let mut reached = Phase::Open;
    let (mut begun, mut parting) = (0, false);
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(cause) = ended {
                    tracing::debug!(cause, "a connection ended early");
                }
                return;
            }
            now = past(&mut phase, reached) => {
                if now == Phase::Cut {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                reached = now;
            }
            () = alarm.as_mut(), if reached == Phase::Open => {
                let idle = activity.is_idle() && activity.begun() == begun;
                if parting {
                    return;
                }
                let patience = if idle {
                    connection.as_mut().graceful_shutdown();
                    parting = true;
                    limits.farewell
                } else {
                    begun = activity.begun();
                    limits.idle
                };
                alarm.as_mut().reset(Instant::now() + patience);
            }
        }
    }
}

/// The server's phase, once it is later than `reached`.
async fn past(phase: &mut watch::Receiver<Phase>, reached: Phase) -> Phase {
    phase
        .wait_for(|now| *now > reached)
        .await
        .map_or(Phase::Cut, |now| *now)
}
