//! Texts of units that several files share, as `dwz` makes them.

use std::borrow::Cow;

use crate::format::dwarf::DebugKind;
use crate::format::{Image, TextField, elf};

/// The most bytes of one text that are read.
const TEXT_LIMIT: usize = 4096;

/// Reads the texts that units have in the supplement.
///
/// *Errors*: it cannot be read; in words.
pub(super) fn read(image: &mut Image<'_>, bytes: &[u8]) -> Result<(), String> {
    let strings = |name: &str| DebugKind::from_name(name.as_bytes()).filter(|kind| *kind == DebugKind::Str);
    let picked = elf::pick(bytes, strings).map_err(|why| why.to_string())?;
    image.diagnostics.extend(picked.diagnostics);
    let Some((_, strings)) = picked.sections.first() else { return Err("it has no strings".to_string()) };
    for text in std::mem::take(&mut image.elsewhere.shared_texts) {
        let Some(unit) = image.units.get_mut(text.unit as usize) else { continue };
        let found = usize::try_from(text.offset).ok().and_then(|at| strings.get(at..));
        let Some(found) = found else { continue };
        let found = found.get(..found.len().min(TEXT_LIMIT)).unwrap_or_default();
        let found = found.split(|&b| b == 0).next().unwrap_or_default();
        let place = match text.field {
            TextField::Name => &mut unit.name,
            TextField::CompDir => &mut unit.comp_dir,
            TextField::Producer => &mut unit.producer,
        };
        *place = Cow::Owned(String::from_utf8_lossy(found).into_owned());
    }
    Ok(())
}
