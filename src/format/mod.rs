//! Bytes to facts.
//!
//! A reader says what a file states about itself: where its parts lie, which
//! symbols and units it names, which bytes exist on account of which others. It
//! decides nothing: who owns a byte in the end is worked out in `attrib`. No
//! reader knows of crates.
//!
//! All places in an [`Image`] are positions on its [`Line`]; see there.

pub mod archive;
pub mod code;
mod companion;
mod cursor;
pub mod dwarf;
pub mod elf;
mod elsewhere;
mod join;
mod line;
pub mod macho;
mod once;
mod packages;
pub mod pdb;
pub mod pe;
mod settle;
mod text;
mod trouble;
pub mod unwind;
pub mod wasm;

use std::borrow::Cow;
use std::ops::Range;

pub use code::{CodeFacts, Detail};
pub use companion::{read_detailed_with, read_with};
pub use cursor::{Addend, Fixup};
pub use elsewhere::{Elsewhere, SharedText, SplitUnit, Supplement, TextField};
pub use line::{Laid, Line, Load, Mapping};

use crate::error::{Diagnostic, Error};
use crate::input::Input;
use crate::kind::Kind;
use crate::order;

/// What a file states about itself. Borrows from the input.
#[derive(Debug)]
pub struct Image<'data> {
    /// The facts of the file as a whole.
    pub header: Header,
    /// Its parts with addresses and a machine of their own, in order of position; none in an archive
    /// without object files, else at least one.
    pub members: Vec<Member<'data>>,
    /// The line of positions all other facts use.
    pub line: Line,
    /// Loadable segments in file order.
    pub segments: Vec<Segment>,
    /// Sections in header order.
    pub sections: Vec<Section<'data>>,
    /// Named structures outside any section, and parts of sections that need a name of their own.
    pub regions: Vec<Region>,
    /// Symbols of all tables, in table order.
    pub symbols: Vec<Symbol<'data>>,
    /// Files that the symbol table names (`STT_FILE`), by [`Symbol::file`].
    pub files: Vec<Cow<'data, str>>,
    /// Functions that unwind tables describe, or that the format counts; in order of position.
    pub functions: Vec<Range<u64>>,
    /// Positions of functions with an exception table, where unwind tables state one; sorted.
    pub guarded: Vec<u64>,
    /// Units of debug information.
    pub units: Vec<Unit<'data>>,
    /// Which code and data belongs to which unit.
    pub unit_ranges: Vec<UnitRange>,
    /// Which debug information belongs to which unit.
    pub unit_parts: Vec<UnitPart>,
    /// Where each instruction comes from, if that was asked for.
    pub code: Option<CodeFacts>,
    /// Names of source files that debug information lists besides those of units.
    pub sources: Vec<Cow<'data, str>>,
    /// Bytes that exist on account of something else; mostly a few lists, each in order of position.
    pub charges: Vec<Charge>,
    /// Pointers that relocations put into the file, or into what is linked from it, in the order of
    /// their tables.
    pub pointers: Vec<Pointer>,
    /// Facts that lie in files apart.
    pub elsewhere: Elsewhere<'data>,
    /// What could not be understood.
    pub diagnostics: Vec<Diagnostic>,
}

/// A word that holds the address of something once the file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer {
    /// Position of the word.
    pub at: u64,
    /// Position of what it points at.
    pub to: u64,
}

/// The file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The container format.
    pub format: Format,
    /// Executable, shared object, ...: the format's own word.
    pub file_type: &'static str,
    /// Architecture by its common name, `x86_64`.
    pub arch: Cow<'static, str>,
    /// 32 or 64.
    pub bits: u8,
    /// Byte order.
    pub endian: Endian,
    /// Build id or its like, as lower-case hexadecimal.
    pub build_id: Option<String>,
    /// Dynamic libraries the file needs, in order.
    pub needed: Vec<String>,
    /// What compilers and linkers wrote of themselves, in order, without repeats.
    pub toolchain: Vec<String>,
    /// Whether the static symbol table is missing.
    pub stripped: bool,
    /// Where separate debug information should be, as the file says.
    pub debug_link: Option<String>,
    /// Which debug information is in the file, or was read from a file apart.
    pub debug_info: Option<DebugInfo>,
    /// The list of packages that `cargo auditable` embeds, as JSON.
    pub packages: Option<Vec<u8>>,
    /// Size in bytes that stripping would leave, computed from the layout; `None` for what is not made to ship.
    pub stripped_size: Option<u64>,
}

