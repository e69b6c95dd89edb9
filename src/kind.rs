//! The kinds of bytes, the same for every format.
//!
//! Knows no format: each reader says which kind a section of its own is.

/// What a run of bytes is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Instructions.
    Code,
    /// Constant data.
    Rodata,
    /// Writable data, and data the loader writes once.
    Data,
    /// Zero-filled memory: no file bytes.
    Bss,
    /// Unwind and exception tables.
    Unwind,
    /// Relocation tables.
    Relocations,
    /// Symbol and string tables that stripping removes.
    Symbols,
    /// What the dynamic linker reads: dynamic symbols, hashes, versions, GOT.
    Dynamic,
    /// Debug information.
    Debug,
    /// File, program and section headers and the names of sections.
    Headers,
    /// Bytes that only align what follows.
    Padding,
    /// Notes, build ids, comments.
    Metadata,
    /// Bytes that no header names.
    Unmapped,
}

impl Kind {
    /// Every kind, in the order reports list equals.
    pub const ALL: [Kind; 13] = [
        Kind::Code,
        Kind::Rodata,
        Kind::Data,
        Kind::Bss,
        Kind::Unwind,
        Kind::Relocations,
        Kind::Symbols,
        Kind::Dynamic,
        Kind::Debug,
        Kind::Headers,
        Kind::Padding,
        Kind::Metadata,
        Kind::Unmapped,
    ];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Code => "code",
            Kind::Rodata => "rodata",
            Kind::Data => "data",
            Kind::Bss => "bss",
            Kind::Unwind => "unwind",
            Kind::Relocations => "relocations",
            Kind::Symbols => "symbols",
            Kind::Dynamic => "dynamic",
            Kind::Debug => "debug",
            Kind::Headers => "headers",
            Kind::Padding => "padding",
            Kind::Metadata => "metadata",
            Kind::Unmapped => "unmapped",
        }
    }

    /// Whether the bytes are the program itself rather than an account of it.
    pub fn is_content(self) -> bool {
        matches!(self, Kind::Code | Kind::Rodata | Kind::Data | Kind::Bss)
    }
}
