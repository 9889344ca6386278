//! What every backend has to do, as tests that any of them runs.
