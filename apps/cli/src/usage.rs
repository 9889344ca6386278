//! A usage error in one line.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What is wrong with the command line, and what to do.
pub(crate) fn line(error: &clap::Error) -> String {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = said(ContextKind::InvalidArg).unwrap_or_default();
    // clap names an option together with its value: `--listen <HOST:PORT>`.
    let option = argument.split(' ').next().unwrap_or_default();
    let value = said(ContextKind::InvalidValue).unwrap_or_default();
    let look = "see `keystead --help` and `keystead COMMAND --help`";
    match error.kind() {
        ErrorKind::UnknownArgument => match said(ContextKind::SuggestedArg) {
            Some(known) => format!("unknown option {option}: did you mean {known}?"),
            None => format!("unknown option {option}: {look}"),
        },
        ErrorKind::InvalidSubcommand => {
            let command = said(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("unknown command {command}: {look}")
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("no command is given: {look}")
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{option} needs a value: {look}"),
        ErrorKind::ValueValidation => match error.source() {
            Some(takes) => format!("{option} does not take {value:?}: {takes}"),
            None => format!("{option} does not take {value:?}: {look}"),
        },
        ErrorKind::ArgumentConflict => format!("{option} is given twice: give it once"),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            format!("{}: {look}", first.trim_start_matches("error: "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn refused(arguments: &[&str]) -> String {
        let all = std::iter::once(&"keystead").chain(arguments);
        let error = crate::Arguments::try_parse_from(all).unwrap_err();
        assert!(error.use_stderr());
        line(&error)
    }

    #[test]
    fn a_usage_error_says_in_one_line_what_is_wrong_and_what_to_do() {
        let look = "see `keystead --help` and `keystead COMMAND --help`";
        for (arguments, said) in [
            (
                &["server", "--frobnicate"][..],
                format!("unknown option --frobnicate: {look}"),
            ),
            (
                &["server", "--listne", "x"],
                "unknown option --listne: did you mean --listen?".to_owned(),
            ),
            (&["serve"], format!("unknown command serve: {look}")),
            (&[], format!("no command is given: {look}")),
            (&["server", "--tls"], format!("--tls needs a value: {look}")),
            (
                &["server", "--tls", "on"],
                "--tls does not take \"on\": give auto, off, or two PEM files as CERT,KEY".to_owned(),
            ),
            (
                &["server", "--account-id", "12"],
                "--account-id does not take \"12\": an account id has 12 digits".to_owned(),
            ),
            (
                &["server", "--log", "json", "--log", "human"],
                "--log is given twice: give it once".to_owned(),
            ),
            (&["env", "stray"], format!("unknown option stray: {look}")),
        ] {
            assert_eq!(refused(arguments), said);
        }
    }
}
