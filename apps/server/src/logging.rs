//! Log lines on standard error: what happened to the server, never what was in a request.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;

use crate::config::LogForm;

/// Starts logging for this process; a second call changes nothing.
pub fn start(form: LogForm) {
    let base = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(LevelFilter::INFO)
        .with_target(false);
    let _ = match form {
        LogForm::Human => {
            tracing::subscriber::set_global_default(base.with_ansi(std::io::stderr().is_terminal()).finish())
        }
        LogForm::Json => tracing::subscriber::set_global_default(base.json().flatten_event(true).finish()),
    };
}
