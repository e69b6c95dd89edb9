//! The binaries that tests look at.

#![allow(dead_code, reason = "each test file uses its own part of this one")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use bloat::input::Input;
use bloat::model::Model;

/// The ELF files of `testdata/bin`, in order of name.
pub fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin");
    let entries = std::fs::read_dir(&folder).expect("the fixtures are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| std::fs::read(file).expect("readable").starts_with(b"\x7fELF"));
    files.sort();
    assert!(files.len() >= 30, "only {} fixtures", files.len());
    files
}

/// One file of `testdata/bin`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin").join(name)
}

/// This very program: Rust with all its debug information, as Cargo builds it for tests.
pub fn self_exe() -> PathBuf {
    std::env::current_exe().expect("a test knows its own path")
}

/// A path that no other call gives, ending in `name`: tests run beside each other. Nothing is there.
pub fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let unique = format!("{}-{}-{name}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique);
    if path.is_dir() {
        std::fs::remove_dir_all(&path).expect("a left-over can be removed");
    } else if path.exists() {
        std::fs::remove_file(&path).expect("a left-over can be removed");
    }
    path
}

/// An empty folder that no other call gives.
pub fn folder(name: &str) -> PathBuf {
    let path = scratch(name);
    std::fs::create_dir_all(&path).expect("a folder can be made");
    path
}

/// Analyses a file that must be readable.
#[track_caller]
pub fn analyze(path: &Path) -> Model {
    let input = Input::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bloat::analyze(&input).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Analyses bytes that must be readable.
#[track_caller]
pub fn analyze_bytes(bytes: Vec<u8>) -> Model {
    bloat::analyze(&Input::from_bytes("built in the test", bytes)).expect("it has an ELF header")
}
