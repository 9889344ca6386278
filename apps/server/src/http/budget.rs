//! A bound on what all requests together hold in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Bytes that may be held at one time; shared by all connections.
#[derive(Debug)]
pub(crate) struct Budget {
    free: AtomicUsize,
    waiting: AtomicUsize,
    freed: Notify,
}

/// Bytes taken out of a budget, given back on drop.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn of(bytes: usize) -> Arc<Budget> {
        Arc::new(Budget {
            free: AtomicUsize::new(bytes),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
        })
    }

    fn try_take(&self, bytes: usize) -> bool {
        let take = |free: usize| free.checked_sub(bytes);
        self.free
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            .is_ok()
    }
}

impl Share {
    /// Nothing yet.
    pub(crate) fn of(budget: &Arc<Budget>) -> Share {
        Share {
            budget: budget.clone(),
            bytes: 0,
        }
    }

    /// Takes `bytes` more, waiting until there are as many; the caller sets a deadline, since two that each wait for
    /// the other's bytes would wait for ever.
    pub(crate) async fn grow(&mut self, bytes: usize) {
        if !self.budget.try_take(bytes) {
            let _waiting = Waiting::on(&self.budget);
            loop {
                // Registered before the second look, so that bytes freed in between are not missed.
                let mut freed = std::pin::pin!(self.budget.freed.notified());
                freed.as_mut().enable();
                if self.budget.try_take(bytes) {
                    break;
                }
                freed.await;
            }
        }
        self.bytes += bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.free.fetch_add(self.bytes, Ordering::SeqCst);
        if self.budget.waiting.load(Ordering::SeqCst) > 0 {
            self.budget.freed.notify_waiters();
        }
    }
}

/// Counts those who wait, so that nobody is notified where nobody waits.
struct Waiting<'a>(&'a Budget);

impl Waiting<'_> {
    fn on(budget: &Budget) -> Waiting<'_> {
        budget.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(budget)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn who_finds_too_little_waits_until_enough_is_given_back() {
        let budget = Budget::of(10);
        let mut context = Context::from_waker(Waker::noop());
        let (mut one, mut two, mut three) = (Share::of(&budget), Share::of(&budget), Share::of(&budget));
        assert_eq!(std::pin::pin!(one.grow(4)).poll(&mut context), Poll::Ready(()));
        assert_eq!(std::pin::pin!(two.grow(4)).poll(&mut context), Poll::Ready(()));
        {
            let mut waiter = std::pin::pin!(three.grow(5));
            assert_eq!(waiter.as_mut().poll(&mut context), Poll::Pending);
            drop(one);
            assert_eq!(waiter.as_mut().poll(&mut context), Poll::Ready(()));
        }
        drop(two);
        drop(three);
        assert_eq!(budget.free.load(Ordering::SeqCst), 10);
        assert_eq!(budget.waiting.load(Ordering::SeqCst), 0);
    }
}
