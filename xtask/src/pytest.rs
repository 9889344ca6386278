//! Reads what pytest prints.

use crate::suites::Tally;

/// Collects the summary, the last line of the form `3 failed, 100 passed, 2 skipped in 12.34s`.
///
/// A run that ends badly with no failure in its summary (it crashed, or found no tests) counts as one failure.
#[derive(Debug, Default)]
pub(crate) struct Pytest {
    last: Option<Tally>,
}

impl Pytest {
    /// Takes the next line.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(tally) = summary(line) {
            self.last = Some(tally);
        }
    }

    /// Ends with pytest's own verdict.
    pub(crate) fn finish(self, well: bool) -> Tally {
        let mut tally = self.last.unwrap_or_default();
        if !well && tally.failed == 0 || well && self.last.is_none() {
            tally.failed += 1;
        }
        tally
    }
}

fn summary(line: &str) -> Option<Tally> {
    let line = line.trim_matches(|c| c == '=' || c == ' ');
    let (counts, time) = line.rsplit_once(" in ")?;
    // `12.34s`, or `75.00s (0:01:15)`
    time.split(' ').next()?.strip_suffix('s')?.parse::<f64>().ok()?;
    let mut tally = Tally::default();
    for part in counts.split(", ") {
        let (count, what) = part.split_once(' ')?;
        let count: u64 = count.parse().ok()?;
        match what {
            "passed" | "xfailed" => tally.passed += count,
            "failed" | "error" | "errors" | "xpassed" => tally.failed += count,
            "skipped" => tally.skipped += count,
            "warning" | "warnings" | "deselected" | "rerun" => {}
            _ => return None,
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(well: bool, text: &str) -> Tally {
        let mut run = Pytest::default();
        text.lines().for_each(|line| run.line(line));
        run.finish(well)
    }

    #[test]
    fn the_summary_is_counted_with_errors_as_failures() {
        let text = "....F\n= 3 failed, 100 passed, 2 skipped, 1 warning, 2 errors in 75.00s (0:01:15) =\n";
        assert_eq!(
            read(false, text),
            Tally {
                passed: 100,
                failed: 5,
                skipped: 2
            }
        );
    }

    #[test]
    fn the_quiet_form_is_counted_too() {
        assert_eq!(
            read(true, "12 passed in 0.10s\n"),
            Tally {
                passed: 12,
                failed: 0,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_crash_counts_as_a_failure() {
        assert_eq!(read(false, "Fatal Python error: Segmentation fault\n").failed, 1);
        assert_eq!(read(false, "no tests ran in 0.01s\n").failed, 1);
    }

    #[test]
    fn a_run_without_a_summary_is_never_a_success() {
        assert_eq!(read(true, "").failed, 1);
    }
}
