//! How long a program runs.

use crate::order::Arrange;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Times of several runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Runs {
    /// Each in microseconds, the shortest first.
    pub microseconds: Vec<u64>,
}

impl Runs {
    /// The one in the middle; of two, the mean.
    pub fn median(&self) -> u64 {
        let half = self.microseconds.len() / 2;
        let at = |index: usize| self.microseconds.get(index).copied().unwrap_or(0);
        if self.microseconds.len() % 2 == 1 { at(half) } else { at(half.wrapping_sub(1)).midpoint(at(half)) }
    }
}

/// Runs a command of the shell, once without a clock and then `runs` times.
///
/// Every `{}` in it stands for the artifact. What it writes goes nowhere.
///
/// *Errors*: why it cannot be run, in a line.
pub(in crate::cli) fn repeat(command: &str, artifact: &Path, runs: u32) -> Result<Runs, String> {
    let once = || {
        let mut shell = shell(command, artifact);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = shell.status().map_err(|error| format!("failed to run the shell: {error}"))?;
        let time = start.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
        if status.success() { Ok(time) } else { Err(format!("the command ended with {status}")) }
    };
    once()?;
    let mut microseconds = (0..runs).map(|_| once()).collect::<Result<Vec<u64>, String>>()?;
    microseconds.arrange();
    Ok(Runs { microseconds })
}

/// The command with the artifact as a parameter of the shell, so that no name needs quotes.
#[cfg(not(windows))]
fn shell(command: &str, artifact: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &command.replace("{}", "\"$1\""), "sh"]).arg(OsString::from(artifact));
    shell
}

/// The command with the artifact in quotes, which no file name of this system can hold.
#[cfg(windows)]
fn shell(command: &str, artifact: &Path) -> Command {
    use std::os::windows::process::CommandExt;
    let mut quoted = OsString::from("\"");
    quoted.push(artifact);
    quoted.push("\"");
    let mut shell = Command::new("cmd");
    shell.raw_arg("/C").raw_arg(command.replace("{}", &quoted.to_string_lossy()));
    shell
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let median = |times: &[u64]| Runs { microseconds: times.to_vec() }.median();
        assert_eq!([median(&[5]), median(&[1, 9]), median(&[1, 2, 9]), median(&[])], [5, 5, 2, 0]);
    }

    #[test]
    fn commands_run_with_the_artifact_in_its_place() {
        let echo = Path::new("/bin/sh");
        assert_eq!(repeat("test -x {} && {} -c true", echo, 3).unwrap().microseconds.len(), 3);
        assert!(repeat("{} -c 'exit 3'", echo, 1).unwrap_err().contains("exit status: 3"));
        let runs = repeat("sleep 0.01", echo, 2).unwrap();
        assert!(runs.median() >= 10_000);
    }

    #[test]
    fn names_of_artifacts_need_no_quotes() {
        let path = Path::new("/tmp/no such; exit 0 #");
        assert!(repeat("test -e {}", path, 1).is_err());
        assert!(repeat("test ! -e {}", path, 1).is_ok());
    }
}
