//! Load commands: the table of contents that follows the header.
//!
//! Each command is read once, here; what it points at is read by the other parts.

use std::ops::Range;

use object::macho;

use super::file::File;
use super::tables::Table;
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;

/// What the load commands state.
#[derive(Default)]
pub(super) struct Commands<'data> {
    /// The bytes of all commands that could be read.
    pub span: Range<u64>,
    /// In order of their numbers, which opcodes and fixups refer to.
    pub segments: Vec<SegmentCommand<'data>>,
    /// In order of their numbers, starting at 1, which symbols refer to.
    pub sections: Vec<SectionHeader<'data>>,
    pub symbols: Option<SymbolTable>,
    /// First entry and number of entries of the table of indirect symbols.
    pub indirect: Option<Range<u64>>,
    /// Tables outside sections, in order of their commands.
    pub tables: Vec<(Table, Range<u64>)>,
    pub uuid: Option<String>,
    pub needed: Vec<String>,
    pub toolchain: Vec<String>,
}

/// A segment.
#[derive(Clone)]
pub(super) struct SegmentCommand<'data> {
    pub name: &'data [u8],
    pub address: u64,
    pub memory_size: u64,
    /// As stated: it may end after the file.
    pub file: Range<u64>,
    /// The most access there can be: 1 to read, 2 to write, 4 to execute.
    pub access: u32,
}

/// A section.
#[derive(Clone)]
pub(super) struct SectionHeader<'data> {
    pub segment: &'data [u8],
    pub name: &'data [u8],
    /// Index into [`Commands::segments`].
    pub parent: usize,
    pub address: u64,
    pub size: u64,
    pub offset: u64,
    /// As a power of two.
    pub align: u32,
    pub relocations: Range<u64>,
    pub flags: u32,
    /// For tables of pointers and stubs: where in the indirect symbols theirs start.
    pub reserved1: u32,
    /// For stubs: their size.
    pub reserved2: u32,
}

impl SectionHeader<'_> {
    pub fn section_type(&self) -> macho::SectionType {
        macho::SectionType((self.flags & macho::SECTION_TYPE) as u8)
    }

    pub fn has(&self, attribute: macho::SectionFlags) -> bool {
        self.flags & attribute.0 != 0
    }

    /// Whether its bytes are zeros that the file does not spell out.
    pub fn is_zero_fill(&self) -> bool {
        let kind = self.section_type();
        matches!(kind, macho::S_ZEROFILL | macho::S_GB_ZEROFILL | macho::S_THREAD_LOCAL_ZEROFILL)
    }
}

/// The symbol table.
#[derive(Clone)]
pub(super) struct SymbolTable {
    pub offset: u64,
    pub count: u32,
    pub strings: Range<u64>,
}

/// The most libraries and tools worth listing.
const LIMIT: usize = 4096;

impl<'data> Commands<'data> {
    /// The range of a table, if there is one.
    pub fn table(&self, wanted: Table) -> Option<Range<u64>> {
        self.tables.iter().find(|(table, _)| *table == wanted).map(|(_, range)| range.clone())
    }

