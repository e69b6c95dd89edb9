//! Shares that were reached and may not fall.

use bloat::model::Model;

use crate::score::{Notion, compare, coverage};
use crate::truth::Placed;

use Notion::{DefinedIn, InstantiatedBy, Owner};

/// Least shares of a configuration, in percent.
struct Recorded {
    /// How the names of subjects end.
    configuration: &'static str,
    /// By notion and output section.
    shares: &'static [(Notion, &'static str, f64)],
    /// Of the whole file: with a crate, and with a crate or a named bucket.
    file: (f64, f64),
}

/// With debug information, line tables included.
const WITH_UNITS: &[(Notion, &str, f64)] = &[
    (InstantiatedBy, ".text", 99.99),
    (InstantiatedBy, ".rodata", 99.9),
    (InstantiatedBy, ".data.rel.ro", 99.9),
    (InstantiatedBy, ".eh_frame", 99.9),
    (InstantiatedBy, ".gcc_except_table", 99.9),
    (DefinedIn, ".text", 99.8),
    (Owner, ".text", 99.8),
];

/// Without, linked by LLD.
const WITHOUT: &[(Notion, &str, f64)] = &[
    (InstantiatedBy, ".text", 99.9),
    (InstantiatedBy, ".rodata", 99.9),
    (InstantiatedBy, ".data.rel.ro", 99.9),
    (InstantiatedBy, ".eh_frame", 99.8),
    (InstantiatedBy, ".gcc_except_table", 99.9),
    (DefinedIn, ".text", 99.8),
    (Owner, ".text", 99.8),
];

/// Of the small program, in which a single start file weighs.
const SMALL: &[(Notion, &str, f64)] = &[
    (InstantiatedBy, ".text", 99.9),
    (InstantiatedBy, ".rodata", 99.5),
    (InstantiatedBy, ".data.rel.ro", 99.0),
    (InstantiatedBy, ".eh_frame", 99.5),
    (InstantiatedBy, ".gcc_except_table", 99.0),
];

/// The same linked by GNU ld, which lists hidden symbols apart from their files.
const SMALL_GNU: &[(Notion, &str, f64)] = &[
    (InstantiatedBy, ".text", 98.0),
    (InstantiatedBy, ".rodata", 95.0),
    (InstantiatedBy, ".data.rel.ro", 95.0),
    (InstantiatedBy, ".eh_frame", 95.0),
    (InstantiatedBy, ".gcc_except_table", 95.0),
];

/// What the name of a subject ends with that is analysed with the list of its packages.
pub const WITH_PACKAGES: &str = " with its packages";

/// Without debug information nothing names the package of Oniguruma's C, a sixth of `bat`: its
/// bindings have no Rust in the program. A list of packages has it.
const BAT: &[(Notion, &str, f64)] = &[(InstantiatedBy, ".text", 94.0), (InstantiatedBy, ".rodata", 83.0)];

/// Whether a list of packages tells more of where code comes from than the file: of C whose
/// package nothing in it names.
pub fn is_better_with_packages(name: &str) -> bool {
    let has_units = name.ends_with("-debug") || name.ends_with("-lines");
    let is_merged = name.contains("-lto-") && !name.starts_with("ripgrep-");
    name.starts_with("bat-") && !has_units && !name.ends_with(".bare") || is_merged
}

/// The first whose configuration fits is meant.
const RECORDED: &[Recorded] = &[
    Recorded { configuration: "small-plain", shares: SMALL, file: (95.0, 99.9) },
    Recorded { configuration: "small-lines", shares: SMALL, file: (99.0, 99.9) },
    Recorded { configuration: "small-debug", shares: SMALL, file: (99.0, 99.9) },
    Recorded { configuration: "small-gnu-ld", shares: SMALL_GNU, file: (95.0, 99.9) },
    Recorded { configuration: "bat-plain", shares: BAT, file: (98.0, 99.9) },
    Recorded { configuration: "bat-v0", shares: BAT, file: (98.0, 99.9) },
    Recorded { configuration: "bat-debug.stripped", shares: BAT, file: (97.5, 99.9) },
    Recorded { configuration: "bat-gnu-ld", shares: BAT, file: (98.0, 99.9) },
    Recorded { configuration: "-debug", shares: WITH_UNITS, file: (99.5, 99.9) },
    Recorded { configuration: "-lines", shares: WITH_UNITS, file: (99.3, 99.9) },
    Recorded { configuration: "-beside", shares: WITHOUT, file: (98.0, 99.9) },
    Recorded { configuration: "-plain", shares: WITHOUT, file: (98.0, 99.9) },
    Recorded { configuration: "-v0", shares: WITHOUT, file: (98.0, 99.9) },
    Recorded { configuration: "-debug.stripped", shares: WITHOUT, file: (97.5, 99.9) },
    Recorded {
        configuration: "-gnu-ld",
        shares: &[
            (InstantiatedBy, ".text", 99.0),
            (InstantiatedBy, ".rodata", 98.8),
            (InstantiatedBy, ".data.rel.ro", 99.0),
            (InstantiatedBy, ".eh_frame", 99.0),
            (InstantiatedBy, ".gcc_except_table", 99.0),
        ],
        file: (98.0, 99.9),
    },
    // Neither debug information nor file symbols.
    Recorded { configuration: "-debug.bare", shares: &[(DefinedIn, ".text", 99.5)], file: (0.0, 0.0) },
    Recorded {
        configuration: "-lto-v0.stripped",
        shares: &[(DefinedIn, ".text", 99.7), (Owner, ".text", 99.2)],
        file: (0.0, 99.9),
    },
    Recorded {
        configuration: "-lto-legacy.stripped",
        shares: &[(DefinedIn, ".text", 99.5)],
        file: (0.0, 99.8),
    },
];

/// What is held against one subject.
pub struct Least {
    recorded: &'static Recorded,
    /// What fell below.
    pub below: Vec<String>,
}

impl Least {
    /// For a subject called `PROGRAM-CONFIGURATION`.
    pub fn of(name: &str) -> Least {
        let (name, of_program) = match name.strip_suffix(WITH_PACKAGES) {
            Some(name) => (name, false),
            None => (name, true),
        };
        let fits = |r: &&Recorded| {
            name.ends_with(r.configuration) && (of_program || r.configuration.starts_with('-'))
        };
        let recorded = RECORDED.iter().find(fits);
        let recorded = recorded.unwrap_or_else(|| panic!("no shares are recorded for `{name}`"));
        Least { recorded, below: Vec::new() }
    }

    /// Compares and prints the answers to one notion.
    pub fn check(&mut self, model: &Model, notion: Notion, truth: &[Placed]) {
        let scores = compare(model, notion, truth);
        scores.print(notion);
        for &(_, section, least) in self.recorded.shares.iter().filter(|(n, ..)| *n == notion) {
            let score = scores.of(section);
            if score.known == 0 {
                self.below.push(format!("{} {section}: nothing is known", notion.as_str()));
            } else if score.share() < least {
                let share = score.share();
                self.below.push(format!("{} {section}: {share:.3}%, recorded {least}%", notion.as_str()));
            }
        }
    }

    /// Prints how much of the file has an owner.
    pub fn check_coverage(&mut self, model: &Model) {
        let share = coverage(model);
        println!(
            " of the file: {:.3}% has a crate, {:.3}% a crate or a named bucket",
            share.crates, share.named
        );
        let (crates, named) = self.recorded.file;
        if share.crates < crates || share.named < named {
            self.below.push(format!("of the file: {share:?}, recorded {crates}% and {named}%"));
        }
    }
}
