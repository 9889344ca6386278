//! Configuration, TLS, HTTP, wiring.
