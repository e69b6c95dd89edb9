//! Code as what it does and what it refers to, apart from each other.
//!
//! Two functions of which both are equal do the same. Bytes of operands that say how far
//! something is away differ between equal functions, since the functions lie in two
//! places; so such operands are taken out of the bytes and told as addresses.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};

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
        Instructions::Aarch64 => aarch64(code, address, sink),
        Instructions::Wasm => wasm(code, sink),
        Instructions::Other => sink.bytes(code),
    }
}

fn x86_64(fixed_addresses: bool, code: &[u8], address: u64, sink: &mut impl Sink) {
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let len = code.len() as u64;
    // What was not handed on yet starts here.
    let mut from = 0;
    while decoder.can_decode() {
        let start = decoder.position();
        decoder.decode_out(&mut instruction);
        let (operand, hidden) = if instruction.is_ip_rel_memory_operand() {
            let offsets = decoder.get_constant_offsets(&instruction);
            let usage = match instruction.mnemonic() {
                Mnemonic::Call | Mnemonic::Jmp => Usage::Branch,
                Mnemonic::Lea => Usage::Address,
                _ => Usage::Access,
            };
            let at = offsets.has_displacement().then(|| offsets.displacement_offset());
            (Operand { to: Place::Address(instruction.ip_rel_memory_address()), usage }, at.map(|at| (at, 4)))
        } else if is_near_branch(&instruction) {
            let target = instruction.near_branch_target();
            if target.wrapping_sub(address) < len {
                continue;
            }
            let offsets = decoder.get_constant_offsets(&instruction);
            let at = offsets.has_immediate().then(|| (offsets.immediate_offset(), offsets.immediate_size()));
            (Operand { to: Place::Address(target), usage: Usage::Branch }, at)
        } else {
            if fixed_addresses {
                numbers(&instruction, sink);
            }
            continue;
        };
        let Some((at, size)) = hidden else { continue };
        sink.bytes(code.get(from..start + at).unwrap_or_default());
        sink.operand(operand);
        from = start + at + size;
    }
    sink.bytes(code.get(from..).unwrap_or_default());
}

fn is_near_branch(instruction: &Instruction) -> bool {
    matches!(instruction.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64)
}

fn numbers(instruction: &Instruction, sink: &mut impl Sink) {
    for operand in 0..instruction.op_count() {
        match instruction.op_kind(operand) {
            OpKind::Immediate32 => sink.number(u64::from(instruction.immediate32())),
            OpKind::Immediate32to64 => sink.number(instruction.immediate32to64() as u64),
            OpKind::Immediate64 => sink.number(instruction.immediate64()),
            OpKind::Memory => sink.number(instruction.memory_displacement64()),
            _ => {}
        }
    }
}

/// A page that a register holds, and whether something made an address of it.
#[derive(Clone, Copy)]
struct Page {
    address: u64,
    is_used: bool,
}

/// A64 (Arm DDI 0487, C4.1): ADR, ADRP and what completes it, literal loads, branches out of the code.
fn aarch64(code: &[u8], address: u64, sink: &mut impl Sink) {
    let mut pages: [Option<Page>; 32] = [None; 32];
    let (words, rest) = code.as_chunks::<4>();
    let len = code.len() as u64;
    for (index, bytes) in words.iter().enumerate() {
        let word = u32::from_le_bytes(*bytes);
        let pc = address.wrapping_add(index as u64 * 4);
        let (rd, rn) = ((word & 31) as usize, (word >> 5 & 31) as usize);
        let imm12 = u64::from(word >> 10 & 0xfff);
        let mut told: Option<(u32, u64, Usage)> = None;
        if word & 0x1f00_0000 == 0x1000_0000 {
            const MASK: u32 = 0x9f00_001f;
            let imm = sign_extend(u64::from(word >> 5 & 0x7_ffff) << 2 | u64::from(word >> 29 & 3), 21);
            if word >> 31 == 1 {
                sink.bytes(&(word & MASK).to_le_bytes());
                unused(&mut pages[rd..=rd], sink);
                let page = (pc & !0xfff).wrapping_add(imm << 12);
                pages[rd] = Some(Page { address: page, is_used: false });
                continue;
            }
            unused(&mut pages[rd..=rd], sink);
            let to = pc.wrapping_add(imm);
            told = (to.wrapping_sub(address) >= len).then_some((MASK, to, Usage::Address));
        } else if word & 0xff80_0000 == 0x9100_0000 {
            let base = used(&mut pages[rn]);
            if rd != rn {
                unused(&mut pages[rd..=rd], sink);
            }
            let shift = if word >> 22 & 1 == 1 { 12 } else { 0 };
            let sum = base.map(|page| page.wrapping_add(imm12 << shift));
            // The sum may still be the base of a field.
            pages[rd] = sum.map(|address| Page { address, is_used: true });
            told = sum.map(|sum| (!(0xfff << 10), sum, Usage::Address));
        } else if word & 0x3b00_0000 == 0x3900_0000 {
            let (size, is_vector) = (word >> 30, word >> 26 & 1 == 1);
            let scale = if is_vector && word >> 23 & 1 == 1 { 4 } else { size };
            let at = used(&mut pages[rn]).map(|page| page.wrapping_add(imm12 << scale));
            if word >> 22 & 3 != 0 && !is_vector {
                unused(&mut pages[rd..=rd], sink);
            }
            told = at.map(|at| (!(0xfff << 10), at, Usage::Access));
        } else if word & 0x3b00_0000 == 0x1800_0000 {
            let to = pc.wrapping_add(sign_extend(u64::from(word >> 5 & 0x7_ffff), 19) << 2);
            told = (to.wrapping_sub(address) >= len).then_some((!(0x7_ffff << 5), to, Usage::Access));
        } else if word & 0x7c00_0000 == 0x1400_0000 {
            let to = pc.wrapping_add(sign_extend(u64::from(word & 0x03ff_ffff), 26) << 2);
            let is_call = word >> 31 == 1;
            if to.wrapping_sub(address) >= len {
                told = Some((0xfc00_0000, to, Usage::Branch));
            }
            if is_call {
                unused(&mut pages[..19], sink);
            }
        } else if word & 0xffff_fc1f == 0xd63f_0000 {
            // A call leaves the first nineteen registers in an unknown state.
            unused(&mut pages[..19], sink);
        }
        let mask = told.map_or(u32::MAX, |(mask, ..)| mask);
        sink.bytes(&(word & mask).to_le_bytes());
        if let Some((_, to, usage)) = told {
            sink.operand(Operand { to: Place::Address(to), usage });
        }
    }
    unused(&mut pages, sink);
    sink.bytes(rest);
}

/// The page in a register that an instruction makes an address of.
fn used(page: &mut Option<Page>) -> Option<u64> {
    let page = page.as_mut()?;
    page.is_used = true;
    Some(page.address)
}

/// Registers lose what they hold. A page that nothing was seen to complete is told as it is.
fn unused(pages: &mut [Option<Page>], sink: &mut impl Sink) {
    for page in pages.iter_mut().filter_map(Option::take).filter(|p| !p.is_used) {
        sink.operand(Operand { to: Place::Address(page.address), usage: Usage::Access });
    }
}

/// The lowest `bits` of `value` as a signed number.
fn sign_extend(value: u64, bits: u32) -> u64 {
    ((value << (64 - bits)) as i64 >> (64 - bits)) as u64
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
