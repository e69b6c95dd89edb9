//! The terminal UI: journeys of keys, and what is on the screen after them.

#[path = "../elf_builder/mod.rs"]
mod elf_builder;
mod journey;
mod made;
#[path = "../program/mod.rs"]
mod program;
#[path = "../subjects/mod.rs"]
mod subjects;

mod changes;
mod code;
mod details;
mod export;
mod hostile;
mod lists;
mod moving;
mod numbers;
mod screens;
mod search;
mod start;
mod treemap;

/// A Rust program in crates, with symbols and units.
fn demo() -> journey::Journey {
    journey::Journey::file(&subjects::fixture("demo-x86_64-dwarf4"))
}
