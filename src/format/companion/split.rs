//! Split units: what they say goes to the units that their skeletons are.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::format::dwarf::DebugKind;
use crate::format::dwarf::split::{self, Binary, Half, Halves, Skeletons, SplitKind};
use crate::format::{Detail, Endian, Image, code_spans, elf};

/// Reads a `.dwo` file or a package of them; with `detail` their functions too, of which the other halves are
/// `skeletons` in the file with the bytes `binary`. These are read when they are first needed: there may be a file for
/// each.
///
/// *Errors*: none of its units is one that the binary has a skeleton of; in words.
pub(super) fn read<'b>(
    image: &mut Image<'_>,
    bytes: &[u8],
    binary: &'b [u8],
    skeletons: &mut Option<Skeletons<'b>>,
    detail: Detail,
) -> Result<(), String> {
    let wanted: HashSet<u64> = image.elsewhere.split_units.iter().map(|s| s.id).collect();
    if wanted.is_empty() {
        return Err("it holds split units, and the binary has none that are missing".to_string());
    }
    let picked = elf::pick(bytes, SplitKind::from_name).map_err(|why| why.to_string())?;
    let sections: Vec<(SplitKind, &[u8])> = picked.sections.iter().map(|(kind, b)| (*kind, &**b)).collect();
    let code = code_spans(&image.sections);
    let binary = match detail {
        Detail::Plain | Detail::Lines => None,
        Detail::Functions | Detail::Code => Some(Binary {
            skeletons: skeletons.get_or_insert_with(|| skeletons_in(binary, &wanted)),
            line: &image.line,
            code: &code,
        }),
    };
    let Halves { halves, code, diagnostics } = split::read(&sections, picked.endian, &wanted, binary);
    if halves.is_empty() {
        let id = wanted.iter().min().copied().unwrap_or_default();
        return Err(format!("it has none of the {} units that are wanted, such as {id:016x}", wanted.len()));
    }
    if let Some(code) = code {
        image.code.get_or_insert_default().absorb(code, Some);
    }
    image.diagnostics.extend(picked.diagnostics.into_iter().chain(diagnostics));
    let by_id: HashMap<u64, Half> = halves.into_iter().map(|half| (half.id, half)).collect();
    let units = &mut image.units;
    image.elsewhere.split_units.retain(|skeleton| {
        let Some(half) = by_id.get(&skeleton.id) else { return true };
        if let Some(unit) = units.get_mut(skeleton.unit as usize) {
            let put = |text: &mut Cow<'_, str>, new: &str| {
                if !new.is_empty() {
                    *text = Cow::Owned(new.to_string());
                }
            };
            put(&mut unit.name, &half.name);
            put(&mut unit.comp_dir, &half.comp_dir);
            put(&mut unit.producer, &half.producer);
            if half.language != 0 {
                unit.language = half.language;
            }
        }
        false
    });
    Ok(())
}

/// The skeletons of a binary, and the sections that their other halves refer to.
fn skeletons_in<'b>(binary: &'b [u8], wanted: &HashSet<u64>) -> Skeletons<'b> {
    use DebugKind as K;
    const KINDS: [DebugKind; 9] =
        [K::Abbrev, K::Addr, K::Info, K::Line, K::LineStr, K::Ranges, K::RngLists, K::Str, K::StrOffsets];
    let kind = |name: &str| DebugKind::from_name(name.as_bytes()).filter(|kind| KINDS.contains(kind));
    match elf::pick(binary, kind) {
        Ok(picked) => Skeletons::new(picked.sections, picked.endian, wanted),
        // It was read before, so it is a file of another format, which has no split units of its own.
        Err(_) => Skeletons::new(Vec::new(), Endian::Little, wanted),
    }
}
