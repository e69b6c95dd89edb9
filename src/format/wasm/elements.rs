//! Element segments: the functions that tables hold.
//!
//! Core specification, 5.5.12. Each entry exists because of the function it names.

use super::data::constant;
use super::functions::{Functions, list, unread};
use super::operators::{Operator, Operators, value_type};
use super::{Module, Reader, Trouble};
use crate::format::Charge;

/// Charges entries to the functions they name.
pub(super) fn charges(
    module: &Module<'_>,
    functions: &Functions<'_>,
    charges: &mut Vec<Charge>,
    trouble: &mut Trouble,
) {
    for section in module.sections.iter().filter(|s| s.id == 9) {
        let outcome = list(module.reader(section), |c| segment(c, functions, charges));
        if let Err(at) = outcome {
            unread(section.id, at, section.contents.end, trouble);
        }
    }
}

fn segment(c: &mut Reader<'_>, functions: &Functions<'_>, charges: &mut Vec<Charge>) -> Option<()> {
    /// Bits of the number a segment starts with.
    const NOT_ACTIVE: u64 = 1;
    const WITH_TABLE: u64 = 2;
    const EXPRESSIONS: u64 = 4;
    let flags = c.uleb().filter(|&flags| flags < 8)?;
    if flags & NOT_ACTIVE == 0 {
        if flags & WITH_TABLE != 0 {
            c.uleb()?;
        }
        constant(c)?;
    }
    // Only the two oldest forms leave out what the entries are.
    if flags & (NOT_ACTIVE | WITH_TABLE) != 0 {
        if flags & EXPRESSIONS == 0 {
            c.skip(1)?;
        } else {
            value_type(c)?;
        }
    }
    for _ in 0..c.uleb()? {
        let start = c.at();
        let number = if flags & EXPRESSIONS == 0 { Some(c.uleb()?) } else { reference(c)? };
        if let Some(on) = number.and_then(|number| functions.target(number)) {
            charges.push(Charge { start, end: c.at(), on });
        }
    }
    Some(())
}

/// Reads a constant expression; the function if it is a reference to one.
fn reference(c: &mut Reader<'_>) -> Option<Option<u64>> {
    let mut operators = Operators::new(*c);
    let mut number = None;
    loop {
        match operators.next()? {
            Operator::End => break,
            Operator::Function(function) => number = Some(function),
            _ => {}
        }
    }
    *c = operators.cursor();
    Some(number)
}
