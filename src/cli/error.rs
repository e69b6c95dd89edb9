//! The error a command ends with: what failed, why, and what to do about it.
//!
//! It only carries text; how it is laid out and which exit code follows is
//! decided where the command line ends.

use std::error::Error;
use std::fmt;

/// A failed command in the user's words.
///
/// Its `Display` is the message alone: the cause is reached through `source`,
/// so a printer that walks the chain says everything once.
#[derive(Debug)]
pub(super) struct CliError {
    message: String,
    hint: Option<String>,
    source: Option<anyhow::Error>,
}

impl CliError {
    /// An error with a message: lower case, no full stop, naming the thing.
    pub(super) fn new(message: impl Into<String>) -> CliError {
        CliError { message: message.into(), hint: None, source: None }
    }

    /// The same with one sentence about what the user can do.
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }

    /// What the user can do, if this says so itself.
    pub(super) fn own_hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The same with the error that caused it.
    pub(super) fn with_source(mut self, source: impl Into<anyhow::Error>) -> CliError {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CliError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.source.as_ref()?.as_ref();
        Some(source)
    }
}

/// The hint to print below an error: that of its outermost [`CliError`] with one.
///
/// Finds a `CliError` that was returned as it is, attached with `anyhow`'s
/// `context`, or given as the source of another.
pub(super) fn hint(error: &anyhow::Error) -> Option<&str> {
    let outer = error.downcast_ref::<CliError>();
    let inner = error.chain().filter_map(|cause| cause.downcast_ref::<CliError>());
    outer.into_iter().chain(inner).find_map(|error| {
        let own = error.hint.as_deref();
        own.or_else(|| error.source.as_ref().and_then(hint))
    })
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    /// Checks the lines of a chain, outermost first, and the hint found in it.
    #[track_caller]
    fn check(error: &anyhow::Error, lines: &[&str], expected: Option<&str>) {
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        assert_eq!(chain, lines);
        assert_eq!(hint(error), expected);
    }

    #[test]
    fn message_cause_and_hint_are_said_once_each() {
        let error =
            CliError::new("failed to read `a`").with_hint("look").with_source(anyhow!("no such file"));
        check(&error.into(), &["failed to read `a`", "no such file"], Some("look"));
    }

    #[test]
    fn hint_is_found_below_a_context() {
        let error = anyhow::Error::from(CliError::new("inner").with_hint("look")).context("outer");
        check(&error, &["outer", "inner"], Some("look"));
    }

    #[test]
    fn hint_is_found_when_attached_as_a_context() {
        let error = Err::<(), _>(anyhow!("cause"))
            .context(CliError::new("outer").with_hint("look"))
            .expect_err("it fails");
        check(&error, &["outer", "cause"], Some("look"));
    }

    #[test]
    fn hint_of_a_source_serves_an_error_without_one() {
        let inner = anyhow!("cause").context(CliError::new("inner").with_hint("look"));
        let error = CliError::new("outer").with_source(inner);
        check(&error.into(), &["outer", "inner", "cause"], Some("look"));
    }

    #[test]
    fn an_error_without_a_hint_has_none() {
        check(&anyhow!("plain"), &["plain"], None);
    }
}
