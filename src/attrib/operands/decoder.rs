//! Operands of 64-bit x86 code as a decoder tells them.

use iced_x86::{DecoderOptions, Instruction, Mnemonic, OpKind, Register};

use super::{Relative, Usage};

/// x86 code, and the last instruction that was decoded.
pub(in crate::attrib) struct Decoder<'c> {
    decoder: iced_x86::Decoder<'c>,
    last: Instruction,
    address: u64,
}

impl<'c> Decoder<'c> {
    /// The decoder of `code`, which starts at `address`.
    pub fn new(code: &'c [u8], address: u64) -> Decoder<'c> {
        let decoder = iced_x86::Decoder::with_ip(64, code, address, DecoderOptions::NONE);
        Decoder { decoder, last: Instruction::default(), address }
    }

    pub fn can_decode(&self) -> bool {
        self.decoder.can_decode()
    }

    /// Address of the instruction that comes next.
    pub fn ip(&self) -> u64 {
        self.decoder.ip()
    }

    /// Decodes one instruction `at` so many bytes into the code. Returns its length, and what [`Decoder::next`] does.
    pub fn one(&mut self, at: usize) -> (usize, Option<Relative>) {
        if self.decoder.set_position(at).is_err() {
            return (1, None);
        }
        self.decoder.set_ip(self.address.wrapping_add(at as u64));
        let relative = self.next();
        (self.decoder.position().saturating_sub(at), relative)
    }

    /// Decodes the next instruction. Returns its operand that counts from the one behind it.
    pub fn next(&mut self) -> Option<Relative> {
        let Decoder { decoder, last, .. } = self;
        let start = decoder.position();
        decoder.decode_out(last);
        let at = last.ip();
        if last.is_ip_rel_memory_operand() {
            let usage = match last.mnemonic() {
                Mnemonic::Call | Mnemonic::Jmp => Usage::Branch,
                Mnemonic::Lea => Usage::Address,
                _ => Usage::Access,
            };
            let field = start + decoder.get_constant_offsets(last).displacement_offset();
            let target = last.ip_rel_memory_address();
            Some(Relative { at, field: field..field + 4, target, usage, is_near_branch: false })
        } else if is_near_branch(last) {
            let offsets = decoder.get_constant_offsets(last);
            let field = start + offsets.immediate_offset();
            let (field, target) = (field..field + offsets.immediate_size(), last.near_branch_target());
            Some(Relative { at, field, target, usage: Usage::Branch, is_near_branch: true })
        } else {
            None
        }
    }

    /// Whether the last bytes were no instruction.
    #[cfg(test)]
    pub fn is_invalid(&self) -> bool {
        self.last.is_invalid()
    }

    /// Operands of the last instruction that are addresses where these are fixed, and what it does with them.
    pub fn numbers(&self) -> impl Iterator<Item = (u64, Usage)> + '_ {
        let last = &self.last;
        (0..last.op_count()).filter_map(|operand| match last.op_kind(operand) {
            OpKind::Immediate32 => Some((u64::from(last.immediate32()), Usage::Address)),
            OpKind::Immediate32to64 => Some((last.immediate32to64() as u64, Usage::Address)),
            OpKind::Immediate64 => Some((last.immediate64(), Usage::Address)),
            // A table of fixed address, indexed by a register.
            OpKind::Memory if last.memory_base() != Register::RIP && last.memory_displ_size() > 0 => {
                Some((last.memory_displacement64(), Usage::Access))
            }
            _ => None,
        })
    }
}

fn is_near_branch(instruction: &Instruction) -> bool {
    matches!(instruction.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64)
}
