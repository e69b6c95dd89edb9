//! What the loader is told: thread-local storage, and where control flow may go.

use object::pe;

use super::headers::File;
use super::mapped::Mapped;
use crate::format::{Charge, Region, RegionPlace, Target};
use crate::kind::Kind;

/// Structures of the loader.
#[derive(Default)]
pub(super) struct LoaderTables {
    pub regions: Vec<Region>,
    pub charges: Vec<Charge>,
    /// Whether the image also has code for another machine (ARM64EC, ARM64X).
    pub is_hybrid: bool,
}

/// Fields of `IMAGE_LOAD_CONFIG_DIRECTORY` by word size: offsets of a table's address, its
/// count behind it. Entries of guard tables can have bytes of flags behind the address.
struct Tables {
    /// Name, offset for 32 bit, offset for 64 bit, whether entries have flags.
    tables: [(&'static str, u64, u64, bool); 5],
    flags: (u64, u64),
    hybrid: (u64, u64),
}

const LOAD_CONFIG: Tables = Tables {
    tables: [
        ("safe exception handlers", 64, 96, false),
        ("control flow guard functions", 80, 128, true),
        ("control flow guard imports", 104, 160, true),
        ("control flow guard long jumps", 112, 176, true),
        ("control flow guard exception continuations", 164, 264, true),
    ],
    flags: (88, 144),
    hybrid: (124, 200),
};

/// Reads the directories of thread-local storage and of the load configuration.
pub(super) fn read(file: &File<'_>, mapped: &Mapped<'_, '_>) -> LoaderTables {
    let mut out = LoaderTables::default();
    thread_local(file, mapped, &mut out);
    load_config(file, mapped, &mut out);
    out
}

impl LoaderTables {
    fn region(&mut self, span: Option<std::ops::Range<u64>>, name: &'static str) {
        if let Some(span) = span.filter(|s| !s.is_empty()) {
            let place = RegionPlace::InSection;
            self.regions.push(Region { span, name: name.into(), kind: Kind::Dynamic, place });
        }
    }
}

/// `IMAGE_TLS_DIRECTORY`, and the functions to call for each thread.
fn thread_local(file: &File<'_>, mapped: &Mapped<'_, '_>, out: &mut LoaderTables) -> Option<()> {
    let directory = file.directory(pe::IMAGE_DIRECTORY_ENTRY_TLS)?;
    let word = u64::from(mapped.word);
    let span = mapped.span(directory.rva, 4 * word + 8)?;
    out.region(Some(span.clone()), "TLS directory");
    let mut c = file.cursor(span.start)?.until(span.end);
    c.skip(3 * word)?;
    let callbacks = c.uint(mapped.word)?;
    let run = mapped.run(mapped.relative(callbacks)?)?;
    let mut list = file.cursor(run.start)?.until(run.end);
    // The list ends with a zero; nobody has more of them than this.
    for _ in 0..1024 {
        if list.uint(mapped.word).is_none_or(|function| function == 0) {
            break;
        }
    }
    out.region(Some(run.start..list.at()), "TLS callbacks");
    Some(())
}

fn load_config(file: &File<'_>, mapped: &Mapped<'_, '_>, out: &mut LoaderTables) -> Option<()> {
    let directory = file.directory(pe::IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG)?;
    let start = mapped.run(directory.rva)?;
    // The structure grows with each version of the system and starts with its size.
    let size = u64::from(file.cursor(start.start)?.u32()?).clamp(4, 4096);
    let span = mapped.span(directory.rva, size)?;
    out.region(Some(span.clone()), "load configuration");
    let (is_64, word) = (mapped.word == 8, mapped.word);
    let pick = |(narrow, wide): (u64, u64)| if is_64 { wide } else { narrow };
    let field = |at: u64, size: u8| {
        file.cursor(span.start.checked_add(at)?)?.until(span.end).uint(size).filter(|&value| value != 0)
    };
    out.is_hybrid = field(pick(LOAD_CONFIG.hybrid), word).is_some();
    let flags = field(pick(LOAD_CONFIG.flags), 4).unwrap_or_default();
    for (name, narrow, wide, has_flags) in LOAD_CONFIG.tables {
        let at = pick((narrow, wide));
        let (Some(table), Some(count)) = (field(at, word), field(at + u64::from(word), word)) else {
            continue;
        };
        let entry = 4 + if has_flags { flags >> 28 & 0xf } else { 0 };
        let Some(len) = count.checked_mul(entry) else { continue };
        let Some(span) = mapped.relative(table).and_then(|rva| mapped.span(rva, len)) else { continue };
        for index in 0..(span.end - span.start) / entry {
            let start = span.start + index * entry;
            let function = file.cursor(start).and_then(|mut c| c.u32()).and_then(|rva| mapped.pos(rva));
            out.charges.extend(function.map(|pos| Charge {
                start,
                end: start + entry,
                on: Target::Pos(pos),
            }));
        }
        out.region(Some(span), name);
    }
    Some(())
}
