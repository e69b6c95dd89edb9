//! What must hold for any bytes, one function a reader.
//!
//! A target takes bytes and panics if the library breaks a promise: by a panic of its own, by sums
//! that do not hold, by facts that lie outside the file. It knows neither where the bytes come from nor
//! what they should mean. The fuzzer (`fuzz/`) makes them up for hours; `tests/replay.rs` runs what it
//! found, and fixtures cut and changed, under `cargo test`.

#![allow(dead_code, reason = "fuzzer and tests use the same targets in different ways")]

pub mod analysis;
mod companion;
mod readers;
mod snapshot;
pub mod tables;
mod texts;

use std::path::Path;

pub use companion::pair;

/// One promise to be broken.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the fuzz target and of its folder of regressions.
    pub name: &'static str,
    /// Panics if the promise is broken.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident: $run:path,)*) => {
        /// All targets, by name.
        pub const ALL: &[Target] = &[$(Target { name: stringify!($name), run: $run }),*];
    };
}

targets! {
    analysis: analysis::whole,
    archive: readers::archive,
    companion: companion::run,
    diff: analysis::diff,
    dwarf: tables::dwarf,
    elf: readers::elf,
    filter: texts::filter,
    macho: readers::macho,
    names: texts::names,
    pdb: readers::pdb,
    pe: readers::pe,
    project: texts::project,
    snapshot: snapshot::run,
    threads: analysis::threads,
    unwind: tables::unwind,
    wasm: readers::wasm,
}

/// The target of a name.
pub fn named(name: &str) -> Target {
    *ALL.iter().find(|target| target.name == name).expect("a target of this name")
}

/// The folder of the library: this one, or the one around the fuzzer's.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    if own.join("testdata").is_dir() { own } else { own.parent().expect("it is in a folder") }
}