    /// Reads all load commands.
    pub fn read(file: &File<'data>, diagnostics: &mut Vec<Diagnostic>) -> Commands<'data> {
        let mut commands = Commands::default();
        let stated = file.header_len()..file.header_len() + u64::from(file.commands_len);
        let all = file.bytes(&stated);
        let mut at = 0u64;
        for index in 0..file.command_count {
            let head = file.cursor(all).from(at).and_then(|mut c| {
                let (command, len) = (c.u32()?, u64::from(c.u32()?));
                let mut rest = file.cursor(all).from(at)?;
                (len >= 8).then_some(())?;
                rest.skip(len)?;
                Some((macho::LoadCommandType(command), len, c.until(at + len)))
            });
            let Some((command, len, c)) = head else {
                let offset = file.header_len() + at;
                let text = format!(
                    "load command {index} of {} at {offset:#x} has a length that cannot be; it and what follows are not read",
                    file.command_count
                );
                diagnostics.push(Diagnostic::warning("load-command", text).at(offset));
                break;
            };
            if commands.one(file, command, at, c).is_none() && diagnostics.len() < 20 {
                let offset = file.header_len() + at;
                let text =
                    format!("load command {index} at {offset:#x} is too short for its type {:#x}", command.0);
                diagnostics.push(Diagnostic::warning("load-command", text).at(offset));
            }
            at += len;
        }
        commands.span = file.clip(stated.start, u64::from(file.commands_len));
        commands.report(file, diagnostics);
        commands
    }

    /// Notes what ends after the end of the file.
    fn report(&self, file: &File<'data>, diagnostics: &mut Vec<Diagnostic>) {
        let out = self.tables.iter().filter(|(_, range)| range.end > file.len());
        for (table, range) in out.take(8) {
            let text = format!(
                "the {} ends at {:#x}, after the end of the file ({:#x})",
                table.name(),
                range.end,
                file.len()
            );
            let bytes = range.end - range.start.max(file.len());
            diagnostics.push(Diagnostic::warning("table-out-of-file", text).at(range.start).bytes(bytes));
        }
    }

    /// Reads one command; `None` if it is shorter than its type says.
    ///
    /// `c` stands behind type and length and ends where the command ends.
    fn one(
        &mut self,
        file: &File<'data>,
        command: macho::LoadCommandType,
        start: u64,
        mut c: Cursor<'data, 'static>,
    ) -> Option<()> {
        match command {
            macho::LC_SEGMENT => self.segment(c, 4)?,
            macho::LC_SEGMENT_64 => self.segment(c, 8)?,
            macho::LC_SYMTAB => self.symtab(file, c)?,
            macho::LC_DYSYMTAB => self.dysymtab(c)?,
            macho::LC_DYLD_INFO | macho::LC_DYLD_INFO_ONLY => {
                let tables = [Table::Rebase, Table::Bind, Table::WeakBind, Table::LazyBind, Table::Exports];
                for table in tables {
                    self.linkedit(table, &mut c)?;
                }
            }
            macho::LC_UUID => {
                let mut text = String::with_capacity(32);
                for _ in 0..16 {
                    text.push_str(&format!("{:02x}", c.u8()?));
                }
                self.uuid = Some(text);
            }
            macho::LC_LOAD_DYLIB
            | macho::LC_LOAD_WEAK_DYLIB
            | macho::LC_REEXPORT_DYLIB
            | macho::LC_LAZY_LOAD_DYLIB
            | macho::LC_LOAD_UPWARD_DYLIB => {
                let name = string(c, start)?;
                push(&mut self.needed, name);
            }
            macho::LC_BUILD_VERSION => self.build_version(c)?,
            macho::LC_VERSION_MIN_MACOSX => self.minimum("macOS", c)?,
            macho::LC_VERSION_MIN_IPHONEOS => self.minimum("iOS", c)?,
            macho::LC_VERSION_MIN_TVOS => self.minimum("tvOS", c)?,
            macho::LC_VERSION_MIN_WATCHOS => self.minimum("watchOS", c)?,
            macho::LC_SOURCE_VERSION => {
                let version = c.u64()?;
                if version != 0 {
                    push(&mut self.toolchain, format!("source version {}", source_version(version)));
                }
            }
            macho::LC_TARGET_TRIPLE => {
                let triple = string(c, start)?;
                push(&mut self.toolchain, format!("target {triple}"));
            }
            macho::LC_TWOLEVEL_HINTS => {
                let (offset, count) = (u64::from(c.u32()?), u64::from(c.u32()?));
                self.table_at(Table::TwoLevelHints, offset, count * 4);
            }
            macho::LC_NOTE => {
                c.skip(16)?;
                let (offset, len) = (c.u64()?, c.u64()?);
                self.table_at(Table::Note, offset, len);
            }
            other => {
                let table = match other {
                    macho::LC_CODE_SIGNATURE => Table::CodeSignature,
                    macho::LC_SEGMENT_SPLIT_INFO => Table::SplitInfo,
                    macho::LC_FUNCTION_STARTS => Table::FunctionStarts,
                    macho::LC_DATA_IN_CODE => Table::DataInCode,
                    macho::LC_DYLIB_CODE_SIGN_DRS => Table::CodeSigningRequirements,
                    macho::LC_LINKER_OPTIMIZATION_HINT => Table::OptimizationHints,
                    macho::LC_DYLD_EXPORTS_TRIE => Table::Exports,
                    macho::LC_DYLD_CHAINED_FIXUPS => Table::ChainedFixups,
                    macho::LC_ATOM_INFO => Table::AtomInfo,
                    macho::LC_FUNCTION_VARIANTS => Table::FunctionVariants,
                    macho::LC_FUNCTION_VARIANT_FIXUPS => Table::FunctionVariantFixups,
                    _ => return Some(()),
                };
                self.linkedit(table, &mut c)?;
            }
        }
        Some(())
    }

    /// A table that a command states by offset and length.
    fn linkedit(&mut self, table: Table, c: &mut Cursor<'data, 'static>) -> Option<()> {
        let (offset, len) = (c.u32()?, c.u32()?);
        self.table_at(table, u64::from(offset), u64::from(len));
        Some(())
    }

    fn table_at(&mut self, table: Table, offset: u64, len: u64) {
        if len > 0 {
            self.tables.push((table, offset..offset.saturating_add(len)));
        }
    }

    fn segment(&mut self, mut c: Cursor<'data, 'static>, word: u8) -> Option<()> {
        let name = fixed_name(c.bytes(16)?);
        let (address, memory_size) = (c.uint(word)?, c.uint(word)?);
        let (offset, file_size) = (c.uint(word)?, c.uint(word)?);
        let access = c.u32()?;
        c.skip(4)?;
        let count = c.u32()?;
        c.skip(4)?;
        let parent = self.segments.len();
        let file = offset..offset.saturating_add(file_size);
        self.segments.push(SegmentCommand { name, address, memory_size, file, access });
        for _ in 0..count {
            let name = fixed_name(c.bytes(16)?);
            let segment = fixed_name(c.bytes(16)?);
            let (address, size) = (c.uint(word)?, c.uint(word)?);
            let (offset, align) = (u64::from(c.u32()?), c.u32()?);
            let (relocations, relocation_count) = (u64::from(c.u32()?), u64::from(c.u32()?));
            let (flags, reserved1, reserved2) = (c.u32()?, c.u32()?, c.u32()?);
            if word == 8 {
                c.skip(4)?;
            }
            let relocations = relocations..relocations + relocation_count * 8;
            self.sections.push(SectionHeader {
                segment,
                name,
                parent,
                address,
                size,
                offset,
                align,
                relocations,
                flags,
                reserved1,
                reserved2,
            });
        }
        Some(())
    }

    fn symtab(&mut self, file: &File<'data>, mut c: Cursor<'data, 'static>) -> Option<()> {
        let (offset, count) = (u64::from(c.u32()?), c.u32()?);
        let (strings, strings_len) = (u64::from(c.u32()?), u64::from(c.u32()?));
        let entry = if file.is_64 { 16 } else { 12 };
        self.table_at(Table::Symbols, offset, u64::from(count) * entry);
        self.table_at(Table::Strings, strings, strings_len);
        self.symbols = Some(SymbolTable { offset, count, strings: strings..strings + strings_len });
        Some(())
    }

    fn dysymtab(&mut self, mut c: Cursor<'data, 'static>) -> Option<()> {
        // Where local, defined and undefined symbols start: their types say that too.
        c.skip(24)?;
        let word = 4;
        let entries = [
            (Table::Contents, 8),
            (Table::Modules, 56),
            (Table::ExternalReferences, word),
            (Table::IndirectSymbols, word),
            (Table::ExternalRelocations, 8),
            (Table::LocalRelocations, 8),
        ];
        for (table, entry) in entries {
            let (offset, count) = (u64::from(c.u32()?), u64::from(c.u32()?));
            self.table_at(table, offset, count * entry);
            if table == Table::IndirectSymbols && count > 0 {
                self.indirect = Some(offset..offset + count * entry);
            }
        }
        Some(())
    }

    fn build_version(&mut self, mut c: Cursor<'data, 'static>) -> Option<()> {
        let platform = macho::Platform(c.u32()?);
        let (minimum, sdk, count) = (c.u32()?, c.u32()?, c.u32()?);
        let platform = match platform {
            macho::PLATFORM_MACOS => "macOS".to_string(),
            macho::PLATFORM_IOS => "iOS".to_string(),
            macho::PLATFORM_TVOS => "tvOS".to_string(),
            macho::PLATFORM_WATCHOS => "watchOS".to_string(),
            macho::PLATFORM_BRIDGEOS => "bridgeOS".to_string(),
            macho::PLATFORM_MACCATALYST => "Mac Catalyst".to_string(),
            macho::PLATFORM_IOSSIMULATOR => "iOS Simulator".to_string(),
            macho::PLATFORM_TVOSSIMULATOR => "tvOS Simulator".to_string(),
            macho::PLATFORM_WATCHOSSIMULATOR => "watchOS Simulator".to_string(),
            macho::PLATFORM_DRIVERKIT => "DriverKit".to_string(),
            macho::PLATFORM_VISIONOS => "visionOS".to_string(),
            macho::PLATFORM_VISIONOSSIMULATOR => "visionOS Simulator".to_string(),
            other => format!("platform {}", other.0),
        };
        let (minimum, sdk) = (version(minimum), version(sdk));
        push(&mut self.toolchain, format!("{platform} {minimum} or later, SDK {sdk}"));
        for _ in 0..count {
            let (tool, version) = (macho::Tool(c.u32()?), version(c.u32()?));
            let tool = match tool {
                macho::TOOL_CLANG => "clang".to_string(),
                macho::TOOL_SWIFT => "swift".to_string(),
                macho::TOOL_LD => "ld".to_string(),
                // As LLVM numbers its own linker.
                macho::Tool(4) => "lld".to_string(),
                other => format!("tool {}", other.0),
            };
            push(&mut self.toolchain, format!("{tool} {version}"));
        }
        Some(())
    }

    fn minimum(&mut self, platform: &str, mut c: Cursor<'data, 'static>) -> Option<()> {
        let (minimum, sdk) = (version(c.u32()?), version(c.u32()?));
        push(&mut self.toolchain, format!("{platform} {minimum} or later, SDK {sdk}"));
        Some(())
    }
}

/// Adds a text, unless it is known or there are too many.
fn push(list: &mut Vec<String>, text: String) {
    if list.len() < LIMIT && !list.contains(&text) {
        list.push(text);
    }
}

/// A name in a field of its own, filled up with zeros.
fn fixed_name(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// The text whose offset from the start of its command comes next.
fn string(mut c: Cursor<'_, 'static>, start: u64) -> Option<String> {
    let offset = start.checked_add(u64::from(c.u32()?))?;
    let text = c.from(offset)?.rest();
    let text = text.split(|&b| b == 0).next().unwrap_or_default();
    Some(String::from_utf8_lossy(text).into_owned())
}

/// `X.Y.Z` in four bytes, without a last zero.
fn version(packed: u32) -> String {
    let (major, minor, patch) = (packed >> 16, (packed >> 8) & 0xff, packed & 0xff);
    if patch == 0 { format!("{major}.{minor}") } else { format!("{major}.{minor}.{patch}") }
}

/// `A.B.C.D.E` in eight bytes, without zeros at its end.
fn source_version(packed: u64) -> String {
    let parts = [
        packed >> 40,
        (packed >> 30) & 0x3ff,
        (packed >> 20) & 0x3ff,
        (packed >> 10) & 0x3ff,
        packed & 0x3ff,
    ];
    let used = parts.iter().rposition(|&p| p != 0).map_or(1, |last| last + 1);
    let texts: Vec<String> = parts.iter().take(used).map(u64::to_string).collect();
    texts.join(".")
}
