//! What bodies of WebAssembly functions name as addresses, told by as little of each operator as will do.
//!
//! Most operators have no immediate or one short number. What has more, or is seldom, is left to
//! [`Operators`], which knows them all: this says the same in less time.

use std::ops::Range;

use super::Usage;
use super::code::Operand;
use crate::format::wasm::{Operator, Operators};

/// What follows an opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing.
    Bare,
    /// A number that is no address.
    Number,
    /// Two of them.
    Numbers,
    /// The type of a block.
    Block,
    /// A floating-point constant of 32 bits.
    Float32,
    /// A floating-point constant of 64 bits.
    Float64,
    /// An integer constant of 32 bits.
    Constant32,
    /// An integer constant of 64 bits.
    Constant64,
    /// Alignment and place of a load or store.
    Access,
    /// What takes a closer look.
    Other,
}

/// By opcode.
const SHAPES: [Shape; 256] = {
    let mut shapes = [Shape::Other; 256];
    let mut opcode = 0;
    while opcode < 256 {
        shapes[opcode] = match opcode {
            // Control without immediates, and all arithmetic.
            0x00 | 0x01 | 0x05 | 0x0b | 0x0f | 0x1a | 0x1b | 0x45..=0xc4 => Shape::Bare,
            // Branches, calls, local and global variables.
            0x0c | 0x0d | 0x10 | 0x20..=0x24 => Shape::Number,
            0x11 => Shape::Numbers,
            0x02..=0x04 => Shape::Block,
            0x43 => Shape::Float32,
            0x44 => Shape::Float64,
            0x28..=0x3e => Shape::Access,
            0x41 => Shape::Constant32,
            0x42 => Shape::Constant64,
            _ => Shape::Other,
        };
        opcode += 1;
    }
    shapes
};

/// Alignments of loads and stores are below; what is not has flags.
const FLAGS: u8 = 1 << 4;

/// Longest number that is read here, in bytes: none of so many is too large.
const LONGEST: usize = 5;

/// Calls `found` with constants, and with the constant parts of what is loaded and stored, as far as they are in
/// `reach`.
///
/// The address of an operator is its offset in the body, where code has no addresses.
///
/// *Cost*: linear in the length of the code.
pub(super) fn operands(body: &[u8], reach: &Range<u64>, found: &mut impl FnMut(Operand)) {
    let Some(mut operators) = Operators::of_entry(body) else { return };
    let code = operators.code();
    let mut at = operators.at() as usize;
    loop {
        let told = quick(code, at).or_else(|| {
            operators.go_to(at as u64)?;
            let address = match operators.next()? {
                Operator::Constant(value) => Some((value, Usage::Address)),
                Operator::Access(place) => Some((place, Usage::Access)),
                _ => None,
            };
            Some((operators.at() as usize, address))
        });
        let Some((next, address)) = told else { return };
        if let Some((target, usage)) = address.filter(|(target, _)| reach.contains(target)) {
            found(Operand { at: at as u64, target, usage });
        }
        at = next;
    }
}

/// Where the next operator is, and what the one at `at` names; `None` if that is left to others.
#[inline(always)]
fn quick(code: &[u8], at: usize) -> Option<(usize, Option<(u64, Usage)>)> {
    let opcode = *code.get(at)?;
    let at = at + 1;
    Some(match SHAPES[usize::from(opcode)] {
        Shape::Bare => (at, None),
        Shape::Number => (number(code, at)?.next, None),
        Shape::Numbers => (number(code, number(code, at)?.next)?.next, None),
        Shape::Block => {
            // No result, or one of a plain type: else there is more of it.
            code.get(at).filter(|&&byte| byte < 0x80 && !matches!(byte, 0x63 | 0x64))?;
            (at + 1, None)
        }
        Shape::Float32 => (within(code, at + 4)?, None),
        Shape::Float64 => (within(code, at + 8)?, None),
        Shape::Constant32 => {
            let Number { signed, next, .. } = number(code, at)?;
            (next, Some((u64::from(signed as u32), Usage::Address)))
        }
        Shape::Constant64 => {
            let Number { signed, next, .. } = number(code, at)?;
            (next, Some((signed as u64, Usage::Address)))
        }
        Shape::Access => {
            // An alignment alone; with a flag there is more in front of the place.
            code.get(at).filter(|&&flags| flags < FLAGS)?;
            let Number { unsigned, next, .. } = number(code, at + 1)?;
            (next, Some((unsigned, Usage::Access)))
        }
        Shape::Other => return None,
    })
}

