//! The bound on what one decision may cost.

use std::cell::Cell;

use crate::limits;

/// How many steps are left of a decision's [`limits::WORK`].
#[derive(Debug)]
pub(crate) struct Work(Cell<u32>);

/// The work is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Work {
    pub(crate) fn full() -> Work {
        Work(Cell::new(limits::WORK))
    }

    /// Takes one step, and one more for each eight bytes. Once used up it stays so, whatever is asked for next.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Exhausted> {
        let cost = u32::try_from(bytes / 8).unwrap_or(u32::MAX).saturating_add(1);
        match self.0.get().checked_sub(cost) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => {
                self.0.set(0);
                Err(Exhausted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_stays_used_up() {
        let work = Work::full();
        assert_eq!(work.spend(usize::MAX), Err(Exhausted));
        assert_eq!(work.spend(0), Err(Exhausted));
        assert_eq!(Work::full().spend(100), Ok(()));
    }
}
