//! What can be typed behind `bloat tree`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{MeasureArg, ReportArgs};

#[derive(Debug, Args)]
pub(in super::super) struct TreeArgs {
    /// The binary, or a snapshot of it
    pub file: PathBuf,

    /// Start at a package, `NAME` or `NAME@VERSION`, and show what needs it
    #[arg(long, value_name = "PACKAGE", conflicts_with = "duplicates")]
    pub invert: Option<String>,

    /// Start at the packages that are there in several versions, and show what needs them
    #[arg(long)]
    pub duplicates: bool,

    /// Steps from the first package; all by default
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,

    /// Cargo.lock that FILE was built with, in place of what cargo says
    #[arg(long, value_name = "PATH", conflicts_with = "manifest_path")]
    pub lockfile: Option<PathBuf>,

    /// The package that FILE was built from, where its name does not tell
    #[arg(short, long, value_name = "NAME")]
    pub package: Option<String>,

    /// Features that FILE was built with, besides those on by default
    #[arg(short = 'F', long, value_name = "NAME,...", value_delimiter = ',', conflicts_with = "lockfile")]
    pub features: Vec<String>,

    /// It was built with all features
    #[arg(long, conflicts_with = "lockfile")]
    pub all_features: bool,

    /// It was built without the features that are on by default
    #[arg(long, conflicts_with = "lockfile")]
    pub no_default_features: bool,

    /// Target triple that FILE was built for. Default: this machine's, if FILE can be of it, else any
    #[arg(long, value_name = "TRIPLE", conflicts_with = "lockfile")]
    pub target: Option<String>,

    /// Only bytes that pass, as for `bloat show`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Order of rows beside each other
    #[arg(long, value_enum, default_value_t = TreeSortArg::Size)]
    pub sort: TreeSortArg,

    /// Rows for the dependencies of one package; 0 shows all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// Which bytes are shown as text, and count for the order
    #[arg(long, value_enum, default_value_t = MeasureArg::File)]
    pub measure: MeasureArg,

    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum TreeSortArg {
    /// Largest first, with all that is needed
    Size,
    /// Largest first, on its own
    #[value(name = "self")]
    Own,
    /// Largest first, by what would be gone
    Unique,
    /// By name
    Name,
}
