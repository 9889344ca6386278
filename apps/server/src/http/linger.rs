//! A stream whose closing lets a peer that is still sending hear why it was refused.
//!
//! To close a socket that holds unread input makes the system reset the connection, and a reset may overtake the answer.
//! So after a refusal the sending side is closed first, and for a short while input is thrown away.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Set on a connection when an answer leaves while input is unread.
pub(crate) type Unread = Arc<AtomicBool>;

pub(crate) struct Lingering<S> {
    stream: S,
    unread: Unread,
    time: Duration,
    bytes: usize,
    closing: Closing,
}

enum Closing {
    No,
    Throwing(Pin<Box<Sleep>>),
    Done,
}

impl<S> Lingering<S> {
    /// Lingers for at most `time` and `bytes`, if `unread` is set by then.
    pub(crate) fn new(stream: S, unread: Unread, time: Duration, bytes: usize) -> Lingering<S> {
        Lingering {
            stream,
            unread,
            time,
            bytes,
            closing: Closing::No,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.closing {
                Closing::No => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                    this.closing = if this.unread.load(Ordering::Relaxed) {
                        Closing::Throwing(Box::pin(tokio::time::sleep(this.time)))
                    } else {
                        Closing::Done
                    };
                }
                Closing::Throwing(end) => {
                    let over = end.as_mut().poll(cx).is_ready() || this.bytes == 0;
                    if over || ready!(throw_away(&mut this.stream, cx, &mut this.bytes)) {
                        this.closing = Closing::Done;
                    }
                }
                Closing::Done => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Reads once; whether the peer's side has ended.
fn throw_away<S: AsyncRead + Unpin>(stream: &mut S, cx: &mut Context<'_>, left: &mut usize) -> Poll<bool> {
    let mut scratch = [0; 4096];
    let mut into = ReadBuf::new(&mut scratch);
    let read = ready!(Pin::new(stream).poll_read(cx, &mut into));
    let count = into.filled().len();
    *left = left.saturating_sub(count);
    Poll::Ready(read.is_err() || count == 0)
}
