//! Reports to bytes on a writer.
//!
//! Knows reports, not models. Every text that came out of a file is escaped
//! here, on its way out.

mod advise;
mod check;
mod csv;
mod diff;
mod duplicates;
mod escape;
mod explain;
mod flame;
mod generics;
mod json;
mod markdown;
mod profiles;
mod sheet;
mod size;
mod text;
mod tree;

pub use advise::advise_text;
pub use check::check_text;
pub use csv::{LedgerCsv, diff_csv, show_csv};
pub use diff::diff_text;
pub use duplicates::{duplicates_csv, duplicates_text};
#[cfg(feature = "tui")]
pub(crate) use duplicates::{others, place, remark, shape_text};
pub use escape::for_terminal;
pub use explain::{explain_crate_text, explain_place_text};
pub use flame::{folded, speedscope};
pub use generics::{generic_csv, generic_text, generics_csv, generics_text};
pub use json::{JsonLines, json};
pub use markdown::{
    MARKDOWN_LIMIT, MARKDOWN_NAME, PageOptions, advise_markdown, check_markdown, diff_markdown,
    duplicates_markdown, features_markdown, generic_markdown, generics_markdown, overview_markdown,
    profiles_markdown, show_markdown, tree_markdown,
};
pub use profiles::{features_csv, features_text, profiles_csv, profiles_text};
pub use sheet::Style;
#[cfg(feature = "tui")]
pub(crate) use sheet::{bar, cut, shorten, width_of, wrap};
pub use size::{bytes, human, percent};
#[cfg(feature = "tui")]
pub(crate) use size::{change, percent_change};
pub use text::{ledger_text, overview_text, show_text};
#[cfg(feature = "tui")]
pub(crate) use tree::remarks as package_remarks;
pub use tree::{tree_csv, tree_text};
