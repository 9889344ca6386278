//! What tests share: a disk that loses power, faults on demand, and the real server as a child process.
//!
//! A crash test starts a [`Recording`] of a directory, runs a program that works in it, notes
//! [`Recording::sequence`] at each thing the program says is done, and then reads the [`Log`]: for each sequence number
//! it can have the directory as a power cut at that moment would have left it, and look whether all that was said to
//! be done by then is there.

pub mod artifact;
mod dice;
pub mod disk;
mod faults;
#[path = "../../interposer/src/format.rs"]
mod format;
mod recording;
pub mod server;

pub use dice::Dice;
pub use disk::{Log, Loss, Replay, Step, Tree};
pub use faults::{Fault, Injected};
pub use format::Operation;
pub use recording::Recording;
