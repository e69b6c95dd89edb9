//! What can be typed to say what cargo is to build, and where. No behaviour.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::ReportArgs;

/// What to build: cargo's own flags, under cargo's own names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "What to build")]
pub(in crate::cli) struct CargoArgs {
    /// Package to build, as for cargo; repeatable
    #[arg(short, long, value_name = "SPEC")]
    pub package: Vec<String>,

    /// All packages of the workspace
    #[arg(long)]
    pub workspace: bool,

    /// Only this program; repeatable
    #[arg(long, value_name = "NAME")]
    pub bin: Vec<String>,

    /// All programs
    #[arg(long)]
    pub bins: bool,

    /// Only this example; repeatable
    #[arg(long, value_name = "NAME")]
    pub example: Vec<String>,

    /// All examples
    #[arg(long)]
    pub examples: bool,

    /// Only the library
    #[arg(long)]
    pub lib: bool,

    /// Features to switch on, separated by commas; repeatable
    #[arg(short = 'F', long, value_name = "NAME,...", value_delimiter = ',')]
    pub features: Vec<String>,

    /// All features
    #[arg(long)]
    pub all_features: bool,

    /// Not the default features
    #[arg(long)]
    pub no_default_features: bool,

    /// Profile to build with. Default: release
    #[arg(long, value_name = "NAME", conflicts_with = "release")]
    pub profile: Option<String>,

    /// The release profile, which is the default
    #[arg(short, long)]
    pub release: bool,

    /// Platform to build for; repeatable
    #[arg(long, value_name = "TRIPLE")]
    pub target: Vec<String>,

    /// Folder to build in. Default: one for this workspace in your cache folder
    #[arg(long, value_name = "PATH")]
    pub scratch: Option<PathBuf>,

    /// Remove that folder, and build nothing
    #[arg(long)]
    pub clean: bool,

    /// More arguments for `cargo build`
    #[arg(last = true, value_name = "CARGO ARGS")]
    pub rest: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ProfilesArgs {
    /// Only these profiles besides the project's own, separated by commas
    ///
    /// debug, thin-lto, fat-lto, codegen-units-1, opt-s, opt-z, panic-abort, strip, fast, lambda,
    /// min-size. Default: all of them.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub only: Vec<String>,

    /// Values of one setting: `lto`, or with values of your own, `opt-level=1,s`; repeatable
    #[arg(long, value_name = "KEY[=VALUE,...]")]
    pub axis: Vec<String>,

    /// Every combination of the axes, instead of each value by itself
    #[arg(long, requires = "axis")]
    pub cross: bool,

    /// A profile of your own: `tiny:opt-level=z,lto=fat`; repeatable
    #[arg(long, value_name = "[NAME:]KEY=VALUE,...")]
    pub cell: Vec<String>,

    /// Time a command of the shell on each build; `{}` stands for what was built
    #[arg(long, value_name = "COMMAND")]
    pub run: Option<String>,

    /// How often to run it, after one run that does not count
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,

    /// Leave out compressed sizes, which take time
    #[arg(long)]
    pub no_compress: bool,

    /// Print a profile as TOML instead, without building; `smallest` builds to find it
    #[arg(long, value_name = "NAME")]
    pub apply: Option<String>,

    #[command(flatten)]
    pub report: ReportArgs,

    #[command(flatten)]
    pub cargo: CargoArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FeaturesArgs {
    /// Features of this dependency, NAME or NAME@VERSION, instead of the package's own
    #[arg(long, value_name = "CRATE")]
    pub of: Option<String>,

    /// Only these features, separated by commas
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub only: Vec<String>,

    /// Crates and symbols to list for each feature; 0 lists all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5)]
    pub limit: usize,

    #[command(flatten)]
    pub report: ReportArgs,

    #[command(flatten)]
    pub cargo: CargoArgs,
}
