//! What can be typed. No behaviour.

mod cargo;
mod generics;
pub(super) mod tree;

use std::path::PathBuf;

use super::duplicates::DuplicatesArgs;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

pub(super) use self::cargo::{CargoArgs, FeaturesArgs, ProfilesArgs};
pub(super) use generics::{GenericsArgs, GenericsSortArg, GroupingArg};

/// Shows what is in a binary, who put it there, and what would ship.
///
/// Gives every byte of a binary to exactly one owner: crates with their
/// versions, symbols, sections, kinds. Without FILE, builds the Cargo package
/// of the current directory for release and shows the result.
#[derive(Debug, Parser)]
#[command(
    name = "bloat",
    version = env!("CARGO_PKG_VERSION"),
    long_version = concat!(env!("BLOAT_VERSION"), "\nfeatures: ", env!("BLOAT_FEATURES")),
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true,
    after_help = "Examples:\n  bloat                                  build this package and show what ships\n  bloat target/release/app               what is in a file\n  bloat app --by crate,symbol -n 5       the largest symbols of each crate\n  bloat app --filter 'kind=code and crate!=std' --by module\n\nExit status: 0 done, 2 no answer."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub show: ShowArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show a binary: the overview, or any breakdown with --by
    #[command(
        after_help = "Examples:\n  bloat show app                                 the overview\n  bloat show app --by section,kind               sections, and what their bytes are for\n  bloat show app --by crate --filter 'kind=code,rodata' --format csv\n  bloat show app --by instantiated-by,generic    who made copies of which generics\n  bloat show app --by inlined --sort total       what functions come to wherever they were inlined\n  bloat show app --format speedscope -o app.json a flame graph of the code for speedscope.app"
    )]
    Show(ShowArgs),
    /// Build this package with symbols kept, and show what ships
    #[command(
        after_help = "Examples:\n  bloat build                                     the release profile of this package\n  bloat build --bin app --features tls            one program, with a feature\n  bloat build -p plugin --lib --profile dist      a library, by another profile\n  bloat build --by crate --format json -- --offline --jobs 2\n  bloat build --clean                             remove what such builds have left\n\nBuilds in your cache folder: the project's manifest, Cargo.lock and target directory stay as they are."
    )]
    Build(BuildArgs),
    /// Build this package under many profiles, and compare sizes and times
    #[command(
        after_help = "Examples:\n  bloat profiles                                  the usual profiles against the project's own\n  bloat profiles --only fat-lto,min-size --run '{} --version'\n  bloat profiles --axis lto --axis opt-level=2,s,z --cross\n  bloat profiles --cell 'tiny:opt-level=z,lto=fat,panic=abort'\n  bloat profiles --apply min-size                 its TOML, for you to paste\n\nBuilds in your cache folder: the project's manifest, Cargo.lock and target directory stay as they are.\nWhat is built stays there, so that the next time takes less; `bloat profiles --clean` removes it."
    )]
    Profiles(ProfilesArgs),
    /// Build this package with and without each feature, and show what each costs
    #[command(
        after_help = "Examples:\n  bloat features                                  each feature of the package\n  bloat features --only tls,json --format markdown\n  bloat features --no-default-features            each one added to none\n  bloat features --of regex                       those of a dependency\n\nBuilds in your cache folder: the project's manifest, Cargo.lock and target directory stay as they are."
    )]
    Features(FeaturesArgs),
    /// List every run of bytes in file order, with all that is known of it
    #[command(
        after_help = "Examples:\n  bloat ledger app --format csv -o app.csv\n  bloat ledger app --format jsonl | jq 'select(.crate == \"serde\")'\n\nRows with an offset are contiguous from 0 and sum to the size of the file;\nmemory_size sums to the memory of its loadable segments."
    )]
    Ledger(LedgerArgs),
    /// Say whose a place, a symbol or a crate's bytes are, and on what evidence
    #[command(
        after_help = "Examples:\n  bloat explain app main                    a symbol, by name or any part of it\n  bloat explain app 0x4a2f10                an address\n  bloat explain app @0x1000                 a file offset\n  bloat explain app crate:serde             a crate"
    )]
    Explain(ExplainArgs),
    /// Compare two binaries: what changed, why, and whether it is too much
    #[command(
        after_help = "Examples:\n  bloat diff old/app new/app                               crates, and the symbols that changed in them\n  bloat diff old/app new/app --by section,kind             any other breakdown\n  bloat diff old/app new/app --fail-over 1% --fail-over crate:serde=5KiB\n\nExit status: 0 done, 1 a limit was exceeded, 2 no answer."
    )]
    Diff(DiffArgs),
    /// Say what was compiled again and again: for other types, or in other crates
    #[command(
        after_help = "Examples:\n  bloat generics app                             copies of functions, those of most bytes first\n  bloat generics app Vec::push                   the copies of one: what they are filled in with, and who has them\n  bloat generics app --by type                   methods and drop glue of generic types\n  bloat generics app --by dropped-type           drop glue by type\n  bloat generics app --fold --sort saving        closures counted for their functions"
    )]
    Generics(GenericsArgs),
    /// Hold a binary to the budgets of bloat.toml
    #[command(
        after_help = "Examples:\n  bloat check target/release/app                          sizes\n  bloat check new/app --against old/app                   and growth, and new crates\n  bloat check target/release/app --update                 lower each `max` to what is needed now\n\nbloat.toml:\n  [budget.total]\n  max = \"5MiB\"\n  max-growth = \"1%\"\n\nExit status: 0 all limits hold, 1 a limit was exceeded, 2 no answer."
    )]
    Check(CheckArgs),
    /// Find what is there more than once: crates, functions, constants
    #[command(
        after_help = "Examples:\n  bloat duplicates app                                     what is there twice, and what that costs\n  bloat duplicates app --manifest-path app/Cargo.toml      with versions from cargo\n  bloat duplicates app --filter 'crate=serde*' --min-size 64\n\nWhat each number means: docs/duplicates.md."
    )]
    Duplicates(DuplicatesArgs),
    /// Say what would make a binary smaller, by how much, and at what price
    #[command(
        after_help = "Examples:\n  bloat advise target/release/app                          from the file alone\n  bloat advise target/release/app --manifest-path Cargo.toml   and from how it is built\n  bloat advise app.wasm --goal wasm\n  bloat advise --measure                                   build the package here, and each change\n\nSavings are estimates with bounds: of the file as it is, or as it ships once stripped.\nThey do not add up: each stands for one change alone."
    )]
    Advise(AdviseArgs),
    /// Save what is known of a binary as a small file that stands for it later
    #[command(
        after_help = "Examples:\n  bloat save target/release/app -o main.parquet\n  bloat save app -o app.parquet --commit \"$(git rev-parse HEAD)\" --profile release --lockfile Cargo.lock\n  bloat diff main.parquet target/release/app\n\nA snapshot is Parquet, so databases can ask it too. It holds no time and no folder:\nequal binaries of one name give equal snapshots."
    )]
    Save(SaveArgs),
    /// Show the tree of Cargo packages with the bytes that each of them costs
    #[command(
        after_help = "Examples:\n  bloat tree target/release/app                      packages of this build, by Cargo.toml near it\n  bloat tree app --depth 1 --sort unique             what each line of Cargo.toml costs alone\n  bloat tree app --invert syn@2                      why is it here, and which features ask for it\n  bloat tree app --duplicates --lockfile Cargo.lock  several versions of one package\n\nThe list of packages is, in this order: that of --manifest-path or --lockfile; the\none that `cargo auditable` put into FILE; that of the Cargo.toml or Cargo.lock\nbeside the target directory that FILE lies in."
    )]
    Tree(tree::TreeArgs),
    /// Explore a binary interactively
    #[cfg(feature = "tui")]
    #[command(
        after_help = "Examples:\n  bloat tui                                 build this package and explore what ships\n  bloat tui target/release/app              explore a file\n  bloat tui new/app --against old/app       what changed\n\nPress ? for the keys."
    )]
    Tui(super::tui::TuiArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  bloat completions bash > ~/.local/share/bash-completion/completions/bloat"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page
    #[command(
        after_help = "Examples:\n  bloat man | man -l -                        the page of bloat itself\n  bloat man diff | man -l -                   that of a command\n  bloat man --all ~/.local/share/man/man1     those of all commands, for `man bloat-diff`"
    )]
    Man(super::man::ManArgs),
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The binary or a snapshot of one, or `-` for standard input; without it, the package here is built
    pub file: Option<PathBuf>,

    #[command(flatten)]
    pub view: ViewArgs,
}

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    pub cargo: CargoArgs,

    #[command(flatten)]
    pub view: ViewArgs,
}

