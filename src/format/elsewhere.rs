//! What a file says of facts about it that lie in files apart.
//!
//! Facts only: `companion` acts on them.

#[expect(unused_imports, reason = "named in documentation")]
use super::{Header, Image, Unit};

/// Facts that are not in the file's own sections: how to know where they are, and what was read of them.
///
/// Besides this, [`Header::build_id`] and [`Header::debug_link`] say which file has debug information.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere<'data> {
    /// CRC-32 of the file that [`Header::debug_link`] names, as zlib computes it.
    pub link_crc: Option<u32>,
    /// A compressed ELF file with symbols (`.gnu_debugdata`).
    pub embedded: Option<&'data [u8]>,
    /// The file with strings that it shares with others.
    pub supplement: Option<Supplement>,
    /// Texts in that file.
    pub shared_texts: Vec<SharedText>,
    /// Units whose entries are in files of their own.
    pub split_units: Vec<SplitUnit>,
    /// The files apart that were read, as they were named or found.
    pub files: Vec<String>,
}

/// A file with debug information that several files share (DWARF 5 section 7.3.6, `.gnu_debugaltlink`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplement {
    /// Its path as stated.
    pub path: String,
    /// Its build id, in lower-case hexadecimal.
    pub id: String,
}

/// A text of a unit that is in the supplement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedText {
    /// Index into [`Image::units`].
    pub unit: u32,
    /// Which of its texts it is.
    pub field: TextField,
    /// Offset into the supplement's `.debug_str`.
    pub offset: u64,
}

/// The texts of a [`Unit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// [`Unit::name`].
    Name,
    /// [`Unit::comp_dir`].
    CompDir,
    /// [`Unit::producer`].
    Producer,
}

/// A unit of which only a skeleton is in the file (DWARF 5 section 3.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitUnit {
    /// Index into [`Image::units`].
    pub unit: u32,
    /// Id that it shares with its other half.
    pub id: u64,
    /// Path of the file with its other half, as stated.
    pub path: String,
}
