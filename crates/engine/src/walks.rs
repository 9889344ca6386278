//! The walks under way, so that a shutdown can wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts walks.
#[derive(Debug, Default)]
pub(crate) struct Walks {
    count: AtomicUsize,
    ended: Notify,
}

/// One walk; it ends when this is dropped.
pub(crate) struct Walking(Arc<Walks>);

impl Walks {
    /// Begins a walk.
    pub(crate) fn begin(self: &Arc<Self>) -> Walking {
        self.count.fetch_add(1, Ordering::Relaxed);
        Walking(Arc::clone(self))
    }

    /// How many are under way.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Ends when no walk is under way.
    pub(crate) async fn none(&self) {
        loop {
            let ended = self.ended.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Walking {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shutdown_waits_for_the_last_walk() {
        let walks = Arc::new(Walks::default());
        walks.none().await;
        let (first, second) = (walks.begin(), walks.begin());
        let waiting = Arc::clone(&walks);
        let none = ambient::task::spawn(async move { waiting.none().await });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!none.is_finished());
        drop(second);
        none.await.unwrap();
    }
}
