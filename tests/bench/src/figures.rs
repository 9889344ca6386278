//! Numbers, and the middle of them.

use std::fmt;
use std::time::Duration;

/// What one round came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// Answers a second.
    pub(crate) rate: f64,
    /// The middle latency.
    pub(crate) p50: Duration,
    /// The latency that one answer in a hundred exceeds.
    pub(crate) p99: Duration,
    /// Time of one core that the server spent on an answer.
    pub(crate) core: Duration,
}

impl Round {
    /// From the latency of every answer of a round, in any order.
    pub(crate) fn of(latencies: &mut [u64], took: Duration, cpu: Duration) -> Round {
        latencies.sort_unstable();
        let count = latencies.len().max(1) as f64;
        Round {
            rate: latencies.len() as f64 / took.as_secs_f64(),
            p50: Duration::from_nanos(share(latencies, 50)),
            p99: Duration::from_nanos(share(latencies, 99)),
            core: cpu.div_f64(count),
        }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, core] = [self.p50, self.p99, self.core].map(|time| time.as_secs_f64() * 1e6);
        write!(
            f,
            "{:>7.0}/s p50 {p50:>6.0} µs p99 {p99:>6.0} µs {core:>5.1} core-µs",
            self.rate
        )
    }
}

/// The least number that `percent` of the sorted numbers don't exceed; 0 of none.
fn share(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

/// The median: of an even number, the greater of the two in the middle.
pub(crate) fn median<T: PartialOrd + Copy + Default>(numbers: impl IntoIterator<Item = T>) -> T {
    let mut numbers: Vec<T> = numbers.into_iter().collect();
    numbers.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!((share(&hundred, 50), share(&hundred, 99)), (50, 99));
        assert_eq!((share(&[7], 50), share(&[7], 99)), (7, 7));
        assert_eq!(share(&[], 99), 0);
    }

    #[test]
    fn a_median_is_the_middle_one() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(Vec::<u64>::new()), 0);
    }
}
