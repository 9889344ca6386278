//! A whole server on real sockets, with a fake installation behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod client;
mod fake;
mod http;
mod life;
mod tls;
