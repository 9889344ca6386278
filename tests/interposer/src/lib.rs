//! File I/O that tests can fail, delay, tear and power-cut.
//!
//! A library for `LD_PRELOAD`. It stands in for the C library's calls that change files, or that make changes
//! durable. For files below one directory it does what the fault rules say, does the call, and writes it down in an op
//! log with the data. From that log `testkit::disk` rebuilds the directory as a power cut would have left it.
//! Everything else passes through untouched, and so does everything in a process whose environment names no directory.
//!
//! What must hold for a recording to be whole: one process at a time, paths without symbolic links, files changed
//! through the C library (not through raw system calls, `io_uring` or writable mappings). `testkit` compares the
//! directory with what the log explains, so a call that was missed does not go unseen.
#![allow(
    unsafe_code,
    reason = "it stands in for C functions; each block states the fact it rests on"
)]

mod format;
mod hooks;
mod ledger;
mod path;
mod rules;
mod sys;
mod world;