impl Header {
    /// The header of a file of which only the format is known.
    pub(crate) fn unknown(format: Format) -> Header {
        Header {
            format,
            file_type: "",
            arch: "".into(),
            bits: 0,
            endian: Endian::Little,
            build_id: None,
            needed: Vec::new(),
            toolchain: Vec::new(),
            stripped: false,
            debug_link: None,
            debug_info: None,
            packages: None,
            stripped_size: None,
        }
    }
}

/// A part of the file with addresses and a machine of its own: a slice of a universal
/// file, a member of an archive, a module of a component. Most files are one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'data> {
    /// Name for people; empty if the file is its only member.
    pub name: Cow<'data, str>,
    /// Its bytes in the file.
    pub file: Range<u64>,
    /// Its memory-only bytes behind the file.
    pub zero: Range<u64>,
    /// What runs its code.
    pub machine: Machine,
    /// Where functions have numbers: that of its first in [`Image::functions`].
    pub first_function: Option<u64>,
    /// Build id of its own, in a file of several members.
    pub id: Option<String>,
}

/// What runs the code, and how to tell code from what fills gaps in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Size of a word of memory: 32 or 64.
    pub bits: u8,
    /// Byte order of data.
    pub endian: Endian,
    /// What compilers put between functions.
    pub filler: Filler,
    /// How to read its instructions.
    pub instructions: Instructions,
    /// Whether addresses in instructions are final, as in executables that are not position-independent.
    pub fixed_addresses: bool,
}

impl Member<'_> {
    /// The whole of a file that is its only member.
    pub(crate) fn whole(line: &Line, machine: Machine) -> Member<'static> {
        let (file_len, len) = (line.file_len(), line.len());
        Member {
            name: "".into(),
            file: 0..file_len,
            zero: file_len..len,
            machine,
            first_function: None,
            id: None,
        }
    }
}

impl Machine {
    /// A machine whose code is not looked at.
    pub const OPAQUE: Machine = Machine {
        bits: 64,
        endian: Endian::Little,
        filler: Filler::Zeros,
        instructions: Instructions::Other,
        fixed_addresses: false,
    };
}

impl<'data> Image<'data> {
    /// An image of which nothing is known but its header and its line.
    pub(crate) fn empty(header: Header, line: Line) -> Image<'data> {
        Image {
            header,
            members: Vec::new(),
            line,
            segments: Vec::new(),
            sections: Vec::new(),
            regions: Vec::new(),
            symbols: Vec::new(),
            files: Vec::new(),
            functions: Vec::new(),
            guarded: Vec::new(),
            units: Vec::new(),
            unit_ranges: Vec::new(),
            unit_parts: Vec::new(),
            code: None,
            sources: Vec::new(),
            charges: Vec::new(),
            pointers: Vec::new(),
            elsewhere: Elsewhere::default(),
            diagnostics: Vec::new(),
        }
    }

    /// The member of which `pos` is, if it is of one.
    pub fn member_at(&self, pos: u64) -> Option<usize> {
        let zero = pos >= self.line.file_len();
        if let [only] = self.members.as_slice() {
            return (if zero { &only.zero } else { &only.file }).contains(&pos).then_some(0);
        }
        let span = |m: &Member<'_>| if zero { m.zero.clone() } else { m.file.clone() };
        let after = self.members.partition_point(|m| span(m).start <= pos);
        let index = after.checked_sub(1)?;
        self.members.get(index).filter(|m| span(m).contains(&pos)).map(|_| index)
    }

    /// Whether symbols state the file they are of, as entries for debuggers in Mach-O do.
    ///
    /// Else a symbol follows that of a file, and what has none follows another's.
    pub fn states_files(&self) -> bool {
        self.header.format == Format::MachO
    }

    /// The machine that runs what lies at `pos`.
    pub fn machine_at(&self, pos: u64) -> Machine {
        let member = self.member_at(pos).and_then(|i| self.members.get(i));
        member.map_or(Machine::OPAQUE, |m| m.machine)
    }
}

