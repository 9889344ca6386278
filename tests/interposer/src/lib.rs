//! File I/O that tests can fail, delay, tear and power-cut.