/// What to show of a binary, and how.
#[derive(Debug, Args)]
pub(super) struct ViewArgs {
    /// Dimensions to group by, from the outermost to the innermost, separated by commas
    ///
    /// kind, segment, section, crate, defined-in, instantiated-by, source,
    /// module, symbol, generic, unit, file, line, inlined, evidence, member. Default: the overview.
    #[arg(long, value_name = "DIM,...", value_delimiter = ',')]
    pub by: Vec<String>,

    /// Only bytes that pass, such as `kind=code and not crate=std`
    ///
    /// Tests: DIM=NAME, DIM!=NAME (`*` stands for any text, commas for
    /// alternatives), DIM~REGEX, DIM!~REGEX; joined by and, or, not, ( ).
    /// Values with spaces or parentheses go in "double" or 'single' quotes.
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Order of rows
    #[arg(long, value_enum, default_value_t = SortArg::Size)]
    pub sort: SortArg,

    /// Rows per group, and half as many symbols in an overview; 0 shows all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// Which bytes count for order and percentages
    #[arg(long, value_enum, default_value_t = MeasureArg::File)]
    pub measure: MeasureArg,

    /// memory.x or linker script of firmware: names regions of flash and RAM, and their lengths
    #[arg(long, value_name = "PATH")]
    pub memory: Option<PathBuf>,

