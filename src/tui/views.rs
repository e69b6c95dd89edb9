//! The tabs: one line each.

use crate::model::view::Dim;

/// What a tab shows first, and what Enter leads to from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Its name on the screen.
    pub title: &'static str,
    /// Dimensions from the outermost to the innermost; below them are runs of bytes.
    pub dims: &'static [Dim],
    /// When it is there.
    pub when: When,
}

/// When a tab is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// With a file to compare with: shows only what changed.
    Compared,
}

/// Every tab, in order.
pub const VIEWS: [View; 10] = [
    View { title: "Crates", dims: &[Dim::Crate, Dim::Module, Dim::Symbol], when: When::Always },
    View { title: "Symbols", dims: &[Dim::Symbol], when: When::Always },
    View { title: "Sections", dims: &[Dim::Section, Dim::Crate, Dim::Symbol], when: When::Always },
    View { title: "Segments", dims: &[Dim::Segment, Dim::Section, Dim::Symbol], when: When::Always },
    View { title: "Kinds", dims: &[Dim::Kind, Dim::Crate, Dim::Symbol], when: When::Always },
    View { title: "Units", dims: &[Dim::Unit, Dim::Symbol], when: When::Always },
    View { title: "Generics", dims: &[Dim::Generic, Dim::InstantiatedBy, Dim::Symbol], when: When::Always },
    View { title: "Files", dims: &[Dim::File, Dim::Line, Dim::Symbol], when: When::Always },
    View { title: "Inlined", dims: &[Dim::Inlined, Dim::Symbol], when: When::Always },
    View { title: "Changes", dims: &[Dim::Crate, Dim::Symbol], when: When::Compared },
];
