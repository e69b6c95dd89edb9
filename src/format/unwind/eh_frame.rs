//! Call frame information: `.eh_frame`, its search table, and `.debug_frame`.
//!
//! Records are walked by hand: a record's function and its exception table stand
//! at its start, and the instructions behind them are of no interest here.

use gimli::constants as dw;

use crate::format::cursor::{Addend, Cursor, sign_extend};
use crate::format::unwind::{Found, Surroundings, UnwindFacts, UnwindSection, lsda};

/// What a common information entry says of the records that name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cie {
    /// Offset of the entry.
    offset: u64,
    /// How code addresses are encoded.
    code: dw::DwEhPe,
    /// How pointers to exception tables are encoded, if there are any.
    lsda: Option<dw::DwEhPe>,
    /// Whether records state the length of what augments them.
    is_sized: bool,
    address_size: u8,
    segment_size: u8,
}

/// A record's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    start: u64,
    /// One past the last byte.
    end: u64,
    /// Where what follows the id starts.
    body: u64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Terminator,
    Cie,
    /// A frame description; the offset of its common information entry.
    Fde(Option<u64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavor {
    EhFrame,
    DebugFrame,
}

/// Bases that encoded pointers are relative to, and the size of addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointers {
    pub(super) section: u64,
    pub(super) text: u64,
    pub(super) data: u64,
    pub(super) function: u64,
    pub(super) address_size: u8,
}

impl Pointers {
    fn highest(&self) -> u64 {
        u64::MAX >> (64 - 8 * u32::from(self.address_size.clamp(1, 8)))
    }

    /// Reads a pointer of encoding `enc`; `None` if it is cut off or of an unknown encoding.
    ///
    /// A pointer to a pointer gives the place of the latter.
    pub(super) fn read(&self, c: &mut Cursor<'_, '_>, enc: dw::DwEhPe) -> Option<u64> {
        let aligned = enc.0 & 0x70 == dw::DW_EH_PE_aligned.0;
        if aligned {
            let size = u64::from(self.address_size);
            let place = self.section.checked_add(c.at())?;
            c.skip(place.checked_next_multiple_of(size)? - place)?;
        }
        let at = c.at();
        let fixup = c.fixup();
        let raw = self.raw(c, enc)?;
        if let Some(fixup) = fixup {
            return Some(match fixup.addend {
                Addend::Included => fixup.value,
                Addend::Stored => fixup.value.wrapping_add(raw),
            });
        }
        let base = match dw::DwEhPe(enc.0 & 0x70) {
            dw::DW_EH_PE_absptr | dw::DW_EH_PE_aligned => 0,
            dw::DW_EH_PE_pcrel => self.section.wrapping_add(at),
            dw::DW_EH_PE_textrel => self.text,
            dw::DW_EH_PE_datarel => self.data,
            dw::DW_EH_PE_funcrel => self.function,
            _ => return None,
        };
        // A null pointer is null whatever it is relative to.
        Some(if raw == 0 { 0 } else { base.wrapping_add(raw) & self.highest() })
    }

    /// The number stored, with its sign.
    fn raw(&self, c: &mut Cursor<'_, '_>, enc: dw::DwEhPe) -> Option<u64> {
        let size = match dw::DwEhPe(enc.0 & 0x0f) {
            dw::DW_EH_PE_uleb128 => return c.uleb(),
            dw::DW_EH_PE_sleb128 => return c.sleb().map(|value| value as u64),
            _ => self.size(enc)?,
        };
        let raw = c.uint(size)?;
        let is_signed = enc.0 & 0x08 != 0;
        Some(if is_signed { sign_extend(raw, size) } else { raw })
    }

    /// How many bytes a pointer takes, where that is fixed.
    pub(super) fn size(&self, enc: dw::DwEhPe) -> Option<u8> {
        match dw::DwEhPe(enc.0 & 0x07) {
            dw::DW_EH_PE_absptr => Some(self.address_size),
            dw::DW_EH_PE_udata2 => Some(2),
            dw::DW_EH_PE_udata4 => Some(4),
            dw::DW_EH_PE_udata8 => Some(8),
            _ => None,
        }
    }
}

