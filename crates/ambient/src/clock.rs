//! What time it is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use tokio::sync::watch;

/// Milliseconds since 1970-01-01T00:00:00Z by the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `milliseconds` after 1970-01-01T00:00:00Z.
    pub const fn from_milliseconds(milliseconds: i64) -> Timestamp {
        Timestamp(milliseconds)
    }

    /// The instant `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant and `span` more.
    pub fn after(self, span: Duration) -> Timestamp {
        Timestamp(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long ago `earlier` was, zero if it was not.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As a calendar time, for printing; out-of-range instants are clamped.
    pub fn calendar(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

impl FromStr for Timestamp {
    type Err = NoMoment;

    /// Reads ISO 8601 with a time zone: `2026-11-26T12:00:00Z`. What is finer than milliseconds is cut off.
    fn from_str(text: &str) -> Result<Timestamp, NoMoment> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NoMoment)?;
        Ok(Timestamp(moment.as_millisecond()))
    }
}

/// A text that is no moment in ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no moment in ISO 8601, such as 2026-11-26T12:00:00Z")]
pub struct NoMoment;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.calendar())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Time that only goes forward, from an origin of its own: for deadlines and spans.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// How long before this `earlier` was, zero if it was not.
    pub fn since(self, earlier: Monotonic) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment and `span` more.
    pub fn after(self, span: Duration) -> Monotonic {
        Monotonic(self.0.saturating_add(span))
    }
}

/// The wall clock and the monotonic one.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock's time.
    fn now(&self) -> Timestamp;

    /// The monotonic clock's time.
    fn monotonic(&self) -> Monotonic;

    /// Ends when the monotonic clock has reached `moment`.
    fn reaches(&self, moment: Monotonic) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: std::time::Instant,
}

#[allow(clippy::disallowed_methods, reason = "this type is what the lint points to")]
impl SystemClock {
    /// The machine's clocks, the monotonic one counted from now.
    pub fn start() -> SystemClock {
        SystemClock {
            origin: std::time::Instant::now(),
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "this type is what the lint points to")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let span = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::default().after(span.unwrap_or_default())
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.origin.elapsed())
    }

    fn reaches(&self, moment: Monotonic) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        match self.origin.checked_add(moment.0) {
            Some(instant) => Box::pin(tokio::time::sleep_until(instant.into())),
            // Further off than the machine can count.
            None => Box::pin(std::future::pending()),
        }
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    time: watch::Sender<(Timestamp, Monotonic)>,
}

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> ManualClock {
        ManualClock {
            time: watch::Sender::new((now, Monotonic::default())),
        }
    }

    /// Moves both clocks forward together.
    pub fn advance(&self, span: Duration) {
        self.time.send_modify(|(now, monotonic)| {
            *now = now.after(span);
            *monotonic = monotonic.after(span);
        });
    }

    /// Sets the wall clock alone, as an operator or a time server does.
    pub fn set_wall(&self, now: Timestamp) {
        self.time.send_modify(|time| time.0 = now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.time.borrow().0
    }

    fn monotonic(&self) -> Monotonic {
        self.time.borrow().1
    }

    fn reaches(&self, moment: Monotonic) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut time = self.time.subscribe();
        Box::pin(async move {
            // INVARIANT: the sender is `self`, which outlives this future.
            let _ = time.wait_for(|time| time.1 >= moment).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_prints_as_utc() {
        assert_eq!(
            Timestamp::from_milliseconds(1_568_565_290_250).to_string(),
            "2019-09-15T16:34:50.250Z"
        );
        assert_eq!(Timestamp::from_milliseconds(-1).seconds(), -1);
    }

    #[tokio::test]
    async fn a_waiter_wakes_when_a_manual_clock_is_moved_past_its_moment() {
        let clock = std::sync::Arc::new(ManualClock::at(Timestamp::from_seconds(100)));
        let moment = clock.monotonic().after(Duration::from_secs(60));
        let waiter = task_of(clock.clone(), moment);
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        clock.advance(Duration::from_secs(1));
        waiter.await.unwrap();
        assert_eq!(clock.now(), Timestamp::from_seconds(160));
    }

    #[tokio::test]
    async fn a_moment_beyond_all_time_is_waited_for() {
        let clock = SystemClock::start();
        let never = clock.reaches(clock.monotonic().after(Duration::MAX));
        assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
    }

    fn task_of(clock: std::sync::Arc<ManualClock>, moment: Monotonic) -> crate::task::JoinHandle<()> {
        crate::task::spawn(async move { clock.reaches(moment).await })
    }
}