    /// Output format
    #[arg(long, value_enum, default_value_t = ViewFormat::Text)]
    pub format: ViewFormat,

    #[command(flatten)]
    pub page: PageArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// The binary, or `-` for standard input
    pub file: PathBuf,

    /// Output format
    #[arg(long, value_enum, default_value_t = LedgerFormat::Text)]
    pub format: LedgerFormat,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The binary, or `-` for standard input
    pub file: PathBuf,

    /// A symbol or part of its name, 0xADDRESS, @FILE_OFFSET or crate:NAME
    pub what: String,

    /// Output format
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The binary before, or a snapshot of it
    pub old: PathBuf,

    /// The binary after, or a snapshot of it
    pub new: PathBuf,

    /// Dimensions to group by, as for `bloat show`, file, line and inlined among them. Default: crate,symbol
    #[arg(long, value_name = "DIM,...", value_delimiter = ',')]
    pub by: Vec<String>,

    /// Only bytes that pass, as for `bloat show`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Rows per group; 0 shows all. Default: 20, and 8 below the first dimension
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,

    /// Which bytes count for order, percentages and limits
    #[arg(long, value_enum, default_value_t = MeasureArg::File)]
    pub measure: MeasureArg,

    /// Exit with status 1 if it grows by more: `10KiB`, `1%`, `shipped=1%`, `crate:serde=5KiB`; may be repeated
    #[arg(long, value_name = "LIMIT")]
    pub fail_over: Vec<String>,

    /// Refuse to compare files that are hard to compare: of another format, architecture or toolchain
    ///
    /// Or built for another target or with another profile, as far as they say so, or with other
    /// debug information or symbols. Without it, a warning says so.
    #[arg(long)]
    pub strict: bool,

    /// Cargo.lock before and after: adds the dependencies that changed
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub lockfile: Option<Vec<PathBuf>>,

    /// Output format
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,

    #[command(flatten)]
    pub page: PageArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The binary, or a snapshot of it
    pub file: PathBuf,

    /// What it was before: needed for limits on growth and on new crates
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,

    /// The file with the budgets
    #[arg(long, value_name = "PATH", default_value = "bloat.toml")]
    pub config: PathBuf,

    /// Lower each `max` in the file to the size found, where that is less
    #[arg(long)]
    pub update: bool,

    /// The day that decides which allowances hold: YYYY-MM-DD
    ///
    /// Default: the day of SOURCE_DATE_EPOCH if that is set, else today in UTC.
    #[arg(long, value_name = "DAY")]
    pub today: Option<String>,

    /// Output format
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,

