//! Runs cargo, and reads what it says: artifacts on one stream, words on the other.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;
use cargo_metadata::Message;

use super::manifest::not_started;
use crate::cli::error::CliError;

/// How a run of cargo ended.
pub(super) struct Ended {
    pub success: bool,
    /// The exit status in words.
    pub status: String,
    /// Everything that was compiled or still fresh, dependencies and build scripts included.
    pub artifacts: Vec<cargo_metadata::Artifact>,
    /// What it wrote to standard error: at most [`KEPT`] bytes, without colour.
    pub words: String,
    /// How long it took.
    pub time: Duration,
}

/// Most bytes of cargo's words that are kept. Errors are near the end, so the last ones are.
const KEPT: usize = 64 * 1024;

/// Runs cargo. Its standard error reaches the user as it is written, progress included.
pub(super) fn run(cargo: &OsStr, arguments: &[OsString], target_directory: &Path) -> Result<Ended> {
    let start = Instant::now();
    let mut command = Command::new(cargo);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A folder for intermediate files that the user has configured is the user's too.
    command.env("CARGO_BUILD_BUILD_DIR", target_directory);
    as_on_a_terminal(&mut command);
    let mut child = command.spawn().map_err(|source| not_started(cargo, source))?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let (read, words) = std::thread::scope(|scope| {
        let words = scope.spawn(|| pass_on(stderr));
        (read_artifacts(BufReader::new(stdout)), words.join().unwrap_or_default())
    });
    // The pipe is closed by now: a cargo whose messages could not be read ends as well.
    let status =
        child.wait().map_err(|source| CliError::new("failed to wait for cargo").with_source(source))?;
    let artifacts =
        read.map_err(|source| CliError::new("failed to read cargo's messages").with_source(source))?;
    Ok(Ended {
        success: status.success(),
        status: status.to_string(),
        artifacts,
        words: plain(&words),
        time: start.elapsed(),
    })
}

/// Has cargo draw its progress through the pipe, if there is a terminal behind it.
///
/// What the user has set for cargo stands.
fn as_on_a_terminal(command: &mut Command) {
    if !io::stderr().is_terminal() {
        return;
    }
    let set = |name: &str| std::env::var_os(name).is_some();
    if !set("CARGO_TERM_COLOR") && !set("NO_COLOR") {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let size = terminal_size::terminal_size_of(io::stderr());
    if let Some((width, _)) = size.filter(|(width, _)| width.0 > 0)
        && !set("CARGO_TERM_PROGRESS_WHEN")
    {
        command.env("CARGO_TERM_PROGRESS_WHEN", "always");
        command.env("CARGO_TERM_PROGRESS_WIDTH", width.0.to_string());
    }
}

/// Copies a stream to standard error as it comes, and returns the end of it.
fn pass_on(mut from: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return kept,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return kept,
        };
        // If that fails nobody is left to tell.
        let _ = io::stderr().write_all(&buffer[..read]);
        kept.extend_from_slice(&buffer[..read]);
        if kept.len() > 2 * KEPT {
            kept.drain(..kept.len() - KEPT);
        }
    }
}

/// Text without what steers terminals: escape sequences, and lines drawn over by others.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            // CSI: parameters, then a letter. Others are one character.
            '\x1b' => {
                if chars.next() == Some('[') {
                    chars.by_ref().find(|c| ('\x40'..='\x7e').contains(c));
                }
            }
            '\r' => out.push('\n'),
            c => out.push(c),
        }
    }
    out
}

/// Keeps the artifacts of a stream of cargo's messages.
pub(super) fn read_artifacts(input: impl io::BufRead) -> io::Result<Vec<cargo_metadata::Artifact>> {
    let mut artifacts = Vec::new();
    for message in Message::parse_stream(input) {
        if let Message::CompilerArtifact(artifact) = message? {
            artifacts.push(artifact);
        }
    }
    Ok(artifacts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain() {
        let drawn = b"\x1b[1m\x1b[92m   Compiling\x1b[0m a v1.0.0\r\x1b[Kerror\x1b[0m: no";
        assert_eq!(plain(drawn), "   Compiling a v1.0.0\nerror: no");
        assert_eq!(plain(b"\x1b[12;3"), "");
    }
}
