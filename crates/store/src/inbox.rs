//! Waiting for a message on a thread, for a while.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::sync::mpsc;

/// What came of waiting.
pub(crate) enum Received<M> {
    Message(M),
    /// Nothing came in time.
    Nothing,
    /// Nobody is left who could send.
    Gone,
}

/// Waits for the next message: `wait` at most, or a little less.
pub(crate) fn receive_within<M>(inbox: &mut mpsc::Receiver<M>, wait: Duration) -> Received<M> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut poll = || match inbox.poll_recv(&mut context) {
        Poll::Ready(Some(message)) => Received::Message(message),
        Poll::Ready(None) => Received::Gone,
        Poll::Pending => Received::Nothing,
    };
    match poll() {
        Received::Nothing => {
            // It may end early; whoever waits then does early what it waited for.
            thread::park_timeout(wait);
            poll()
        }
        received => received,
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
