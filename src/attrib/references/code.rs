//! Which data instructions refer to.
//!
//! Reads operands only; what instructions do is of no concern. Bytes that are no
//! instructions are skipped.

use std::ops::Range;

use super::{Usage, wasm};
use crate::attrib::operands::{self, Decoder, Relative, relatives};
use crate::format::{Instructions, Machine};

/// An operand that is an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operand {
    /// Address of the instruction.
    pub at: u64,
    /// The address that the operand is.
    pub target: u64,
    /// What the instruction does with it.
    pub usage: Usage,
}

/// How to read instructions of one file.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// Instruction set.
    pub instructions: Instructions,
    /// Whether immediate operands can be addresses.
    pub fixed_addresses: bool,
    /// Operands that are addresses elsewhere need not be told.
    pub reach: Range<u64>,
}

impl Reader {
    /// The reader of what `machine` runs.
    pub fn of(machine: Machine, reach: Range<u64>) -> Reader {
        Reader { instructions: machine.instructions, fixed_addresses: machine.fixed_addresses, reach }
    }

    /// Calls `found` with every operand that is an address, of `code` which starts at `address`.
    ///
    /// *Cost*: linear in the length of the code.
    pub fn operands(&self, code: &[u8], address: u64, found: &mut impl FnMut(Operand)) {
        match self.instructions {
            Instructions::X86_64 => self.x86_64(code, address, found),
            Instructions::Aarch64 => aarch64(code, address, found),
            Instructions::Wasm if self.fixed_addresses => wasm::operands(code, &self.reach, found),
            Instructions::Wasm | Instructions::Other => {}
        }
    }

    fn x86_64(&self, code: &[u8], address: u64, found: &mut impl FnMut(Operand)) {
        if !self.fixed_addresses {
            return relatives::<false>(code, address, &mut |relative| found(relative.into()));
        }
        let mut decoder = Decoder::new(code, address);
        while decoder.can_decode() {
            let at = decoder.ip();
            match decoder.next() {
                // Code is not data.
                Some(relative) if relative.is_near_branch => {}
                Some(relative) => found(relative.into()),
                None => decoder.numbers().for_each(|(target, usage)| {
                    found(Operand { at, target, usage: usage.into() });
                }),
            }
        }
    }
}

impl From<Relative> for Operand {
    fn from(relative: Relative) -> Operand {
        let Relative { at, target, usage, .. } = relative;
        Operand { at, target, usage: usage.into() }
    }
}

impl From<operands::Usage> for Usage {
    fn from(usage: operands::Usage) -> Usage {
        match usage {
            operands::Usage::Address => Usage::Address,
            // Where to go is read first.
            operands::Usage::Access | operands::Usage::Branch => Usage::Access,
        }
    }
}

/// A64 (Arm DDI 0487, C4.1): a page address is made by ADRP and completed by the
/// instructions that use the register; ADR and literal loads are complete at once.
fn aarch64(code: &[u8], address: u64, found: &mut impl FnMut(Operand)) {
    let mut pages: [Option<u64>; 32] = [None; 32];
    let (words, _) = code.as_chunks::<4>();
    for (index, word) in words.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        let pc = address.wrapping_add(index as u64 * 4);
        let register = |at: u32| (word >> at & 31) as usize;
        let (rd, rn) = (register(0), register(5));
        let imm12 = u64::from(word >> 10 & 0xfff);
        let target = if word & 0x1f00_0000 == 0x1000_0000 {
            let imm = sign_extend(u64::from(word >> 5 & 0x7_ffff) << 2 | u64::from(word >> 29 & 3), 21);
            if word >> 31 == 1 {
                pages[rd] = Some((pc & !0xfff).wrapping_add(imm << 12));
                continue;
            }
            pages[rd] = None;
            Some((pc.wrapping_add(imm), Usage::Address))
        } else if word & 0xff80_0000 == 0x9100_0000 {
            let shift = if word >> 22 & 1 == 1 { 12 } else { 0 };
            let sum = pages[rn].map(|page| page.wrapping_add(imm12 << shift));
            // The sum may still be the base of a field.
            pages[rd] = sum;
            sum.map(|sum| (sum, Usage::Address))
        } else if word & 0x3b00_0000 == 0x3900_0000 {
            let (size, is_vector) = (word >> 30, word >> 26 & 1 == 1);
            let scale = if is_vector && word >> 23 & 1 == 1 { 4 } else { size };
            let at = pages[rn].map(|page| page.wrapping_add(imm12 << scale));
            let is_load = word >> 22 & 3 != 0;
            if is_load && !is_vector {
                pages[rd] = None;
            }
            at.map(|at| (at, Usage::Access))
        } else if word & 0x3b00_0000 == 0x1800_0000 {
            let to = pc.wrapping_add(sign_extend(u64::from(word >> 5 & 0x7_ffff), 19) << 2);
            Some((to, Usage::Access))
        } else {
            // A call leaves the first nineteen registers in an unknown state.
            if word & 0xfc00_0000 == 0x9400_0000 || word & 0xffff_fc1f == 0xd63f_0000 {
                pages[..19].fill(None);
            }
            None
        };
        if let Some((target, usage)) = target {
            found(Operand { at: pc, target, usage });
        }
    }
}