/// Container formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Executable and Linkable Format.
    Elf,
    /// Mach object file format, thin or universal.
    MachO,
    /// Portable Executable, and the COFF of object files.
    Pe,
    /// WebAssembly module or component.
    Wasm,
    /// Archive of object files (`ar`).
    Archive,
}

impl Format {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Elf => "elf",
            Format::MachO => "macho",
            Format::Pe => "pe",
            Format::Wasm => "wasm",
            Format::Archive => "archive",
        }
    }
}

/// Byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Endian {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Endian::Little => "little",
            Endian::Big => "big",
        }
    }
}

/// What compilers put between functions, by instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filler {
    /// `int3` and the multi-byte `nop`s.
    X86,
    /// One of these four-byte words, in file byte order, or zeros.
    Words(&'static [u32]),
    /// One of these two-byte words, in file byte order, or zeros.
    HalfWords(&'static [u16]),
    /// Zeros only.
    Zeros,
}

/// Instruction sets whose references to data can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instructions {
    /// x86 in 64-bit mode.
    X86_64,
    /// 64-bit ARM, little-endian as its instructions always are.
    Aarch64,
    /// Function bodies of WebAssembly, each behind its length.
    Wasm,
    /// Any other: references are not read.
    Other,
}

/// Which debug information there is. Ordered: the more telling is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DebugInfo {
    /// A program database of Microsoft's tools.
    Pdb,
    /// DWARF.
    Dwarf {
        /// Version of the newest unit.
        version: u16,
    },
}

impl std::fmt::Display for DebugInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DebugInfo::Pdb => f.write_str("pdb"),
            DebugInfo::Dwarf { version } => write!(f, "dwarf{version}"),
        }
    }
}

/// A loadable segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Name for people, `LOAD #1 R-X`.
    pub name: String,
    /// Virtual address.
    pub address: u64,
    /// Where it is stored before it runs, in a program without an operating system.
    pub physical: Option<u64>,
    /// Whether the program may write to it.
    pub writable: bool,
    /// Size in memory.
    pub memory_size: u64,
    /// The bytes it loads.
    pub file: Range<u64>,
    /// Kind of bytes where no section says better.
    pub kind: Kind,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'data> {
    /// Name as in the file, made valid UTF-8.
    pub name: Cow<'data, str>,
    /// Virtual address, 0 when not loaded.
    pub address: u64,
    /// Size the header states.
    pub size: u64,
    /// Alignment in bytes, at least 1.
    pub align: u64,
    /// Where its bytes lie on the line: in the file, or in zero-fill. Empty if nowhere.
    pub span: Range<u64>,
    /// Kind of its bytes where nothing says better.
    pub kind: Kind,
    /// Whether it is loaded into memory.
    pub loaded: bool,
    /// Whether it holds instructions.
    pub executable: bool,
    /// Size of the content once decompressed, for a compressed section.
    pub uncompressed: Option<u64>,
}

/// A named structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Where it lies.
    pub span: Range<u64>,
    /// Name for people, without brackets: `program headers`.
    pub name: Cow<'static, str>,
    /// What its bytes are.
    pub kind: Kind,
    /// How it relates to sections.
    pub place: RegionPlace,
}

/// Name of regions with exception tables that no function refers to.
pub const DEAD_UNWIND_DATA: &str = "dead unwind data";

