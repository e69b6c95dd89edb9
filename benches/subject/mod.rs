//! The file that is measured.

use std::path::PathBuf;

use bloat::input::Input;

/// The file that `BLOAT_BENCH_FILE` names, or this program itself.
pub fn subject() -> Input {
    let named = std::env::var_os("BLOAT_BENCH_FILE").map(PathBuf::from);
    let path = named.unwrap_or_else(|| std::env::current_exe().expect("a program knows its path"));
    Input::open(&path).expect("the subject is readable")
}