/// The lowest `bits` of `value` as a signed number.
fn sign_extend(value: u64, bits: u32) -> u64 {
    ((value << (64 - bits)) as i64 >> (64 - bits)) as u64
}

#[cfg(test)]
mod tests {
    use super::Usage::{Access, Address};
    use super::*;

    #[test]
    fn page_addresses_are_completed_by_what_uses_them() {
        let references = |words: &[u32]| {
            let code: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            let mut out: Vec<Operand> = Vec::new();
            let reach = 0..u64::MAX;
            let reader = Reader { instructions: Instructions::Aarch64, fixed_addresses: false, reach };
            reader.operands(&code, 0x1000, &mut |o| out.push(o));
            out.retain(|o| (0x2000..0x4000).contains(&o.target));
            let seen: Vec<(u64, u64, Usage)> = out.iter().map(|o| (o.at, o.target, o.usage)).collect();
            seen
        };
        // adrp x0, 0x2000; add x0, x0, #0x10
        assert_eq!(references(&[0xb000_0000, 0x9100_4000]), [(0x1004, 0x2010, Address)]);
        // adrp x8, 0x3000; ldr x1, [x8, #8]; ldr q0, [x8, #0x20]; ldrb w2, [x8, #3]
        assert_eq!(
            references(&[0xd000_0008, 0xf940_0501, 0x3dc0_0900, 0x3940_0d02]),
            [(0x1004, 0x3008, Access), (0x1008, 0x3020, Access), (0x100c, 0x3003, Access)]
        );
        // adr x0, 0x2000 at 0x1000; ldr x0, 0x2004 at 0x1004
        assert_eq!(
            references(&[0x1000_8000, 0x5800_8000]),
            [(0x1000, 0x2000, Address), (0x1004, 0x2004, Access)]
        );
        // adrp x0, 0x2000; bl; add x0, x0, #0x10: the call may have changed x0
        assert!(references(&[0xb000_0000, 0x9400_0000, 0x9100_4000]).is_empty());
    }

    fn targets(fixed_addresses: bool, code: &[u8]) -> Vec<(u64, Usage)> {
        let mut out: Vec<Operand> = Vec::new();
        let reader = Reader { instructions: Instructions::X86_64, fixed_addresses, reach: 0..u64::MAX };
        reader.operands(code, 0x1000, &mut |o| out.push(o));
        out.retain(|o| (0x2000..0x3000).contains(&o.target));
        out.iter().map(|o| (o.target, o.usage)).collect()
    }

    #[test]
    fn relative_operands_count_from_the_next_instruction() {
        // lea rax, [rip+0x1000]; mov ecx, dword [rip+0x10f2]; call 0x2000
        let code = [
            0x48, 0x8d, 0x05, 0x00, 0x10, 0x00, 0x00, 0x8b, 0x0d, 0xf2, 0x10, 0x00, 0x00, 0xe8, 0xee, 0x0f,
            0x00, 0x00,
        ];
        assert_eq!(targets(false, &code), [(0x2007, Address), (0x20ff, Access)]);
    }

    #[test]
    fn immediates_are_addresses_only_where_addresses_are_fixed() {
        // mov edi, 0x2010; jmp qword [rax*8+0x2100]
        let code = [0xbf, 0x10, 0x20, 0x00, 0x00, 0xff, 0x24, 0xc5, 0x00, 0x21, 0x00, 0x00];
        assert!(targets(false, &code).is_empty());
        assert_eq!(targets(true, &code), [(0x2010, Address), (0x2100, Access)]);
    }

    #[test]
    fn bytes_that_are_no_instructions_are_skipped() {
        assert_eq!(
            targets(false, &[0x06, 0x07, 0x48, 0x8d, 0x05, 0xf7, 0x0f, 0x00, 0x00]),
            [(0x2000, Address)]
        );
        assert!(targets(false, &[0x48, 0x8d, 0x05]).is_empty());
    }
}
