//! Reports as GitHub Flavored Markdown, made for a comment on a pull request.
//!
//! A headline, a table of what is most, the rest folded away. A comment in front of
//! it, which does not show, lets a script find it again. Names out of files are always
//! code: nothing in them is a link, a mention or markup.

mod advise;
mod check;
mod diff;
mod duplicates;
mod generics;
mod page;
mod profiles;
mod show;
mod tree;

pub use advise::advise_markdown;
pub use check::check_markdown;
pub use diff::diff_markdown;
pub use duplicates::duplicates_markdown;
pub use generics::{generic_markdown, generics_markdown};
pub use page::{MARKDOWN_LIMIT, MARKDOWN_NAME, PageOptions};
pub use profiles::{features_markdown, profiles_markdown};
pub use show::{overview_markdown, show_markdown};
pub use tree::tree_markdown;
