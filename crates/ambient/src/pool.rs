//! Threads for work that takes the processor for long, which yield to everything else.
#![allow(clippy::disallowed_methods, reason = "this module is what the lint points to")]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

/// How far the threads stand back, in the kernel's nice levels: beside a busy thread of the usual priority, one of these
/// gets about a tenth of a processor, and on an idle processor all of it.
const NICE: i32 = 10;

/// A bounded pool of threads of low priority. They end when the pool is dropped and what waits is done.
pub struct Pool {
    jobs: SyncSender<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

/// Why a pool did not do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolFailed {
    /// As much waits as may; it was not begun.
    #[error("too much work waits already")]
    Full,
    /// It ended by a fault of ours.
    #[error("work ended by a fault of ours")]
    Panicked,
}

impl Pool {
    /// So many threads of this name, with room for so much work that waits for one of them.
    pub fn start(name: &str, threads: usize, waiting: usize) -> io::Result<Pool> {
        let (jobs, queue) = sync_channel::<Job>(waiting);
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || work(&queue))?;
        }
        Ok(Pool { jobs })
    }

    /// As many threads as there are processors.
    pub fn of_all_processors(name: &str, waiting: usize) -> io::Result<Pool> {
        Pool::start(
            name,
            thread::available_parallelism().map_or(1, usize::from),
            waiting,
        )
    }

    /// Has a thread of the pool do `work`, and waits for it. Work whose caller is gone before its turn is not begun.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolFailed> {
        let (done, answer) = oneshot::channel();
        let job = move || {
            if done.is_closed() {
                return;
            }
            if let Ok(result) = catch_unwind(AssertUnwindSafe(work)) {
                // The caller may have gone meanwhile.
                let _ = done.send(result);
            }
        };
        match self.jobs.try_send(Box::new(job)) {
            Ok(()) => answer.await.map_err(|_| PoolFailed::Panicked),
            Err(TrySendError::Full(_)) => Err(PoolFailed::Full),
            // INVARIANT: the threads live as long as the pool, since no job ends one.
            Err(TrySendError::Disconnected(_)) => Err(PoolFailed::Panicked),
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    // A kernel that refuses leaves the thread at the usual priority, where it does the same work.
    let _ = rustix::process::setpriority_process(None, NICE);
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn work_is_done_by_a_thread_of_low_priority() {
        let pool = Pool::start("test", 1, 1).unwrap();
        let nice = pool
            .run(|| rustix::process::getpriority_process(None).unwrap())
            .await;
        assert_eq!(
            nice,
            Ok(NICE.max(rustix::process::getpriority_process(None).unwrap()))
        );
    }

    #[tokio::test]
    async fn more_than_may_wait_is_refused_and_what_waited_is_done() {
        let pool = Arc::new(Pool::start("test", 1, 1).unwrap());
        let (go, gate) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let first = {
            let pool = Arc::clone(&pool);
            crate::task::spawn(async move {
                pool.run(move || {
                    begun.send(()).unwrap();
                    gate.recv().unwrap();
                })
                .await
            })
        };
        has_begun.await.unwrap();
        let second = std::pin::pin!(pool.run(|| 2));
        let mut second = second;
        let waits =
            std::future::poll_fn(|context| std::task::Poll::Ready(second.as_mut().poll(context))).await;
        assert!(waits.is_pending());
        assert_eq!(pool.run(|| 3).await, Err(PoolFailed::Full));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(second.await, Ok(2));
    }

    #[tokio::test]
    async fn a_panic_ends_its_work_alone() {
        let pool = Pool::start("test", 1, 4).unwrap();
        #[allow(clippy::panic, reason = "that is the test")]
        let failed = pool.run(|| -> u8 { panic!("as meant") }).await;
        assert_eq!(failed, Err(PoolFailed::Panicked));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }
}
