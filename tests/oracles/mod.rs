//! What other tools say of a file.
//!
//! A tool that is missing skips its comparison visibly, unless `BLOAT_REQUIRE_ORACLES=1`.

#![expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]

use std::path::Path;
use std::process::Command;

/// What a tool prints, or nothing if it is not installed.
pub fn oracle(tool: &str, options: &[&str], file: &Path) -> Option<String> {
    match Command::new(tool).args(options).arg(file).env("LC_ALL", "C").output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) if std::env::var_os("BLOAT_REQUIRE_ORACLES").is_some_and(|v| v == "1") => {
            panic!("`{tool}` is required and does not run: {error}")
        }
        Err(error) => {
            eprintln!("SKIPPED: `{tool}` does not run ({error}); {} is not compared", file.display());
            None
        }
    }
}
