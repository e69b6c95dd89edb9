//! Split units: what they say goes to the units that their skeletons are.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::format::dwarf::split::{self, Half, SplitKind};
use crate::format::{Image, elf};

/// Reads a `.dwo` file or a package of them.
///
/// *Errors*: none of its units is one that the binary has a skeleton of; in words.
pub(super) fn read(image: &mut Image<'_>, bytes: &[u8]) -> Result<(), String> {
    let wanted: HashSet<u64> = image.elsewhere.split_units.iter().map(|s| s.id).collect();
    if wanted.is_empty() {
        return Err("it holds split units, and the binary has none that are missing".to_string());
    }
    let picked = elf::pick(bytes, SplitKind::from_name).map_err(|why| why.to_string())?;
    let sections: Vec<(SplitKind, &[u8])> = picked.sections.iter().map(|(kind, b)| (*kind, &**b)).collect();
    let (halves, diagnostics) = split::read(&sections, picked.endian, &wanted);
    if halves.is_empty() {
        let id = wanted.iter().min().copied().unwrap_or_default();
        return Err(format!("it has none of the {} units that are wanted, such as {id:016x}", wanted.len()));
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
