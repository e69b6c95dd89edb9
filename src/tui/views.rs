//! The tabs: one line each.

use std::borrow::Cow;

use super::jobs::Column;
use crate::model::view::{Dim, Measure};

/// What a tab shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// Bytes in groups, by dimensions from the outermost to the innermost; below them are runs of bytes.
    Groups(Cow<'static, [Dim]>),
    /// The same of two files, without groups that did not change.
    Changes(Cow<'static, [Dim]>),
    /// The rows of an answer, which are no groups of bytes: they overlap.
    List(List),
}

/// An answer that is shown as rows, of the file that is explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// Packages, each with what it needs: the rows of `bloat tree`.
    Tree,
    /// What is there more than once: those of `bloat duplicates`.
    Duplicates,
}

impl Content {
    /// The dimensions that lead down, outermost first. A list has none.
    pub fn dims(&self) -> &[Dim] {
        match self {
            Content::Groups(dims) | Content::Changes(dims) => dims,
            Content::List(_) => &[],
        }
    }

    /// The list that it is.
    pub fn list(&self) -> Option<List> {
        if let Content::List(list) = self { Some(*list) } else { None }
    }

    /// Whether only what changed is shown.
    pub fn is_changes(&self) -> bool {
        matches!(self, Content::Changes(_))
    }

    /// Whether rows say how much they changed. Lists are of one file.
    pub fn is_compared(&self, has_baseline: bool) -> bool {
        has_baseline && self.list().is_none()
    }

    /// Whether some rows are functions of the source, which come to more than their own bytes.
    pub fn has_inlining(&self, is_compared: bool) -> bool {
        !is_compared && self.dims().contains(&Dim::Inlined)
    }

    /// What rows can be ordered by; first how they come.
    pub fn columns(&self, is_compared: bool) -> &'static [Column] {
        use Column as C;
        match self {
            Content::List(List::Tree) => &[C::Total, C::Size, C::Unique, C::Name],
            Content::List(List::Duplicates) => &[C::Saved, C::Size, C::Copies, C::Name],
            _ if is_compared => &[C::Size, C::Delta, C::Count, C::Name],
            _ if self.has_inlining(is_compared) => &[C::Size, C::Total, C::Sites, C::Name],
            _ => &[C::Size, C::Count, C::Name],
        }
    }

    /// What rows are in order of when they come.
    pub fn natural(&self) -> Column {
        self.columns(false).first().copied().unwrap_or_default()
    }

    /// The bytes that count where the user asks for those of `measure`.
    pub fn measure(&self, measure: Measure) -> Measure {
        match self {
            // What sharing saves is known of the file alone.
            Content::List(List::Duplicates) => Measure::File,
            _ => measure,
        }
    }
}

/// A tab as it is when nobody has done anything yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The key that opens it.
    pub key: char,
    /// Its name on the screen.
    pub title: &'static str,
    /// What it shows first, and what Enter leads to from there.
    pub content: Content,
}

const fn groups(key: char, title: &'static str, dims: &'static [Dim]) -> View {
    View { key, title, content: Content::Groups(Cow::Borrowed(dims)) }
}

const fn list(key: char, title: &'static str, list: List) -> View {
    View { key, title, content: Content::List(list) }
}

/// Every tab, in order. Changes are there if there is something to compare with.
pub const VIEWS: [View; 12] = [
    groups('1', "Crates", &[Dim::Crate, Dim::Module, Dim::Symbol]),
    groups('2', "Symbols", &[Dim::Symbol]),
    groups('3', "Sections", &[Dim::Section, Dim::Crate, Dim::Symbol]),
    groups('4', "Segments", &[Dim::Segment, Dim::Section, Dim::Symbol]),
    groups('5', "Kinds", &[Dim::Kind, Dim::Crate, Dim::Symbol]),
    groups('6', "Units", &[Dim::Unit, Dim::Symbol]),
    groups('7', "Generics", &[Dim::Generic, Dim::InstantiatedBy, Dim::Symbol]),
    groups('8', "Files", &[Dim::File, Dim::Line, Dim::Symbol]),
    groups('9', "Inlined", &[Dim::Inlined, Dim::Symbol]),
    View { key: '0', title: "Changes", content: Content::Changes(Cow::Borrowed(&[Dim::Crate, Dim::Symbol])) },
    list('T', "Tree", List::Tree),
    list('D', "Duplicates", List::Duplicates),
];
