//! The kinds of bytes, the same for every format.
//!
//! Knows no format: each reader says which kind a section of its own is. The kinds
//! of data are finer than sections: what is recognised in a section of constants or
//! data has a kind of its own, and [`Kind::Rodata`] and [`Kind::Data`] are the rest.

/// What a run of bytes is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Instructions.
    Code,
    /// Constant data that is nothing more particular.
    Rodata,
    /// Text: what string literals are compiled to.
    Strings,
    /// What `switch` and `match` are compiled to: offsets or addresses of their arms, or values.
    JumpTables,
    /// Writable data, and data the loader writes once, that is nothing more particular.
    Data,
    /// Tables of virtual functions: trait objects of Rust, classes of C++.
    Vtables,
    /// Places in source that a panic names: `core::panic::Location`, and paths that nothing else uses.
    PanicLocations,
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
    pub const ALL: [Kind; 17] = [
        Kind::Code,
        Kind::Rodata,
        Kind::Strings,
        Kind::JumpTables,
        Kind::Data,
        Kind::Vtables,
        Kind::PanicLocations,
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
            Kind::Strings => "strings",
            Kind::JumpTables => "jump-tables",
            Kind::Data => "data",
            Kind::Vtables => "vtables",
            Kind::PanicLocations => "panic-locations",
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
        self == Kind::Code || self.is_data()
    }

    /// Whether the bytes are data of the program, in the file or zero-filled.
    pub fn is_data(self) -> bool {
        self == Kind::Bss || self.is_stored_data()
    }

    /// Whether the bytes are data of the program that a file can hold.
    pub fn is_stored_data(self) -> bool {
        matches!(
            self,
            Kind::Rodata
                | Kind::Strings
                | Kind::JumpTables
                | Kind::Data
                | Kind::Vtables
                | Kind::PanicLocations
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_listed_in_the_order_of_their_numbers() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{kind:?}");
        }
    }
}
