//! The `name` section: what functions and data segments are called.
//!
//! Core specification, appendix "Custom Sections", and the extended names that
//! tools write. Names of local variables and labels belong to their function.

use std::ops::Range;

use hashbrown::HashMap;

use super::functions::{Functions, Outcome, list, unread};
use super::sections::name;
use super::{Module, Reader, Trouble};
use crate::format::Charge;

/// What a `name` section says.
#[derive(Debug, Default)]
pub(super) struct Named<'data> {
    /// Numbers and names of functions, in order of the file.
    pub functions: Vec<(u64, &'data [u8])>,
    /// Names of data segments by number.
    pub data: HashMap<u64, &'data [u8]>,
    /// Parts that are about one function, and its number.
    parts: Vec<(Range<u64>, u64)>,
}

impl<'data> Named<'data> {
    pub fn read(module: &Module<'data>, trouble: &mut Trouble) -> Named<'data> {
        let mut all = Named::default();
        for section in module.sections.iter().filter(|s| s.is_custom(b"name")) {
            if let Err(at) = all.subsections(module.reader(section)) {
                unread(0, at, section.contents.end, trouble);
            }
        }
        all
    }

    fn subsections(&mut self, mut c: Reader<'data>) -> Outcome {
        while !c.is_at_end() {
            let start = c.at();
            let (Some(id), Some(len)) = (c.u8(), c.uleb()) else { return Err(start) };
            let inner = c;
            c.skip(len).ok_or(start)?;
            let inner = inner.until(c.at());
            match id {
                1 => list(inner, |c| {
                    let (start, number) = (c.at(), c.uleb()?);
                    self.functions.push((number, name(c)?));
                    self.parts.push((start..c.at(), number));
                    Some(())
                })?,
                // Local variables and labels, by function.
                2 | 3 => list(inner, |c| {
                    let (start, number) = (c.at(), c.uleb()?);
                    for _ in 0..c.uleb()? {
                        c.uleb()?;
                        name(c)?;
                    }
                    self.parts.push((start..c.at(), number));
                    Some(())
                })?,
                9 => list(inner, |c| {
                    let number = c.uleb()?;
                    self.data.insert(number, name(c)?);
                    Some(())
                })?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The parts that exist on account of one function each.
    pub fn charges(&self, functions: &Functions<'_>, charges: &mut Vec<Charge>) {
        let charge = |(span, number): &(Range<u64>, u64)| {
            let on = functions.target(*number)?;
            Some(Charge { start: span.start, end: span.end, on })
        };
        charges.extend(self.parts.iter().filter_map(charge));
    }
}
