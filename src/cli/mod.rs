//! The command line: the only place that knows standard streams, the environment
//! and exit codes.

#![expect(clippy::print_stderr, reason = "this is where messages to people are printed")]

mod args;
mod build;
mod commands;
mod error;
mod explain;
mod output;
mod packages;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use self::args::Cli;
use self::error::CliError;
use crate::render::for_terminal;

/// No answer could be given.
const EXIT_NO_ANSWER: u8 = 2;

/// Runs the command line and says how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, all else is a usage error.
            let failed = error.use_stderr();
            // Nobody is left to tell if this fails.
            let _ = error.print();
            return ExitCode::from(if failed { EXIT_NO_ANSWER } else { 0 });
        }
    };
    match commands::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(EXIT_NO_ANSWER)
        }
    }
}

/// Whether the reader of our output went away, which is its good right.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn report(error: &anyhow::Error) {
    eprintln!("error: {}", for_terminal(&error.to_string()));
    for cause in error.chain().skip(1) {
        // What other programs say may have several lines.
        for (index, line) in cause.to_string().trim().lines().enumerate() {
            let head = if index == 0 { "  caused by: " } else { "    " };
            eprintln!("{head}{}", for_terminal(line));
        }
    }
    if let Some(hint) = error::hint(error) {
        eprintln!("hint: {}", for_terminal(hint));
    }
}

/// An error of the library, with what a user can do about it.
fn explain(error: crate::error::Error) -> anyhow::Error {
    use crate::error::Error;
    let message = error.to_string();
    match error {
        Error::Open { ref path, ref source } => {
            let hint = match source.kind() {
                io::ErrorKind::NotFound => not_found_hint(path),
                io::ErrorKind::IsADirectory => Some(
                    "pass a file inside it, or run `bloat` without arguments in a Cargo package to build and show it"
                        .to_string(),
                ),
                io::ErrorKind::PermissionDenied => Some("check the permissions of the file".to_string()),
                _ => None,
            };
            with_hint(CliError::new(message), hint).with_source(error_source(error)).into()
        }
        Error::UnknownFormat { ref found, .. } => CliError::new(format!("{message}: {found}"))
            .with_hint("bloat reads ELF executables, shared objects and object files")
            .into(),
        _ => CliError::new(message)
            .with_hint("the file may be cut off, or still being written")
            .with_source(error_source(error))
            .into(),
    }
}

fn with_hint(error: CliError, hint: Option<String>) -> CliError {
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// What lies behind an error whose own message was said already.
fn error_source(error: crate::error::Error) -> anyhow::Error {
    use crate::error::Error;
    match error {
        Error::Open { source, .. } => source.into(),
        Error::Malformed { source, .. } => anyhow::anyhow!(source),
        other => other.into(),
    }
}

/// A path that does not exist may be a misspelt command.
fn not_found_hint(path: &std::path::Path) -> Option<String> {
    let word = path.to_string_lossy();
    let commands = ["show", "ledger", "explain", "completions", "help"];
    let close = commands.iter().find(|c| strsim_close(c, &word));
    Some(match close {
        Some(command) => format!("there is a command `bloat {command}`; see `bloat --help`"),
        None => "pass the path of a binary, or run `bloat` without arguments in a Cargo package".to_string(),
    })
}

/// Whether two words differ by swapped, missing or extra letters only in a few places.
fn strsim_close(a: &str, b: &str) -> bool {
    let sorted = |s: &str| {
        let mut letters: Vec<char> = s.chars().collect();
        letters.sort_unstable();
        letters
    };
    let (x, y) = (sorted(a), sorted(b));
    let missing = |from: &[char], of: &[char]| from.iter().filter(|c| !of.contains(c)).count();
    x.len().abs_diff(y.len()) <= 1
        && missing(&x, &y) + missing(&y, &x) <= 1
        && a.chars().next() == b.chars().next()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn misspelt_commands_are_recognised() {
        assert!(strsim_close("show", "shwo") && strsim_close("ledger", "leger"));
        assert!(!strsim_close("show", "target") && !strsim_close("show", "snow/app"));
    }
}