/// Reads `.eh_frame` with all that hangs on it: the search table of
/// `.eh_frame_hdr` and the exception tables of `.gcc_except_table`.
///
/// An object file may have several of the last one.
///
/// *Cost*: O(n log n) in the number of records.
pub fn read_eh_frame(
    eh_frame: &UnwindSection<'_>,
    search_table: Option<&UnwindSection<'_>>,
    exception_tables: &[UnwindSection<'_>],
    around: &Surroundings<'_>,
) -> UnwindFacts {
    let mut found = Found::default();
    let mut tables = lsda::Tables::default();
    frames(eh_frame, Flavor::EhFrame, around, &mut found, &mut tables);
    if let Some(section) = search_table {
        search(section, around, &mut found);
    }
    lsda::charge(exception_tables, tables, around, &mut found);
    found.into_facts()
}

/// Reads the records of `.eh_frame`; exception tables are only noted.
pub(super) fn records(
    section: &UnwindSection<'_>,
    around: &Surroundings<'_>,
    found: &mut Found,
    tables: &mut lsda::Tables,
) {
    frames(section, Flavor::EhFrame, around, found, tables);
}

/// Reads `.debug_frame`, which must not be compressed: its bytes need positions.
///
/// Its functions are not reported, as debug information names them too.
pub fn read_debug_frame(section: &UnwindSection<'_>, around: &Surroundings<'_>) -> UnwindFacts {
    let mut found = Found::default();
    frames(section, Flavor::DebugFrame, around, &mut found, &mut lsda::Tables::default());
    found.functions.clear();
    found.into_facts()
}

/// Walks the records of a section twice: for what they share, then for each.
fn frames(
    section: &UnwindSection<'_>,
    flavor: Flavor,
    around: &Surroundings<'_>,
    found: &mut Found,
    tables: &mut lsda::Tables,
) {
    let name = match flavor {
        Flavor::EhFrame => ".eh_frame",
        Flavor::DebugFrame => ".debug_frame",
    };
    let all = Cursor::new(section.bytes, around.endian, section.fixups);
    let pointers = Pointers {
        section: section.address,
        text: around.text_base,
        data: around.data_base,
        function: 0,
        address_size: around.address_size,
    };
    let len = section.bytes.len() as u64;

    // The smallest records of compilers have 20 bytes.
    found.charges.reserve(section.bytes.len() / 20);
    let mut cies: Vec<Cie> = Vec::new();
    let mut at = 0;
    while at < len {
        let Some(record) = record(all, at, flavor) else { break };
        if record.what == What::Cie {
            cies.extend(cie(all, &record, &pointers));
            found.region(section, record.start, record.end, "CIE");
        }
        at = record.end;
    }

    let mut last = cies.first().copied();
    let mut at = 0;
    while at < len {
        let Some(record) = record(all, at, flavor) else {
            let what = || format!("the record at {at:#x} of `{name}` has a length that cannot be");
            found.complain(section, at, "unwind-record", what);
            break;
        };
        at = record.end;
        let wanted = match record.what {
            What::Terminator => {
                found.region(section, record.start, record.end, "terminator");
                continue;
            }
            What::Cie => continue,
            What::Fde(wanted) => wanted,
        };
        if last.map(|cie| cie.offset) != wanted {
            let i = wanted.and_then(|wanted| cies.binary_search_by_key(&wanted, |cie| cie.offset).ok());
            last = i.and_then(|i| cies.get(i)).copied();
        }
        let read = last.and_then(|cie| fde(all, &record, &cie, pointers));
        let Some((address, size, lsda)) = read else {
            let what = || {
                format!("the record at {:#x} of `{name}` names no entry it could be read by", record.start)
            };
            found.complain(section, record.start, "unwind-record", what);
            continue;
        };
        match found.span(around, address, size) {
            Some(span) => {
                found.charge(section, record.start, record.end, span.start);
                if let Some(pos) = lsda.filter(|&lsda| lsda != 0).and_then(|lsda| around.line.pos(lsda)) {
                    tables.add(pos, span.start);
                }
                found.functions.push(span);
            }
            None => found.region(section, record.start, record.end, "dead FDE"),
        }
    }
}

/// Reads a record's header; `None` if its length leads out of the section.
fn record(all: Cursor<'_, '_>, start: u64, flavor: Flavor) -> Option<Record> {
    let mut c = all.from(start)?;
    let (len, word) = c.initial_length()?;
    if len == 0 {
        return Some(Record { start, end: c.at(), body: c.at(), what: What::Terminator });
    }
    let after_length = c.at();
    let mut rest = c;
    rest.skip(len)?;
    let end = rest.at();
    let mut c = c.until(end);
    // In `.eh_frame` the id has 4 bytes whatever the format of the length.
    let size = if flavor == Flavor::EhFrame { 4 } else { word };
    let Some(id) = c.fixed(size) else {
        return Some(Record { start, end, body: end, what: What::Fde(None) });
    };
    let what = match flavor {
        Flavor::EhFrame if id == 0 => What::Cie,
        Flavor::EhFrame => What::Fde(after_length.checked_sub(id)),
        Flavor::DebugFrame if id == u64::MAX >> (64 - 8 * u32::from(size)) => What::Cie,
        Flavor::DebugFrame => What::Fde(Some(id)),
    };
    Some(Record { start, end, body: c.at(), what })
}

/// Reads a common information entry as far as records depend on it.
fn cie(all: Cursor<'_, '_>, record: &Record, pointers: &Pointers) -> Option<Cie> {
    let mut c = all.from(record.body)?.until(record.end);
    let version = c.u8()?;
    if !matches!(version, 1 | 3 | 4) {
        return None;
    }
    let augmentation = c.cstr()?;
    let mut cie = Cie {
        offset: record.start,
        code: dw::DW_EH_PE_absptr,
        lsda: None,
        is_sized: augmentation.first() == Some(&b'z'),
        address_size: pointers.address_size,
        segment_size: 0,
    };
    if version == 4 {
        cie.address_size = c.u8()?;
        cie.segment_size = c.u8()?;
        if !matches!(cie.address_size, 1 | 2 | 4 | 8) || !matches!(cie.segment_size, 0 | 1 | 2 | 4 | 8) {
            return None;
        }
    }
    if augmentation.starts_with(b"eh") {
        // A pointer that only compilers before 2001 wrote.
        c.skip(u64::from(cie.address_size))?;
    }
    c.uleb()?;
    c.sleb()?;
    if version == 1 {
        c.u8()?;
    } else {
        c.uleb()?;
    }
    if cie.is_sized {
        c.uleb()?;
        for letter in augmentation.iter().skip(1) {
            match letter {
                b'R' => cie.code = dw::DwEhPe(c.u8()?),
                b'L' => cie.lsda = Some(dw::DwEhPe(c.u8()?)).filter(|&enc| enc != dw::DW_EH_PE_omit),
                b'P' => {
                    let enc = dw::DwEhPe(c.u8()?);
                    if enc != dw::DW_EH_PE_omit {
                        pointers.read(&mut c, enc)?;
                    }
                }
                b'S' | b'B' | b'G' => {}
                // What follows an unknown letter cannot be found.
                _ => break,
            }
        }
    }
    Some(cie)
}

/// Reads a record: address and size of its function, and its exception table.
fn fde(all: Cursor<'_, '_>, record: &Record, cie: &Cie, bases: Pointers) -> Option<(u64, u64, Option<u64>)> {
    let mut c = all.from(record.body)?.until(record.end);
    let mut pointers = Pointers { address_size: cie.address_size, ..bases };
    c.skip(u64::from(cie.segment_size))?;
    let address = pointers.read(&mut c, cie.code)?;
    // The size has the format of the address and is relative to nothing.
    let size = match (c.fixup(), pointers.size(cie.code)) {
        (Some(_), Some(size)) => c.fixed(size)?,
        _ => pointers.raw(&mut c, cie.code)?,
    };
    let mut lsda = None;
    if cie.is_sized {
        c.uleb()?;
        if let Some(enc) = cie.lsda {
            pointers.function = address;
            lsda = pointers.read(&mut c, enc).filter(|_| enc.0 & dw::DW_EH_PE_indirect.0 == 0);
        }
    }
    Some((address, size & pointers.highest(), lsda))
}

/// Reads `.eh_frame_hdr`: a header, then pairs of function and record, sorted for searching.
fn search(section: &UnwindSection<'_>, around: &Surroundings<'_>, found: &mut Found) {
    let mut c = Cursor::new(section.bytes, around.endian, section.fixups);
    let pointers = Pointers {
        section: section.address,
        text: around.text_base,
        // Here "relative to data" means relative to the section itself.
        data: section.address,
        function: 0,
        address_size: around.address_size,
    };
    let mut header = || {
        let (version, frame, count, table) = (c.u8()?, c.u8()?, c.u8()?, c.u8()?);
        (version == 1).then_some(())?;
        if dw::DwEhPe(frame) != dw::DW_EH_PE_omit {
            pointers.read(&mut c, dw::DwEhPe(frame))?;
        }
        let omit = dw::DW_EH_PE_omit.0;
        let n = if count == omit || table == omit { 0 } else { pointers.read(&mut c, dw::DwEhPe(count))? };
        Some((n, dw::DwEhPe(table)))
    };
    let Some((n, enc)) = header() else {
        let what = || "the header of `.eh_frame_hdr` is cut off or of an unknown version".to_owned();
        found.complain(section, 0, "unwind-search-table", what);
        return;
    };
    found.region(section, 0, c.at(), "search table header");
    for i in 0..n {
        let start = c.at();
        let (Some(address), Some(_)) = (pointers.read(&mut c, enc), pointers.read(&mut c, enc)) else {
            let what = || format!("`.eh_frame_hdr` ends before entry {i} of the {n} it states");
            found.complain(section, start, "unwind-search-table", what);
            break;
        };
        match found.located(around, address) {
            Some((function, _)) => found.charge(section, start, c.at(), function),
            None => found.region(section, start, c.at(), "dead FDE"),
        }
    }
}