    #[command(flatten)]
    pub page: PageArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct AdviseArgs {
    /// The binary or a snapshot of one; without it, the package here is built
    pub file: Option<PathBuf>,

    /// Make the changes that a program can make, one by one and together, and measure what they save
    ///
    /// Builds in a folder of its own, as `bloat profiles` does: the package stays as it is.
    #[arg(long)]
    pub measure: bool,

    /// Only these rules, separated by commas: `lto,panic-abort`
    #[arg(long, value_name = "RULE,...", value_delimiter = ',')]
    pub only: Vec<String>,

    /// What the binary is for: leaves out what is rarely worth its price there
    #[arg(long, value_enum, value_name = "GOAL")]
    pub goal: Option<GoalArg>,

    /// Pieces of advice; 0 shows all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// Output format
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,

    #[command(flatten)]
    pub cargo: CargoArgs,

    #[command(flatten)]
    pub page: PageArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GoalArg {
    /// A service: speed and diagnosis before bytes
    Server,
    /// A program that people download
    Cli,
    /// A function that is unpacked and started on demand
    Lambda,
    /// A module that browsers load
    Wasm,
    /// Firmware: flash and RAM are what there is
    Embedded,
}

#[derive(Debug, Args)]
pub(super) struct SaveArgs {
    /// The binary, or `-` for standard input
    pub file: PathBuf,

    /// Profile it was built with
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// Target triple it was built for
    #[arg(long, value_name = "TRIPLE")]
    pub target: Option<String>,

    /// Features it was built with
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub features: Vec<String>,

    /// Revision of the source
    #[arg(long, value_name = "ID")]
    pub commit: Option<String>,

    /// Cargo.lock it was built with; a hash of it is saved
    #[arg(long, value_name = "PATH")]
    pub lockfile: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// How a Markdown report is told from others, and how long it may be.
#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// Name in the comment in front of a Markdown report, by which a script finds it again
    ///
    /// Reports of several targets, each with a name, make one comment when put together:
    /// their headlines say which is which.
    #[arg(long, value_name = "NAME", default_value = crate::render::MARKDOWN_NAME)]
    pub name: String,

    /// Most characters of a Markdown report; rows that do not fit are counted
    #[arg(long, value_name = "N", default_value_t = crate::render::MARKDOWN_LIMIT as u32, value_parser = value_parser!(u32).range(2000..))]
    pub max_chars: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// Aligned, for people
    Text,
    /// One object, for programs
    Json,
    /// For a comment on a pull request
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// Aligned, for people
    Text,
    /// One object, for programs
    Json,
    /// One line for each innermost group
    Csv,
    /// For a comment on a pull request
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    /// For people
    Text,
    /// One object, for programs
    Json,
}

#[derive(Debug, Clone, Args)]
pub(super) struct CommonArgs {
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// Exact integers instead of rounded units
    #[arg(long)]
    pub bytes: bool,

    /// Do not shorten names to the width of the terminal
    #[arg(long)]
    pub wide: bool,

    /// When to colour; NO_COLOR is respected
    #[arg(long, value_enum, default_value_t = ColorArg::Auto, value_name = "WHEN")]
    pub color: ColorArg,

    /// Cargo.toml of the package to build, or of the one that FILE was built from
    ///
    /// With FILE, cargo's list of packages gives versions to crates that the
    /// file itself has none for.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,

    /// Only this architecture of a universal file, as if it were a file of its own
    ///
    /// As `lipo` names it (`arm64`) or as Rust's targets do (`aarch64`).
    #[arg(long, value_name = "NAME")]
    pub arch: Option<String>,

    /// Separate debug information: a file, or a folder with such files; repeatable
    ///
    /// Files beside FILE and in /usr/lib/debug are found without it: .debug, .dSYM,
    /// .pdb, .dwp, .dwo.
    #[arg(long, value_name = "PATH")]
    pub debug_file: Vec<PathBuf>,

    /// Number of threads, at most 256; 0 uses all processors
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u16).range(0..=256))]
    pub threads: u16,

    /// No progress and no diagnostics on standard error
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// More of what happens on standard error
    #[arg(short, long)]
    pub verbose: bool,

    /// Time of each phase on standard error
    #[arg(long)]
    pub timings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SortArg {
    /// Largest first
    Size,
    /// By name
    Name,
    /// Most symbols first
    Symbols,
    /// Largest first with all that is inlined, with --by inlined
    Total,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MeasureArg {
    /// Bytes of the file
    File,
    /// Bytes of memory
    #[value(alias = "memory")]
    Mem,
}

/// How an answer that is a table is written, and what is the same for all.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub format: ShowFormat,

    #[command(flatten)]
    pub page: PageArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ShowFormat {
    /// Aligned, for people
    Text,
    /// One object, for programs
    Json,
    /// One line for each innermost group
    Csv,
    /// For a comment on a pull request, or a job summary
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ViewFormat {
    /// Aligned, for people
    Text,
    /// One object, for programs
    Json,
    /// One line for each innermost group
    Csv,
    /// For a comment on a pull request, or a job summary
    Markdown,
    /// Stacks and their bytes, for flamegraph.pl and inferno-flamegraph
    ///
    /// Without --by, code by crate and stack of inlined functions.
    Folded,
    /// The same for https://www.speedscope.app
    Speedscope,
}

impl ViewFormat {
    /// Whether it is stacks for a flame graph.
    pub fn is_flame(self) -> bool {
        matches!(self, ViewFormat::Folded | ViewFormat::Speedscope)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LedgerFormat {
    /// Aligned, for people
    Text,
    /// Comma-separated values with a header line
    Csv,
    /// One object per line
    Jsonl,
    /// A table for databases
    Parquet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
