//! What a database says becomes facts of the executable.

use super::Database;
use super::facts::{Facts, Placed};
use crate::format::{DebugInfo, Image, Symbol};
use crate::order;

/// Adds everything the database says to the image of its executable.
///
/// `image` must be of a linked executable, whose sections are listed in the order of
/// their headers. Units of debug information that the file has itself stay.
///
/// *Cost*: as [`Database::facts`].
pub fn adopt<'data>(image: &mut Image<'data>, database: &'data Database) {
    let (sections, line) = (&image.sections, &image.line);
    let locate = |section: u16, offset: u32| {
        let section = sections.get(usize::from(section.checked_sub(1)?))?;
        let left = section.size.checked_sub(offset.into()).filter(|&left| left > 0)?;
        let (pos, run) = line.locate(section.address.checked_add(offset.into())?)?;
        Some(Placed { pos, len: run.min(left) })
    };
    let Facts { symbols, units, unit_ranges, charges, functions, toolchain, sources, code, diagnostics } =
        database.facts(&locate);
    let addressed = |s: Symbol<'data>| {
        let address = s.pos.and_then(|pos| line.address(pos)).unwrap_or_default();
        Symbol { address, ..s }
    };
    let symbols: Vec<Symbol<'data>> = symbols.into_iter().map(addressed).collect();
    image.symbols.extend(symbols);
    image.charges.extend(charges);
    image.functions.extend(functions);
    order::spans(&mut image.functions);
    image.functions.dedup();
    image.diagnostics.extend(diagnostics);
    if image.units.is_empty() {
        (image.units, image.unit_ranges) = (units, unit_ranges);
        image.sources = sources;
        image.code = code.or(image.code.take());
        image.header.debug_info = image.header.debug_info.max(Some(DebugInfo::Pdb));
    }
    for tool in toolchain {
        if !image.header.toolchain.contains(&tool) {
            image.header.toolchain.push(tool);
        }
    }
}
