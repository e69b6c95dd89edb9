//! The command line: the only place that knows standard streams, the environment
//! and exit codes.

mod advise;
mod args;
mod build;
mod cargo;
mod check;
mod commands;
mod diff;
mod duplicates;
mod error;
mod explain;
mod features;
mod generics;
mod listing;
mod man;
mod measure;
mod output;
mod packages;
mod partial;
mod profiles;
mod save;
mod subject;
mod texts;
mod threads;
mod tree;
#[cfg(feature = "tui")]
mod tui;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};

use self::args::Cli;
use self::error::CliError;
use self::output::say;
use crate::analysis::nearest::nearest;
use crate::render::for_terminal;

/// How a command ended that gave its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing more to say.
    Done,
    /// A limit that the user set was exceeded.
    LimitExceeded,
}

/// A limit was exceeded.
const EXIT_LIMIT: u8 = 1;
/// No answer could be given.
const EXIT_NO_ANSWER: u8 = 2;

/// Runs the command line and says how it went.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let error = unexpected_argument(&error).unwrap_or(error);
            // Help and version are answers, all else is a usage error.
            let failed = error.use_stderr();
            return match said(&error) {
                // Nobody is left to tell if an error cannot be said.
                _ if failed => ExitCode::from(EXIT_NO_ANSWER),
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    report(&CliError::new("failed to write standard output").with_source(error).into());
                    ExitCode::from(EXIT_NO_ANSWER)
                }
                _ => ExitCode::SUCCESS,
            };
        }
    };
    match commands::run(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::LimitExceeded) => ExitCode::from(EXIT_LIMIT),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(EXIT_NO_ANSWER)
        }
    }
}

/// Prints what there is to say of arguments. Colours are left out where arguments that it quotes are not to be printed
/// as they are.
fn said(error: &clap::Error) -> io::Result<()> {
    let text = error.render().to_string();
    if text.lines().all(|line| for_terminal(line) == line) {
        return error.print();
    }
    text.lines().for_each(|line| say(format_args!("{}", for_terminal(line))));
    Ok(())
}

/// What to do about debug information that does not fit.
const OTHER_BUILD: &str = "debug information must be of the very build that made the binary";

/// A clearer error for an argument behind FILE, which clap takes for a subcommand whatever it is.
fn unexpected_argument(error: &clap::Error) -> Option<clap::Error> {
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::ArgumentConflict => word,
        _ => return None,
    };
    let mut command = Cli::command();
    if command.find_subcommand(word).is_some() {
        return None;
    }
    // A path need not be text.
    let first = std::env::args_os().nth(1).unwrap_or_default();
    let text = first.to_string_lossy();
    if let Some(meant) = meant(&command, &text).filter(|_| !Path::new(&first).exists()) {
        let message = format!("there is no command '{}': is '{meant}' meant?", for_terminal(&text));
        return Some(command.error(ErrorKind::InvalidSubcommand, message));
    }
    let message = format!("unexpected argument '{}' found", for_terminal(word));
    Some(command.error(ErrorKind::UnknownArgument, message))
}

/// The command that a misspelt one was meant to be.
fn meant(command: &Command, word: &str) -> Option<String> {
    nearest(word, command.get_subcommands().map(Command::get_name)).map(str::to_string)
}

/// Whether the reader of our output went away, which is its good right.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn report(error: &anyhow::Error) {
    say(format_args!("error: {}", for_terminal(&error.to_string())));
    for cause in error.chain().skip(1) {
        // What other programs say may have several lines.
        for (index, line) in cause.to_string().trim().lines().enumerate() {
            let head = if index == 0 { "  caused by: " } else { "    " };
            say(format_args!("{head}{}", for_terminal(line)));
        }
    }
    if let Some(hint) = error::hint(error) {
        say(format_args!("hint: {}", for_terminal(hint)));
    }
}

/// An error of the library, with what a user can do about it.
fn explain(error: crate::error::Error) -> anyhow::Error {
    use crate::error::Error;
    let message = error.to_string();
    match error {
        Error::Open { ref path, ref source } => {
            let hint = match source.kind() {
                io::ErrorKind::NotFound => Some(not_found_hint(path)),
                io::ErrorKind::IsADirectory => Some(
                    "pass a file inside it, or run `bloat` without arguments in a Cargo package to build and show it"
                        .to_string(),
                ),
                io::ErrorKind::PermissionDenied => Some("check the permissions of the file".to_string()),
                _ => None,
            };
            with_hint(CliError::new(message), hint).with_source(error_source(error)).into()
        }
        Error::Snapshot { .. } => CliError::new(message)
            .with_hint("make it again with `bloat save` from the binary")
            .with_source(error_source(error))
            .into(),
        Error::UnknownFormat { ref found, .. } => CliError::new(format!("{message}: {found}"))
            .with_hint(
                "bloat reads ELF, Mach-O, PE and WebAssembly files, and archives; \
                 debug information apart is for --debug-file",
            )
            .into(),
        Error::Unrelated { .. } => CliError::new(message).with_hint(OTHER_BUILD).into(),
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
        Error::Malformed { source, .. } | Error::Snapshot { source, .. } => anyhow::anyhow!(source),
        other => other.into(),
    }
}

/// What to do about a path that does not exist; a single word may have been meant as a command.
fn not_found_hint(path: &Path) -> String {
    let mut hint =
        "pass the path of a binary, or run `bloat` without arguments in a Cargo package".to_string();
    let is_word = |c: char| !std::path::is_separator(c) && c != '.';
    let text = path.to_string_lossy();
    if let Some(meant) = meant(&Cli::command(), &text) {
        hint = format!("is the command `bloat {meant}` meant? Else {hint}");
    } else if text.chars().all(is_word) {
        hint.push_str("; `bloat --help` lists the commands");
    }
    hint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_missing_word_may_be_a_command() {
        let hint = |path: &str| not_found_hint(std::path::Path::new(path));
        assert!(hint("shwo").contains("`bloat --help`"));
        assert!(!hint("target/app").contains("--help") && !hint("app.so").contains("--help"));
    }

    #[test]
    fn an_argument_too_many_is_called_one() {
        let parse = |words: &[&str]| {
            let error = Cli::try_parse_from(words).unwrap_err();
            unexpected_argument(&error).unwrap_or(error).to_string()
        };
        assert!(parse(&["bloat", "app", "b"]).starts_with("error: unexpected argument 'b' found\n"));
        assert!(parse(&["bloat", "app", "show"]).contains("'show' cannot be used with '[FILE]'"));
        assert!(parse(&["bloat", "app", "--nope"]).contains("'--nope'"));
    }

    #[test]
    fn numbers_of_threads_are_limited() {
        let parse = |n: &str| Cli::try_parse_from(["bloat", "app", "--threads", n]);
        assert!(parse("0").is_ok() && parse("256").is_ok());
        assert!(parse("257").is_err() && parse("-1").is_err());
    }
}