/// The place, if it is not behind the code.
fn within(code: &[u8], at: usize) -> Option<usize> {
    (at <= code.len()).then_some(at)
}

/// A number in LEB128, read both ways.
struct Number {
    unsigned: u64,
    signed: i64,
    /// What is behind it.
    next: usize,
}

/// The number at `at`, unless it is cut off or longer than most.
#[inline(always)]
fn number(code: &[u8], at: usize) -> Option<Number> {
    let first = *code.get(at)?;
    if first < 0x80 {
        let signed = i64::from((first << 1) as i8 >> 1);
        return Some(Number { unsigned: u64::from(first), signed, next: at + 1 });
    }
    let mut unsigned = 0;
    for (index, &byte) in code.get(at..)?.iter().take(LONGEST).enumerate() {
        let shift = 7 * index;
        unsigned |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let unused = 64 - 7 - shift;
            let signed = (unsigned << unused) as i64 >> unused;
            return Some(Number { unsigned, signed, next: at + index + 1 });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By looking at all operators in full.
    fn slow(body: &[u8]) -> Vec<Operand> {
        let mut all = Vec::new();
        let Some(mut operators) = Operators::of_entry(body) else { return all };
        loop {
            let at = operators.at();
            let (target, usage) = match operators.next() {
                Some(Operator::Constant(value)) => (value, Usage::Address),
                Some(Operator::Access(place)) => (place, Usage::Access),
                Some(_) => continue,
                None => return all,
            };
            all.push(Operand { at, target, usage });
        }
    }

    fn fast(body: &[u8], reach: Range<u64>) -> Vec<Operand> {
        let mut all = Vec::new();
        operands(body, &reach, &mut |operand| all.push(operand));
        all
    }

    #[test]
    fn what_is_told_in_less_time_is_the_same() {
        let mut told = 0;
        arbtest::arbtest(|u| {
            // Mostly what there is most of, with numbers of every length; and any bytes.
            let mut code = vec![0];
            for _ in 0..u.int_in_range(0..=40)? {
                let numbers = match u.arbitrary()? {
                    any if u.ratio(1, 8)? => {
                        code.push(any);
                        u.int_in_range(0..=2)?
                    }
                    opcode if opcode < 64 => {
                        code.extend([0x28 + opcode % 23, opcode]);
                        1
                    }
                    opcode => {
                        let often = [
                            (0x41, 1),
                            (0x42, 1),
                            (0x20, 1),
                            (0x6a, 0),
                            (0x11, 2),
                            (0x02, 1),
                            (0x43, 4),
                            (0x44, 8),
                        ];
                        let (opcode, numbers) = often[usize::from(opcode) % often.len()];
                        code.push(opcode);
                        numbers
                    }
                };
                for _ in 0..numbers {
                    let long = if u.ratio(1, 4)? { u.int_in_range(0..=11)? } else { 0 };
                    code.extend((0..long).map(|_| u.arbitrary::<u8>().unwrap_or(0) | 0x80));
                    code.push(u.arbitrary::<u8>()? & 0x7f);
                }
            }
            let mut body = vec![code.len() as u8 | 0x80, (code.len() >> 7) as u8];
            body.extend(&code);
            body.extend(u.bytes(u.len().min(4))?);
            let reach = u.int_in_range(0..=200)?..u64::from(u.arbitrary::<u32>()?);
            let mut all = slow(&body);
            all.retain(|operand| reach.contains(&operand.target));
            told += all.len();
            assert_eq!(fast(&body, reach), all, "{body:x?}");
            Ok(())
        });
        assert!(told > 0);
    }

    #[test]
    fn numbers_are_read_both_ways() {
        // i32.const -2; i64.const -2; i32.const 0x80000000, of five bytes; i32.load of 0xffffffff
        let code = [
            0, 0x41, 0x7e, 0x42, 0x7e, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x28, 2, 0xff, 0xff, 0xff, 0xff,
            0xf, 0x0b,
        ];
        let mut body = vec![code.len() as u8];
        body.extend(code);
        let told: Vec<(u64, u64)> = fast(&body, 0..1 << 32).iter().map(|o| (o.at, o.target)).collect();
        assert_eq!(told, [(2, 0xffff_fffe), (6, 0x8000_0000), (12, 0xffff_ffff)]);
    }
}
