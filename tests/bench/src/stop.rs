//! Why a run stopped.

/// Whatever it was, for the person who started the run; no caller does anything about it.
pub(crate) type Stop = Box<dyn std::error::Error + Send + Sync>;
