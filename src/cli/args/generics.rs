//! What can be typed after `bloat generics`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};

use super::ReportArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct GenericsArgs {
    /// The binary or a snapshot of one, or `-` for standard input
    pub file: PathBuf,

    /// List the copies of this one: its name as in the list, or any part of it
    #[arg(value_name = "NAME")]
    pub what: Option<String>,

    /// What copies are put together
    #[arg(long, value_enum, default_value_t = GroupingArg::Item, value_name = "WHAT")]
    pub by: GroupingArg,

    /// Count closures and the state machines of async functions for the function they are written in
    #[arg(long)]
    pub fold: bool,

    /// Only bytes that pass, as for `bloat show`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Order of rows
    #[arg(long, value_enum, default_value_t = GenericsSortArg::Size)]
    pub sort: GenericsSortArg,

    /// Rows; 0 shows all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    /// Fewest copies that are worth a row; the others are counted
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u64).range(1..))]
    pub min_copies: u64,

    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GroupingArg {
    /// Copies of one function or method
    Item,
    /// Methods and drop glue of one generic type
    Type,
    /// Drop glue of one type
    Dropped,
    /// Drop glue of one generic type, whatever it holds
    DroppedType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GenericsSortArg {
    /// Most bytes of code first
    Size,
    /// By name
    Name,
    /// Most copies first
    Copies,
    /// Most bytes beyond the largest copy first
    Saving,
}
