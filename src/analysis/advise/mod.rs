//! What would make a binary smaller, and by how much.
//!
//! Each rule looks at the sums of a model and at how it was built, and says what it found,
//! on what bytes, what to change, what that saves and what it costs. Rules know no format of
//! files, no command line and nothing of each other: `rules/` holds one idea a file.

mod rules;
mod settings;
mod sums;
mod together;

pub use settings::{Lto, OptLevel, Panic, Settings, Strip};
pub use sums::Sums;
pub use together::{Together, together};

use crate::model::{Duplicates, Model};
use crate::order::Arrange;

/// What a binary is for: what is worth its price differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// A service: speed and diagnosis count more than bytes.
    Server,
    /// A program that people download.
    Cli,
    /// A function that is unpacked and started on demand.
    Lambda,
    /// A module that browsers load.
    Wasm,
    /// Firmware: flash and RAM are what there is.
    Embedded,
}

impl Goal {
    /// Every goal, in the order help texts list them.
    pub const ALL: [Goal; 5] = [Goal::Server, Goal::Cli, Goal::Lambda, Goal::Wasm, Goal::Embedded];

    /// The word used on the command line and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Goal::Server => "server",
            Goal::Cli => "cli",
            Goal::Lambda => "lambda",
            Goal::Wasm => "wasm",
            Goal::Embedded => "embedded",
        }
    }
}

/// What a saving is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// Bytes of the file as it is.
    File,
    /// Bytes of the file once it is stripped: what ships.
    Shipped,
}

/// On what a saving stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The layout of the file: nothing is unknown but how a tool rounds.
    Layout,
    /// The bytes that would go, as far as they can be told from others.
    Bytes,
    /// Shares of the code that were measured on other programs.
    Experience,
}

impl Basis {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Layout => "layout",
            Basis::Bytes => "bytes",
            Basis::Experience => "experience",
        }
    }
}

/// How many bytes a change saves: an estimate and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saving {
    /// Bytes that it saves at least.
    pub low: u64,
    /// Bytes that it most likely saves.
    pub likely: u64,
    /// Bytes that it saves at most.
    pub high: u64,
    /// Of which size.
    pub base: Base,
    /// On what the numbers stand.
    pub basis: Basis,
}

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Keys and values, as TOML, of the profile in `Cargo.toml`.
    Profile(Vec<(&'static str, &'static str)>),
    /// Lines of `Cargo.toml`.
    Manifest(String),
    /// Flags for rustc.
    Rustflags(Vec<&'static str>),
    /// A tool and its arguments, among them `IN` and `OUT`.
    Tool(&'static [&'static str]),
    /// A command.
    Command(String),
    /// What only a nightly compiler can do: words for its command line.
    Nightly(String),
    /// Nothing mechanical: where to look.
    Look(String),
}

impl Change {
    /// Whether building again with it can be left to a program.
    pub fn is_mechanical(&self) -> bool {
        matches!(self, Change::Profile(_) | Change::Rustflags(_))
    }
}

/// Bytes on which a finding stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What they are.
    pub what: String,
    /// How many, in the file.
    pub bytes: u64,
}

/// One thing that would make the binary smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Stable name of the rule: `panic-abort`.
    pub rule: &'static str,
    /// What to do, in a few words.
    pub title: String,
    /// What was found, in a sentence.
    pub finding: String,
    /// The bytes it stands on.
    pub proof: Vec<Proof>,
    /// What it saves; `None` if that cannot be said.
    pub saving: Option<Saving>,
    /// What to change.
    pub change: Change,
    /// What it costs or risks.
    pub cost: &'static str,
    /// Goals for which it is rarely worth that.
    pub unfit: &'static [Goal],
}

/// A dependency as its package states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Name of the crate, as in the model.
    pub krate: String,
    /// Name of the package.
    pub package: String,
    /// Version of the package.
    pub version: String,
    /// Its default features, as far as they switch anything on.
    pub default_features: Vec<String>,
}

/// The names of all rules, in order.
pub const RULES: [&str; 27] = rules::NAMES;

/// What is known besides the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Situation {
    /// How it was built, where somebody has said.
    pub told: Settings,
    /// What it is for.
    pub goal: Option<Goal>,
    /// Whether a library for Rust is made with it, which keeps cargo from optimising it when linking.
    pub is_rust_library_too: bool,
    /// Whether the standard library was compiled for it, as `-Zbuild-std` does.
    pub is_std_compiled: bool,
    /// Dependencies of the workspace's own packages that have their default features on.
    pub dependencies: Vec<Dependency>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advices {
    /// How it was built, as far as anybody has said or the file shows.
    pub settings: Settings,
    /// What would make it smaller: the most likely bytes first, then what has no number.
    pub list: Vec<Advice>,
}

/// Says what would make `model` smaller; `duplicates` are what it holds more than once, if that is known.
///
/// *Cost*: a few passes over the leaves and a few parses of every symbol's name.
pub fn advise(model: &Model, duplicates: Option<&Duplicates>, situation: &Situation) -> Advices {
    let sums = Sums::of(model);
    let seen = Settings::seen_in(model);
    // A file cannot lie about what a panic does in it; its manifest can be another's.
    let settings = Settings { panic: seen.panic.or(situation.told.panic), ..situation.told.or(&seen) };
    let context = rules::Context { model, sums: &sums, settings: &settings, situation, duplicates };
    let mut list: Vec<Advice> = rules::ALL.iter().flat_map(|rule| rule(&context)).collect();
    for advice in &mut list {
        advice.proof.retain(|p| p.bytes > 0);
    }
    if let Some(goal) = situation.goal {
        list.retain(|advice| !advice.unfit.contains(&goal));
    }
    // Stable: what saves the same stays in the order of the rules.
    list.arrange_by_key(|advice| std::cmp::Reverse(advice.saving.map(|s| (s.likely, s.high))));
    Advices { settings, list }
}
