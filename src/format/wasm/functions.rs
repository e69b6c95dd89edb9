//! The functions of a module: where their bodies are, what imports and exports
//! call them, which bytes of other sections exist because of them.
//!
//! Imported functions come first in the numbering (core specification, 5.5.5
//! and 2.5.1).

use std::ops::Range;

use super::operators::value_type;
use super::sections::name;
use super::{Module, Reader, Trouble};
use crate::error::Diagnostic;
use crate::format::{Charge, Target};

/// All functions of a module.
#[derive(Debug, Default)]
pub(super) struct Functions<'data> {
    /// Names of imported functions, and the entries that import them.
    pub imports: Vec<(&'data [u8], Range<u64>)>,
    /// Entries of the function section.
    pub declared: Vec<Range<u64>>,
    /// Entries of the code section, with the length each starts with.
    pub bodies: Vec<Range<u64>>,
    /// Exported functions: name, number, entry.
    pub exports: Vec<(&'data [u8], u64, Range<u64>)>,
    /// The number of the function that is run first, and where that is stated.
    pub start: Option<(u64, Range<u64>)>,
    /// Whether the first memory has addresses of 64 bits.
    pub is_64: bool,
}

/// Number of the kind `func` in import and export entries; `func exact` in imports.
const FUNCTION: u8 = 0x00;
const FUNCTION_EXACT: u8 = 0x20;

impl<'data> Functions<'data> {
    pub fn read(module: &Module<'data>, trouble: &mut Trouble) -> Functions<'data> {
        let mut all = Functions::default();
        let mut has_memory = false;
        for section in &module.sections {
            let c = module.reader(section);
            let mut memory = |is_64: bool| {
                all.is_64 |= is_64 && !has_memory;
                has_memory = true;
            };
            let fine = match section.id {
                2 => imports(c, &mut all.imports, &mut memory),
                3 => list(c, |c| {
                    let start = c.at();
                    c.uleb()?;
                    all.declared.push(start..c.at());
                    Some(())
                }),
                5 => list(c, |c| limits(c).map(&mut memory)),
                7 => exports(c, &mut all.exports),
                8 => start(c, &mut all.start),
                10 => bodies(c, &mut all.bodies),
                _ => continue,
            };
            if let Err(at) = fine {
                unread(section.id, at, section.contents.end, trouble);
            }
        }
        all
    }

    /// What charges on account of a function go to.
    pub fn target(&self, number: u64) -> Option<Target> {
        let number = usize::try_from(number).ok()?;
        match number.checked_sub(self.imports.len()) {
            None => Some(Target::Symbol(number as u32)),
            Some(defined) => self.bodies.get(defined).map(|body| Target::Pos(body.start)),
        }
    }

    /// The body of a function, unless it is imported.
    pub fn body(&self, number: u64) -> Option<&Range<u64>> {
        let number = usize::try_from(number).ok()?;
        self.bodies.get(number.checked_sub(self.imports.len())?)
    }

    /// The entries that exist on account of one function each.
    pub fn charges(&self, charges: &mut Vec<Charge>) {
        let mut charge = |span: &Range<u64>, number: u64| {
            let on = self.target(number);
            charges.extend(on.map(|on| Charge { start: span.start, end: span.end, on }));
        };
        let imported = self.imports.len() as u64;
        for (number, (_, entry)) in (0..).zip(&self.imports) {
            charge(entry, number);
        }
        for (number, entry) in (imported..).zip(&self.declared) {
            charge(entry, number);
        }
        for (_, number, entry) in &self.exports {
            charge(entry, *number);
        }
        if let Some((number, entry)) = &self.start {
            charge(entry, *number);
        }
    }
}

/// Puts on record where the entries of a section cannot be read on.
pub(super) fn unread(id: u8, at: u64, end: u64, trouble: &mut Trouble) {
    trouble.add("wasm-section-unread", || {
        let name = super::standard_name(id).unwrap_or("unknown");
        let text = format!("the {name} section is not read from {at:#x} on");
        Diagnostic::warning("wasm-section-unread", text).at(at).bytes(end.saturating_sub(at))
    });
}

/// How reading a section went: where it could not be read on.
pub(super) type Outcome = Result<(), u64>;

/// Reads a list that starts with its length.
pub(super) fn list<'data>(
    mut c: Reader<'data>,
    mut entry: impl FnMut(&mut Reader<'data>) -> Option<()>,
) -> Outcome {
    let count = c.uleb().ok_or(c.at())?;
    for _ in 0..count {
        let start = c.at();
        entry(&mut c).ok_or(start)?;
    }
    Ok(())
}

/// The import section, with the compact entries that share a module or a type.
fn imports<'data>(
    c: Reader<'data>,
    functions: &mut Vec<(&'data [u8], Range<u64>)>,
    memory: &mut impl FnMut(bool),
) -> Outcome {
    /// In place of a kind: what follows are names and types.
    const SAME_MODULE: u8 = 0x7f;
    /// In place of a kind: what follows is a type and names.
    const SAME_TYPE: u8 = 0x7e;
    list(c, |c| {
        let start = c.at();
        name(c)?;
        let field = name(c)?;
        match (field.is_empty(), c.peek()?) {
            (true, SAME_MODULE) => {
                c.skip(1)?;
                for _ in 0..c.uleb()? {
                    let start = c.at();
                    let field = name(c)?;
                    if external_type(c, memory)? {
                        functions.push((field, start..c.at()));
                    }
                }
            }
            (true, SAME_TYPE) => {
                c.skip(1)?;
                let is_function = external_type(c, memory)?;
                for _ in 0..c.uleb()? {
                    let start = c.at();
                    let field = name(c)?;
                    if is_function {
                        functions.push((field, start..c.at()));
                    }
                }
            }
            _ => {
                if external_type(c, memory)? {
                    functions.push((field, start..c.at()));
                }
            }
        }
        Some(())
    })
}

/// Passes over what is imported; says whether it is a function.
fn external_type(c: &mut Reader<'_>, memory: &mut impl FnMut(bool)) -> Option<bool> {
    match c.u8()? {
        FUNCTION | FUNCTION_EXACT => {
            c.uleb()?;
            return Some(true);
        }
        0x01 => {
            value_type(c)?;
            limits(c)?;
        }
        0x02 => memory(limits(c)?),
        0x03 => {
            value_type(c)?;
            c.skip(1)?;
        }
        0x04 => {
            c.skip(1)?;
            c.uleb()?;
        }
        _ => return None,
    }
    Some(false)
}

/// Passes over the limits of a table or memory; says whether it has addresses of 64 bits.
fn limits(c: &mut Reader<'_>) -> Option<bool> {
    const HAS_MAXIMUM: u8 = 1;
    const IS_64: u8 = 4;
    const HAS_PAGE_SIZE: u8 = 8;
    let flags = c.u8()?;
    c.uleb()?;
    if flags & HAS_MAXIMUM != 0 {
        c.uleb()?;
    }
    if flags & HAS_PAGE_SIZE != 0 {
        c.uleb()?;
    }
    Some(flags & IS_64 != 0)
}

fn exports<'data>(c: Reader<'data>, functions: &mut Vec<(&'data [u8], u64, Range<u64>)>) -> Outcome {
    list(c, |c| {
        let start = c.at();
        let text = name(c)?;
        let (kind, number) = (c.u8()?, c.uleb()?);
        if kind == FUNCTION {
            functions.push((text, number, start..c.at()));
        }
        Some(())
    })
}

fn start(mut c: Reader<'_>, start: &mut Option<(u64, Range<u64>)>) -> Outcome {
    let at = c.at();
    let number = c.uleb().ok_or(at)?;
    *start = Some((number, at..c.at()));
    Ok(())
}

fn bodies(mut c: Reader<'_>, bodies: &mut Vec<Range<u64>>) -> Outcome {
    let count = c.uleb().ok_or(c.at())?;
    for _ in 0..count {
        let start = c.at();
        let len = c.uleb().ok_or(start)?;
        if c.skip(len).is_none() {
            // What there is of it is still its own.
            bodies.push(start..c.end());
            return Err(start);
        }
        bodies.push(start..c.at());
    }
    Ok(())
}
