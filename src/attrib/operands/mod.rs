//! Code as what it does and what it refers to, apart from each other.
//!
//! Two functions of which both are equal do the same. Bytes of operands that say how far
//! something is away differ between equal functions, since the functions lie in two
//! places; so such operands are taken out of the bytes and told as addresses.

mod aarch64;
mod decoder;
mod x86_64;

pub(super) use self::decoder::Decoder;
pub(super) use self::x86_64::relatives;

use std::ops::Range;

use crate::format::wasm::{Operator, Operators};
use crate::format::{Instructions, Machine};

/// What takes code apart as it is read.
pub(super) trait Sink {
    /// Bytes that mean the same wherever the code lies.
    fn bytes(&mut self, bytes: &[u8]);
    /// An operand that refers to something.
    fn operand(&mut self, operand: Operand);
    /// A number in an instruction that may be an address, as in programs of fixed place.
    fn number(&mut self, _: u64) {}
}

/// An operand that refers to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operand {
    /// What it refers to.
    pub to: Place,
    /// What the instruction does with it.
    pub usage: Usage,
}

/// What an operand refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A position on the line.
    Position(u64),
    /// An address.
    Address(u64),
    /// A function by its number.
    Function(u64),
}

/// What an instruction does with what it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// Goes there, or to what is stored there.
    Branch,
    /// Takes the address.
    Address,
    /// Reads or writes what is there.
    Access,
}

/// An operand of x86 code that counts from the next instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relative {
    /// Address of the instruction.
    pub at: u64,
    /// The bytes that it is in, as part of the code.
    pub field: Range<usize>,
    /// The address that it refers to.
    pub target: u64,
    /// What the instruction does with it.
    pub usage: Usage,
    /// Whether the instruction goes to the target itself, and not to what is stored there.
    pub is_near_branch: bool,
}

/// What sharing a body would cost on a machine, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Costs {
    /// To pass one operand.
    pub operand: u64,
    /// To jump to the shared body.
    pub jump: u64,
}

/// What sharing a body costs on a machine: one instruction (or pair) that makes an address, one that jumps.
pub(super) fn costs(instructions: Instructions) -> Costs {
    match instructions {
        Instructions::X86_64 => Costs { operand: 7, jump: 5 },
        Instructions::Aarch64 => Costs { operand: 8, jump: 4 },
        Instructions::Wasm => Costs { operand: 6, jump: 8 },
        Instructions::Other => Costs { operand: 8, jump: 8 },
    }
}

/// Takes `code` apart, which starts at `address`.
///
/// Code of other machines is all bytes. *Cost*: linear in the length of the code.
pub(super) fn read(machine: Machine, code: &[u8], address: u64, sink: &mut impl Sink) {
    match machine.instructions {
        Instructions::X86_64 => x86_64(machine.fixed_addresses, code, address, sink),
        Instructions::Aarch64 => aarch64::read(code, address, sink),
        Instructions::Wasm => wasm(code, sink),
        Instructions::Other => sink.bytes(code),
    }
}

fn x86_64(fixed_addresses: bool, code: &[u8], address: u64, sink: &mut impl Sink) {
    let mut hiding = Hiding { code, address, from: 0, sink };
    if fixed_addresses {
        let mut decoder = Decoder::new(code, address);
        while decoder.can_decode() {
            match decoder.next() {
                Some(relative) => hiding.hide(relative),
                None => decoder.numbers().for_each(|(number, _)| hiding.sink.number(number)),
            }
        }
    } else {
        relatives::<true>(code, address, &mut |relative| hiding.hide(relative));
    }
    hiding.sink.bytes(code.get(hiding.from..).unwrap_or_default());
}

/// Code of which operands are taken out.
struct Hiding<'c, S> {
    code: &'c [u8],
    address: u64,
    /// What was not handed on yet starts here.
    from: usize,
    sink: &'c mut S,
}

impl<S: Sink> Hiding<'_, S> {
    fn hide(&mut self, relative: Relative) {
        let Relative { field, target, usage, .. } = relative;
        // A branch inside the code goes along with it.
        if relative.is_near_branch && target.wrapping_sub(self.address) < self.code.len() as u64 {
            return;
        }
        self.sink.bytes(self.code.get(self.from..field.start).unwrap_or_default());
        self.sink.operand(Operand { to: Place::Address(target), usage });
        self.from = field.end;
    }
}

/// A function body: calls and references to functions are by number. Numbers that are addresses of data
/// stay what they are, since nothing tells them from other numbers.
fn wasm(code: &[u8], sink: &mut impl Sink) {
    let Some(mut operators) = Operators::of_entry(code) else { return sink.bytes(code) };
    // The length depends on how many bytes numbers take.
    let mut from = Operators::after_length(code).unwrap_or(0);
    loop {
        let at = operators.at();
        match operators.next() {
            Some(Operator::Function(number)) => {
                // The opcode has one byte, the number all others.
                sink.bytes(code.get(from as usize..at as usize + 1).unwrap_or_default());
                sink.operand(Operand { to: Place::Function(number), usage: Usage::Branch });
                from = operators.at();
            }
            Some(_) => {}
            None => break,
        }
    }
    sink.bytes(code.get(from as usize..).unwrap_or_default());
}
