//! Where log lines go and how they look.

use std::error::Error;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogSettings};

/// What is logged when `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info";

/// Starts logging: JSON lines to standard output on Lambda, else text to standard error.
///
/// Later calls in the same process change nothing.
pub fn init() {
    let LogSettings { format, filter } = LogSettings::from_env();
    let wanted = filter.as_deref().unwrap_or(DEFAULT_FILTER);
    let parsed = EnvFilter::try_new(wanted);
    let unreadable = parsed.is_err();
    let filter = parsed.unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    // An error means that logging has been started already, which is what was wanted.
    let _ = match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            lines.with_writer(std::io::stdout).try_init()
        }
        // Standard output belongs to what a command line answers.
        LogFormat::Human => lines.with_writer(std::io::stderr).with_target(false).try_init(),
    };
    if unreadable {
        tracing::warn!("RUST_LOG is not a log filter, using {DEFAULT_FILTER}");
    }
    std::panic::set_hook(Box::new(log_panic));
}

/// A panic as one line like any other: where it was, never its message, which may hold values.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    tracing::error!(at = panic.location().map(tracing::field::display), "panicked");
}

/// An error with all that caused it, in one line: how the functions log a failure at their edge.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their cause in their own words.
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{says}")]
    struct Says {
        says: &'static str,
        source: Option<Box<Says>>,
    }

    #[test]
    fn a_failure_is_one_line_with_every_cause_once() {
        let of = |says, source: Option<Says>| Says { says, source: source.map(Box::new) };
        let cause = of("a table: timed out", Some(of("timed out", None)));
        let error = of("the configuration cannot be read", Some(cause));
        assert_eq!(chain(&error), "the configuration cannot be read: a table: timed out");
        assert_eq!(chain(&of("timed out", None)), "timed out");
    }
}
