//! The rows that leaves point to.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::intern::{NameId, Names, id};
use crate::kind::Kind;

id! {
    /// A row of [`super::Model::segments`].
    SegmentId
}
id! {
    /// A row of [`super::Model::sections`].
    SectionId
}
id! {
    /// A row of [`super::Model::symbols`].
    SymbolId
}
id! {
    /// A row of [`super::Model::units`].
    UnitId
}
id! {
    /// A row of [`super::Model::crates`].
    CrateId
}
id! {
    /// A row of [`super::Model::owners`].
    OwnerId
}
id! {
    /// A row of [`CodeRows::functions`].
    FunctionId
}
id! {
    /// A row of [`CodeRows::frames`].
    FrameId
}
id! {
    /// A row of [`CodeRows::lines`].
    LineId
}

/// Where instructions come from in source. Made only where a question needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeRows {
    /// Functions that have code, by [`FunctionId`].
    pub functions: Vec<FunctionRow>,
    /// Functions where they have code, by [`FrameId`]: what is inlined comes behind what it is inlined into.
    pub frames: Vec<FrameRow>,
    /// Lines of source that have code, by [`LineId`].
    pub lines: Vec<LineRow>,
}

/// A function of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionRow {
    /// The name that linkers see if it has one, else its path.
    pub name: NameId,
    /// Whether it is a name that linkers see, which may be mangled.
    pub is_linkage: bool,
    /// The file it is declared in, if its path alone does not tell it from others.
    pub file: NameId,
}

/// A function where it has code: by itself, or inlined into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRow {
    /// The function.
    pub function: FunctionId,
    /// The frame it was inlined into, of a lower number; none for a function by itself.
    pub parent: FrameId,
    /// The line it was called at; none if it was not inlined or that is not known.
    pub call: LineId,
}

/// A line of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineRow {
    /// The file, as people know it: without the folders of the machine it was built on.
    pub file: NameId,
    /// Number from 1; 0 for what a compiler made up.
    pub line: u32,
}

/// The file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Path as given by the caller.
    pub path: String,
    /// Container format: `elf`.
    pub format: Cow<'static, str>,
    /// The format's own word for the kind of file: `executable`.
    pub file_type: Cow<'static, str>,
    /// Architecture by its common name.
    pub arch: String,
    /// 32 or 64.
    pub bits: u8,
    /// `little` or `big`.
    pub endian: Cow<'static, str>,
    /// Size of the file in bytes.
    pub file_size: u64,
    /// Size of its memory image in bytes.
    pub memory_size: u64,
    /// Build id in lower-case hexadecimal.
    pub build_id: Option<String>,
    /// Whether the static symbol table is missing.
    pub stripped: bool,
    /// Which debug information there is, in the file or in separate ones: `dwarf5`.
    pub debug_info: Option<String>,
    /// Separate files that debug information was read from, as they were named or found.
    pub debug_files: Vec<String>,
    /// Dynamic libraries it needs.
    pub needed: Vec<String>,
    /// What compilers and linkers wrote of themselves.
    pub toolchain: Vec<String>,
    /// Whether any symbol or unit is of Rust.
    pub has_rust: bool,
    /// Size in bytes that `strip` would leave; computed, not tried. `None` for what is not made to ship.
    pub stripped_size: Option<u64>,
    /// How it was built, as far as whoever asks has said.
    pub build: Build,
}

/// What nobody can read in a file: how it was built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Build {
    /// Cargo profile: `release`.
    pub profile: Option<String>,
    /// Target triple.
    pub target: Option<String>,
    /// Features that were switched on.
    pub features: Vec<String>,
    /// Revision of the source.
    pub commit: Option<String>,
    /// Hash of the lockfile: FNV-1a of 64 bits, in lower-case hexadecimal.
    pub lockfile: Option<String>,
}

/// A part of the file with addresses of its own: a member of an archive, a slice of a universal file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Name for people; `[whole file]` if the file is its only member.
    pub name: NameId,
    /// Its bytes in the file.
    pub file: Range<u64>,
    /// Its positions behind the file: bytes in memory only.
    pub zero: Range<u64>,
}

/// A loadable segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRow {
    /// Name for people.
    pub name: NameId,
    /// Virtual address.
    pub address: u64,
    /// Where it is stored before it runs, in a program without an operating system.
    pub physical: Option<u64>,
    /// Whether the program may write to it.
    pub writable: bool,
    /// Bytes of the file that it loads.
    pub file_size: u64,
    /// Size in memory.
    pub memory_size: u64,
}

/// A section, or what stands for one where no section lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionRow {
    /// Name as in the file; in brackets if it is no section.
    pub name: NameId,
    /// Kind of its bytes where nothing says better.
    pub kind: Kind,
    /// Size its header states; 0 for what is no section.
    pub size: u64,
    /// Virtual address; `None` if it is not loaded.
    pub address: Option<u64>,
}

/// What a row of the symbol table of the model stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolSort {
    /// A function of a symbol table.
    Function,
    /// Data of a symbol table.
    Object,
    /// Thread-local data of a symbol table.
    Tls,
    /// A symbol without a type.
    Label,
    /// A symbol that another file defines.
    Import,
    /// A function that only an unwind table knows.
    Unnamed,
    /// A named structure: headers, padding, parts of tables.
    Structure,
}

impl SymbolSort {
    /// Whether the row is of a symbol table and so has a raw name.
    pub fn is_symbol(self) -> bool {
        !matches!(self, SymbolSort::Unnamed | SymbolSort::Structure)
    }
}

