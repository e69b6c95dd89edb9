//! Short import objects: members of import libraries that stand for one function each.

use object::pe;

use super::headers::{FileHeader, is_anonymous};
use super::{imports, machine_of};
use crate::format::cursor::Cursor;
use crate::format::{
    Charge, Endian, Fatal, Format, Header, Image, Line, Member, Region, RegionPlace, Symbol, Target,
};
use crate::kind::Kind;

/// Size of the header.
const HEADER: u64 = 20;

/// Whether bytes start like one: no machine, and version 0.
pub(super) fn looks_like_one(data: &[u8]) -> bool {
    is_anonymous(data) && data.get(4..6) == Some(&[0, 0])
}

/// Reads one.
///
/// *Errors*: its header is cut off.
pub(super) fn read(data: &[u8]) -> Result<Image<'_>, Fatal> {
    let fields = fields(data).ok_or("the file ends inside the header of an import object")?;
    let len = data.len() as u64;
    let (line, _) = Line::lay(len, true, &[]);
    let mut names = data.get(HEADER as usize..).unwrap_or_default().split(|&b| b == 0);
    let name = names.next().unwrap_or_default();
    let library = names.next().map(|n| String::from_utf8_lossy(n).into_owned()).filter(|n| !n.is_empty());
    let header = FileHeader {
        machine: fields,
        sections: 0,
        symbols_at: 0,
        symbols: 0,
        optional_size: 0,
        flags: 0,
        symbol_size: 18,
    };
    let (arch, machine) = machine_of(&header, None, false);
    let header = Header {
        arch,
        file_type: "import object",
        bits: machine.bits,
        endian: machine.endian,
        needed: library.into_iter().collect(),
        ..Header::unknown(Format::Pe)
    };
    let region =
        |span, name: &'static str, kind| Region { span, name: name.into(), kind, place: RegionPlace::File };
    let end = HEADER.min(len);
    let (name, prefix) = super::symbols::undecorated(fields, name);
    Ok(Image {
        members: vec![Member::whole(&line, machine)],
        regions: vec![
            region(0..end, "import object header", Kind::Headers),
            region(end..len, "import names", Kind::Dynamic),
        ],
        charges: vec![Charge { start: 0, end: len, on: Target::Symbol(0) }],
        symbols: vec![Symbol { prefix, ..imports::import(name) }],
        ..Image::empty(header, line)
    })
}

/// The machine that a header states.
fn fields(data: &[u8]) -> Option<pe::Machine> {
    let mut c = Cursor::new(data, Endian::Little, &[]);
    c.skip(6)?;
    let machine = pe::Machine(c.u16()?);
    c.skip(HEADER - 8)?;
    Some(machine)
}
