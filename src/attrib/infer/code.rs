//! Which data instructions refer to.
//!
//! Reads operands only; what instructions do is of no concern. Bytes that are no
//! instructions are skipped.

use iced_x86::{Decoder, DecoderOptions, OpKind, Register};

use crate::format::Instructions;

/// How to read instructions of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    /// Instruction set.
    pub instructions: Instructions,
    /// Whether immediate operands can be addresses.
    pub fixed_addresses: bool,
}

impl Reader {
    /// Adds the addresses that `code` refers to, which starts at `address`.
    ///
    /// *Cost*: linear in the length of the code.
    pub fn references(self, code: &[u8], address: u64, wanted: &impl Fn(u64) -> bool, out: &mut Vec<u64>) {
        match self.instructions {
            Instructions::X86_64 => self.x86_64(code, address, wanted, out),
            Instructions::Other => {}
        }
    }

    fn x86_64(self, code: &[u8], address: u64, wanted: &impl Fn(u64) -> bool, out: &mut Vec<u64>) {
        let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
        let mut instruction = iced_x86::Instruction::default();
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            if instruction.is_ip_rel_memory_operand() {
                let target = instruction.ip_rel_memory_address();
                if wanted(target) {
                    out.push(target);
                }
                continue;
            }
            if !self.fixed_addresses {
                continue;
            }
            for operand in 0..instruction.op_count() {
                let target = match instruction.op_kind(operand) {
                    OpKind::Immediate32 => u64::from(instruction.immediate32()),
                    OpKind::Immediate32to64 => instruction.immediate32to64() as u64,
                    OpKind::Immediate64 => instruction.immediate64(),
                    // A table of fixed address, indexed by a register.
                    OpKind::Memory if instruction.memory_base() != Register::RIP => {
                        instruction.memory_displacement64()
                    }
                    _ => continue,
                };
                if wanted(target) {
                    out.push(target);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(fixed_addresses: bool, code: &[u8]) -> Vec<u64> {
        let mut out = Vec::new();
        let reader = Reader { instructions: Instructions::X86_64, fixed_addresses };
        reader.references(code, 0x1000, &|a| (0x2000..0x3000).contains(&a), &mut out);
        out
    }

    #[test]
    fn relative_operands_count_from_the_next_instruction() {
        // lea rax, [rip+0x1000]; mov ecx, dword [rip+0x10f2]; call 0x2000
        let code = [
            0x48, 0x8d, 0x05, 0x00, 0x10, 0x00, 0x00, 0x8b, 0x0d, 0xf2, 0x10, 0x00, 0x00, 0xe8, 0xee, 0x0f,
            0x00, 0x00,
        ];
        assert_eq!(targets(false, &code), [0x2007, 0x20ff]);
    }

    #[test]
    fn immediates_are_addresses_only_where_addresses_are_fixed() {
        // mov edi, 0x2010; jmp qword [rax*8+0x2100]
        let code = [0xbf, 0x10, 0x20, 0x00, 0x00, 0xff, 0x24, 0xc5, 0x00, 0x21, 0x00, 0x00];
        assert!(targets(false, &code).is_empty());
        assert_eq!(targets(true, &code), [0x2010, 0x2100]);
    }

    #[test]
    fn bytes_that_are_no_instructions_are_skipped() {
        assert_eq!(targets(false, &[0x06, 0x07, 0x48, 0x8d, 0x05, 0xf7, 0x0f, 0x00, 0x00]), [0x2000]);
        assert!(targets(false, &[0x48, 0x8d, 0x05]).is_empty());
    }
}