/// How a [`Region`] relates to sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionPlace {
    /// Outside sections, and beating any section that claims the same bytes.
    File,
    /// Inside a section whose name it keeps.
    InSection,
    /// Only where no section claims the bytes.
    Fallback,
}

/// A symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'data> {
    /// Name as in the file, without a version.
    pub name: &'data [u8],
    /// How many bytes at its start the platform adds to what the language calls it.
    pub prefix: u8,
    /// Value as in the file, without tag bits.
    pub address: u64,
    /// Where it starts on the line, when it names a place there.
    pub pos: Option<u64>,
    /// Size the table states.
    pub size: u64,
    /// Index into [`Image::sections`], when it lies in one.
    pub section: Option<u32>,
    /// Index into [`Image::files`]: the file symbol it follows.
    pub file: Option<u32>,
    /// What it names.
    pub kind: SymbolKind,
    /// Who sees it.
    pub binding: Binding,
    /// Whether it is of the static table, which stripping removes.
    pub is_static: bool,
}

impl<'data> Symbol<'data> {
    /// The name as the language knows it: mangled, but without what the platform adds.
    pub fn plain_name(&self) -> &'data [u8] {
        self.name.get(usize::from(self.prefix)..).unwrap_or_default()
    }
}

/// What a symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolKind {
    /// Code.
    Function,
    /// Data.
    Object,
    /// Data of each thread.
    Tls,
    /// A place of unstated type: a label of assembly, or one the linker made.
    Label,
    /// Something another file defines.
    Import,
    /// Not a thing that owns bytes: sections, files, mapping marks, absolute values.
    Other,
}

/// Who sees a symbol. Ordered: the preferred name of a place comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// Every file.
    Global,
    /// Every file, unless another defines it.
    Weak,
    /// Its own file.
    Local,
}

/// A unit of debug information.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unit<'data> {
    /// `DW_AT_name` of the root; empty if it has none.
    pub name: Cow<'data, str>,
    /// `DW_AT_comp_dir` of the root; empty if it has none.
    pub comp_dir: Cow<'data, str>,
    /// `DW_AT_producer` of the root; empty if it has none.
    pub producer: Cow<'data, str>,
    /// `DW_AT_language` of the root (DWARF 5 section 7.12); 0 if it has none.
    pub language: u16,
    /// DWARF version; 0 if the unit is not of DWARF.
    pub version: u16,
    /// The object file it was linked from, where the debug information is one of linkers (PDB).
    pub object: Cow<'data, str>,
    /// The archive or library that holds the object file; empty if none or unknown.
    pub archive: Cow<'data, str>,
}

/// Code or data that a unit covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitRange {
    /// First position.
    pub start: u64,
    /// One past the last position.
    pub end: u64,
    /// Index into [`Image::units`].
    pub unit: u32,
}

/// Debug information that a unit consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitPart {
    /// Index into [`Image::sections`].
    pub section: u32,
    /// First byte, as an offset into the (decompressed) section.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// Index into [`Image::units`].
    pub unit: u32,
    /// Whether the boundaries are computed shares and not stated by the file.
    pub estimated: bool,
}

/// Bytes that exist on account of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Charge {
    /// First position.
    pub start: u64,
    /// One past the last position.
    pub end: u64,
    /// On whose account.
    pub on: Target,
}

/// On whose account a [`Charge`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Whatever owns this position.
    Pos(u64),
    /// The symbol at this index of [`Image::symbols`].
    Symbol(u32),
}

/// Where instructions lie on the line, sorted.
pub(crate) fn code_spans(sections: &[Section<'_>]) -> Vec<Range<u64>> {
    let mut code: Vec<Range<u64>> =
        sections.iter().filter(|s| s.executable && !s.span.is_empty()).map(|s| s.span.clone()).collect();
    order::spans(&mut code);
    code
}

/// Reads the facts of a file.
///
/// *Errors*: [`Error::UnknownFormat`] if the first bytes are of no known format,
/// [`Error::Malformed`] if there is no structure behind them. Everything else
/// that is wrong becomes a [`Diagnostic`].
pub fn read(input: &Input) -> Result<Image<'_>, Error> {
    read_detailed(input, Detail::Plain)
}

