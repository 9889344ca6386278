//! Pairs that are made ahead, so that nobody waits for RSA keys to be found.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambient::pool::{Pool, PoolFailed};
use ambient::task;
use secret::SecretBytes;
use tokio::sync::oneshot;

use super::{WrappingAlgorithm, WrappingKey, WrappingSpec, unwrap};
use crate::backing::BackingFailed;
use crate::limits::{WRAPPING_KEYS_READY, WRAPPING_KEYS_WAITED_FOR};

/// Makes pairs to wrap material under, and unwraps what was wrapped. All of it is done by a pool of threads that yield to
/// everything else.
///
/// Of a size that was asked for [`WRAPPING_KEYS_READY`] are kept. Each is given out once.
pub struct WrappingKeys {
    pool: Arc<Pool>,
    shelves: [Arc<Shelf>; WrappingSpec::ALL.len()],
}

/// The pairs of one size.
struct Shelf {
    spec: WrappingSpec,
    stock: Mutex<Stock>,
}

#[derive(Default)]
struct Stock {
    ready: Vec<WrappingKey>,
    /// How many are being made: at least one for each who waits.
    making: usize,
    waiting: VecDeque<oneshot::Sender<Made>>,
}

type Made = Result<WrappingKey, BackingFailed>;

impl WrappingKeys {
    /// Has `pool` do the work. Nothing is made before it is asked for or expected.
    pub fn new(pool: Arc<Pool>) -> WrappingKeys {
        let shelf = |spec| {
            Arc::new(Shelf {
                spec,
                stock: Mutex::default(),
            })
        };
        WrappingKeys {
            pool,
            shelves: WrappingSpec::ALL.map(shelf),
        }
    }

    /// Sees to it that there is a pair of every size, since one of them will be asked for.
    pub fn expect(&self) {
        for shelf in &self.shelves {
            self.restock(shelf, 1);
        }
    }

    /// A pair that nobody else has. [`BackingFailed::Busy`] where too many wait for one already.
    pub async fn take(&self, spec: WrappingSpec) -> Result<WrappingKey, BackingFailed> {
        // INVARIANT: there is a shelf for every spec.
        let shelf = self.shelves.iter().find(|shelf| shelf.spec == spec);
        let shelf = shelf.ok_or(BackingFailed::Unsupported)?;
        let waited_for = {
            let mut stock = shelf.stock();
            match stock.ready.pop() {
                Some(key) => Ok(key),
                None if stock.waiting.len() >= WRAPPING_KEYS_WAITED_FOR => return Err(BackingFailed::Busy),
                None => {
                    let (made, waits) = oneshot::channel();
                    stock.waiting.push_back(made);
                    Err(waits)
                }
            }
        };
        self.restock(shelf, WRAPPING_KEYS_READY);
        match waited_for {
            Ok(key) => Ok(key),
            // INVARIANT: whoever makes one gives it, or tells that it failed.
            Err(waits) => waits.await.map_err(|_| BackingFailed::library())?,
        }
    }

    /// Unwraps material with the private half of a pair, in PKCS #8. What was not wrapped under it, in this way and to the
    /// end is [`BackingFailed::Unopenable`], whatever is wrong with it.
    pub async fn unwrap(
        &self,
        private_key: SecretBytes,
        algorithm: WrappingAlgorithm,
        wrapped: Vec<u8>,
    ) -> Result<SecretBytes, BackingFailed> {
        apart(&self.pool, move || {
            unwrap(private_key.expose(), algorithm, &wrapped)
        })
        .await
    }

    /// Begins to make what the shelf lacks to have so many ready, beside those that are waited for.
    fn restock(&self, shelf: &Arc<Shelf>, ready: usize) {
        let lacking = {
            let mut stock = shelf.stock();
            let wanted = ready + stock.waiting.len();
            let lacking = wanted.saturating_sub(stock.ready.len() + stock.making);
            stock.making += lacking;
            lacking
        };
        for _ in 0..lacking {
            let (pool, shelf) = (Arc::clone(&self.pool), Arc::clone(shelf));
            task::spawn(async move {
                let spec = shelf.spec;
                let made = apart(&pool, move || WrappingKey::generate(spec)).await;
                shelf.put(made);
            });
        }
    }
}

impl Shelf {
    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what was made to the first who waits, or keeps it. A failure is told to one who waits and has nothing made
    /// for it any more.
    fn put(&self, made: Made) {
        let mut stock = self.stock();
        stock.making -= 1;
        let mut given = made;
        while given.is_ok() || stock.waiting.len() > stock.making {
            let Some(waits) = stock.waiting.pop_front() else {
                break;
            };
            match waits.send(given) {
                Ok(()) => return,
                // That one is gone.
                Err(back) => given = back,
            }
        }
        if let Ok(key) = given {
            stock.ready.push(key);
        }
    }
}

