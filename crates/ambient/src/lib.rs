//! Time, entropy and tasks, handed in: everything that would make two runs differ.
//!
//! The product uses the real kinds; tests use the seeded kinds, with which a seed replays a run exactly.

mod clock;
mod entropy;
pub mod pool;
pub mod task;

pub use clock::{Clock, ManualClock, Monotonic, NoMoment, SystemClock, Timestamp};
pub use entropy::{Entropy, EntropyFailed, SeededEntropy, SystemEntropy};