/// The same in as much detail as is asked for.
///
/// *Errors*: as [`read`].
pub fn read_detailed(input: &Input, detail: Detail) -> Result<Image<'_>, Error> {
    let bytes = input.bytes();
    let read = match bytes.starts_with(archive::MAGIC) || bytes.starts_with(archive::THIN_MAGIC) {
        true => Some(Ok(archive::read(bytes, detail))),
        false => macho::read(bytes, detail).or_else(|| read_image(bytes, detail)),
    };
    match read {
        Some(Ok(mut image)) => {
            image.settle_code(detail);
            Ok(image)
        }
        Some(Err(source)) => Err(Error::Malformed { path: input.path().to_path_buf(), source }),
        None => Err(Error::UnknownFormat { path: input.path().to_path_buf(), found: describe(bytes) }),
    }
}

impl Image<'_> {
    /// Where instructions come from is told of every file that was asked for it, if only that nothing is known.
    fn settle_code(&mut self, detail: Detail) {
        let has_all_rows = match detail {
            Detail::Plain => return,
            Detail::Functions => false,
            Detail::Lines | Detail::Code => true,
        };
        let code = self.code.get_or_insert_default();
        code.has_all_rows = has_all_rows;
        if detail == Detail::Lines {
            // Databases have the lines of what is inlined with its functions, so these were read.
            let CodeFacts { texts, lines, rows, .. } = std::mem::take(code);
            *code = CodeFacts { texts, lines, rows, has_all_rows, ..CodeFacts::default() };
        }
    }
}

/// Whether bytes begin like a file that is read here: a binary, an archive, a program database.
///
/// Object files of COFF have no first bytes of their own and are not told.
pub fn is_binary(start: &[u8]) -> bool {
    const FIRST: [&[u8]; 5] = [b"\x7fELF", b"MZ", wasm::MAGIC, archive::MAGIC, archive::THIN_MAGIC];
    FIRST.iter().any(|first| start.starts_with(first))
        || macho::is_thin(start)
        || macho::slices(start).is_some()
        || pdb::is_database(start)
}

/// What can go wrong before there is any structure to speak of.
pub(crate) type Fatal = Box<dyn std::error::Error + Send + Sync>;

/// Reads what is not an archive; `None` if its first bytes are of no known format.
fn read_image(bytes: &[u8], detail: Detail) -> Option<Result<Image<'_>, Fatal>> {
    if bytes.starts_with(b"\x7fELF") {
        return Some(elf::read(bytes, detail));
    }
    if bytes.starts_with(wasm::MAGIC) {
        return Some(wasm::read(bytes, detail));
    }
    if macho::is_thin(bytes) {
        return Some(macho::read_thin(bytes, detail));
    }
    pe::read(bytes, detail)
}

/// What bytes that are no known binary look like.
fn describe(bytes: &[u8]) -> Cow<'static, str> {
    let known: [(&[u8], &str); 6] = [
        (b"\xca\xfe\xba\xbe", "it looks like a Java class"),
        (b"BC\xc0\xde", "it looks like LLVM bitcode, which has no machine code to measure"),
        (b"PK\x03\x04", "it looks like a zip archive"),
        (b"\x1f\x8b", "it looks like gzip data"),
        (b"\x28\xb5\x2f\xfd", "it looks like zstd data"),
        (b"#!", "it looks like a script"),
    ];
    if bytes.is_empty() {
        return "it is empty".into();
    }
    if pdb::is_database(bytes) {
        return "it is a program database: debug information of a program, not the program".into();
    }
    if let Some((_, text)) = known.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*text).into();
    }
    let head = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    if head.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        return "it looks like text".into();
    }
    let hex: Vec<String> = head.iter().map(|b| format!("{b:02x}")).collect();
    format!("its first bytes are {}", hex.join(" ")).into()
}