/// Runs heavy work on the pool.
async fn apart<T: Send + 'static>(
    pool: &Pool,
    work: impl FnOnce() -> Result<T, BackingFailed> + Send + 'static,
) -> Result<T, BackingFailed> {
    match pool.run(work).await {
        Ok(done) => done,
        Err(PoolFailed::Full) => Err(BackingFailed::Busy),
        Err(failed @ PoolFailed::Panicked) => Err(BackingFailed::Failed {
            cause: failed.to_string(),
        }),
    }
}

impl fmt::Debug for WrappingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappingKeys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    use crate::wrapping::OaepHash;

    fn keys() -> (WrappingKeys, Arc<Pool>) {
        let pool = Arc::new(Pool::start("test", 1, 64).unwrap());
        (WrappingKeys::new(Arc::clone(&pool)), pool)
    }

    /// Waits until all that was begun is made: the pool has one thread, and does this last.
    async fn made(keys: &WrappingKeys, pool: &Pool) {
        loop {
            pool.run(|| ()).await.unwrap();
            tokio::task::yield_now().await;
            if keys.shelves.iter().all(|shelf| shelf.stock().making == 0) {
                return;
            }
        }
    }

    fn ready(keys: &WrappingKeys) -> [usize; 3] {
        [0, 1, 2].map(|shelf| keys.shelves[shelf].stock().ready.len())
    }

    #[tokio::test]
    async fn pairs_are_made_ahead_and_each_is_given_out_once() {
        let (keys, pool) = keys();
        assert_eq!(ready(&keys), [0; 3]);
        let first = keys.take(WrappingSpec::Rsa2048).await.unwrap();
        made(&keys, &pool).await;
        assert_eq!(ready(&keys), [WRAPPING_KEYS_READY, 0, 0]);
        let mut public = vec![first.public_key];
        for _ in 0..WRAPPING_KEYS_READY {
            public.push(keys.take(WrappingSpec::Rsa2048).await.unwrap().public_key);
        }
        public.sort();
        public.dedup();
        assert_eq!(public.len(), 1 + WRAPPING_KEYS_READY);
        made(&keys, &pool).await;
        assert_eq!(ready(&keys), [WRAPPING_KEYS_READY, 0, 0]);
    }

    #[tokio::test]
    async fn one_of_each_size_is_made_before_anybody_asks() {
        let (keys, pool) = keys();
        keys.expect();
        keys.expect();
        made(&keys, &pool).await;
        assert_eq!(ready(&keys), [1; 3]);
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused() {
        let (keys, pool) = keys();
        let (go, gate) = mpsc::channel::<()>();
        let holding = {
            let pool = Arc::clone(&pool);
            task::spawn(async move { pool.run(move || gate.recv().unwrap()).await })
        };
        let keys = Arc::new(keys);
        let waiting: Vec<_> = (0..WRAPPING_KEYS_WAITED_FOR)
            .map(|_| {
                let keys = Arc::clone(&keys);
                task::spawn(async move { keys.take(WrappingSpec::Rsa2048).await })
            })
            .collect();
        while keys.shelves[0].stock().waiting.len() < WRAPPING_KEYS_WAITED_FOR {
            tokio::task::yield_now().await;
        }
        let refused = keys.take(WrappingSpec::Rsa2048).await;
        assert_eq!(refused.unwrap_err(), BackingFailed::Busy);
        go.send(()).unwrap();
        holding.await.unwrap().unwrap();
        for waits in waiting {
            waits.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_to_who_waits_and_ends_with_it() {
        // A pool without room refuses all but what a thread takes at once.
        let pool = Arc::new(Pool::start("test", 1, 1).unwrap());
        let (go, gate) = mpsc::channel::<()>();
        let (begun, has_begun) = oneshot::channel();
        let holding = {
            let pool = Arc::clone(&pool);
            let hold = move || {
                begun.send(()).unwrap();
                gate.recv().unwrap();
            };
            task::spawn(async move { pool.run(hold).await })
        };
        has_begun.await.unwrap();
        let filling = {
            let pool = Arc::clone(&pool);
            task::spawn(async move { pool.run(|| ()).await })
        };
        tokio::task::yield_now().await;
        let keys = WrappingKeys::new(Arc::clone(&pool));
        let refused = keys.take(WrappingSpec::Rsa2048).await;
        assert_eq!(refused.unwrap_err(), BackingFailed::Busy);
        go.send(()).unwrap();
        holding.await.unwrap().unwrap();
        filling.await.unwrap().unwrap();
        keys.take(WrappingSpec::Rsa2048).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_of_a_pair_is_printed_but_a_length() {
        let (keys, _) = keys();
        let key = keys.take(WrappingSpec::Rsa2048).await.unwrap();
        assert_eq!(
            format!("{key:?} {keys:?}"),
            "WrappingKey(294 bytes of public key) WrappingKeys"
        );
        let algorithm = WrappingAlgorithm::Oaep(OaepHash::Sha256);
        let opened = keys.unwrap(key.private_key, algorithm, vec![0; 256]).await;
        assert_eq!(opened.unwrap_err(), BackingFailed::Unopenable);
    }
}