/// A symbol or a named structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolRow {
    /// Raw name of a symbol; name without brackets of a structure.
    pub name: NameId,
    /// How many bytes at its start the platform adds to what the language calls it.
    pub prefix: u8,
    /// Address as the file states it.
    pub address: Option<u64>,
    /// Size the symbol table states, or that was found for it.
    pub size: u64,
    /// What it is.
    pub sort: SymbolSort,
    /// The row that owns its bytes: itself unless it is another name of one place.
    pub alias_of: SymbolId,
}

impl SymbolRow {
    /// The name as the language knows it: mangled, but without what the platform adds.
    pub fn plain_name<'n>(&self, names: &'n Names) -> &'n str {
        let name = names.get(self.name);
        name.get(usize::from(self.prefix)..).unwrap_or(name)
    }
}

/// A unit of debug information, or a file that the symbol table names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitRow {
    /// Name as in the file.
    pub name: NameId,
    /// Directory of compilation; empty if unknown.
    pub comp_dir: NameId,
    /// Language code of DWARF 5 section 7.12; 0 if unknown.
    pub language: u16,
}

/// Where a crate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A package of the workspace that was built.
    Workspace,
    /// A package registry.
    Registry,
    /// A git repository.
    Git,
    /// A local directory.
    Path,
    /// The Rust toolchain: the standard library and what is built with it.
    Std,
    /// C, C++ or assembly that belongs to no package.
    C,
    /// A Rust crate of which no path is known.
    Unknown,
}

impl Source {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Workspace => "workspace",
            Source::Registry => "registry",
            Source::Git => "git",
            Source::Path => "path",
            Source::Std => "std",
            Source::C => "c",
            Source::Unknown => "unknown",
        }
    }
}

/// A crate, or a named bucket for bytes that no crate owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrateRow {
    /// Name without version; in brackets for a bucket.
    pub name: NameId,
    /// The name, with part of the crate id where two crates differ in nothing else.
    pub shown: NameId,
    /// Version, if known.
    pub version: NameId,
    /// Directory of its package at the time of the build, if known.
    pub root: NameId,
    /// Name of its package where that differs from the crate by more than `-` and `_`.
    pub package: NameId,
    /// Where it comes from; `None` for a bucket.
    pub source: Option<Source>,
    /// The compiler's own id of the crate (`StableCrateId`), if known.
    pub stable_id: Option<u64>,
    /// Name for people, different from all others: `name@version`.
    pub label: NameId,
}

/// On what evidence a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Evidence {
    /// The debug information unit that covers the bytes.
    Unit,
    /// The file symbol in front of the symbol, which names the codegen unit.
    SymbolFile,
    /// The instantiating crate in a v0 name.
    V0Suffix,
    /// The path in a v0 name.
    V0Path,
    /// The path in a legacy name.
    LegacyPath,
    /// The codegen unit in front of a file of another language in the symbol table.
    FileNeighbour,
    /// The code and data that refer to the bytes.
    Reference,
    /// What lies before and behind the bytes, which agree.
    Neighbours,
    /// Names alone, where no object file is known, as after fat link-time optimisation: a guess.
    NoObjectFile,
    /// Places in source that the code can panic at: a guess.
    PanicLocation,
    /// The structure of the format: a named bucket.
    Format,
    /// Nothing: the bytes are in the bucket of the unknown.
    None,
}

impl Evidence {
    /// Every kind of evidence, the strongest first.
    pub const ALL: [Evidence; 12] = [
        Evidence::Unit,
        Evidence::SymbolFile,
        Evidence::V0Suffix,
        Evidence::V0Path,
        Evidence::LegacyPath,
        Evidence::FileNeighbour,
        Evidence::Reference,
        Evidence::Neighbours,
        Evidence::NoObjectFile,
        Evidence::PanicLocation,
        Evidence::Format,
        Evidence::None,
    ];

    /// Whether it is too weak to be more than a guess.
    pub fn is_guess(self) -> bool {
        matches!(self, Evidence::NoObjectFile | Evidence::PanicLocation)
    }

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Unit => "unit",
            Evidence::SymbolFile => "symbol-file",
            Evidence::V0Suffix => "v0-suffix",
            Evidence::V0Path => "v0-path",
            Evidence::LegacyPath => "legacy-path",
            Evidence::FileNeighbour => "file-neighbour",
            Evidence::Reference => "reference",
            Evidence::Neighbours => "neighbours",
            Evidence::NoObjectFile => "no-object-file",
            Evidence::PanicLocation => "panic-location",
            Evidence::Format => "format",
            Evidence::None => "none",
        }
    }
}

/// An attribution of bytes to crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The owner: where defined, unless that is the toolchain; then who instantiated it.
    pub krate: CrateId,
    /// The crate whose source has the item, if any crate is known.
    pub defined_in: CrateId,
    /// The crate whose codegen unit has the code, if any crate is known.
    pub instantiated_by: CrateId,
    /// On what `krate` stands.
    pub evidence: Evidence,
    /// On what `defined_in` stands.
    pub defined_evidence: Evidence,
    /// On what `instantiated_by` stands.
    pub instantiated_evidence: Evidence,
}

impl Hash for Owner {
    /// In two words: a file has as many runs as attributions to look up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let crates = u64::from(self.krate.0) << 32 | u64::from(self.defined_in.0);
        let evidence = [self.evidence, self.defined_evidence, self.instantiated_evidence];
        let evidence = evidence.iter().fold(0, |all, &one| all << 8 | u64::from(one as u8));
        state.write_u64(crates);
        state.write_u64(u64::from(self.instantiated_by.0) << 32 | evidence);
    }
}
