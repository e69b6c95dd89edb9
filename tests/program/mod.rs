//! The program under test and what it writes.

#![allow(dead_code, reason = "each test file uses its own part of this one")]

use std::process::{Command, Output, Stdio};

/// The program under test, away from whatever the environment says about looks.
pub fn bloat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bloat"));
    command.stdin(Stdio::null());
    for name in ["NO_COLOR", "COLUMNS", "TERM", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

/// What a command that must succeed writes.
#[track_caller]
pub fn stdout(command: &mut Command) -> String {
    let output = run(command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}
