//! HTTP/1.1 and HTTP/2 on the main port: connections, their bounds, and the way of a request to the engine and back.

mod body;
mod budget;
mod connection;
mod exchange;
mod linger;
mod port;
mod refusal;

pub(crate) use port::{Phase, Port, serve};
