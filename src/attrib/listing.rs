//! Instructions as text, for a look at a function.
//!
//! Decides nothing: attribution reads operands, not text.

use iced_x86::{Decoder, DecoderOptions, DefaultFastFormatterTraitOptions, SpecializedFormatter};

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Its address.
    pub address: u64,
    /// The same as text, in Intel's notation.
    pub text: String,
    /// Where it calls or jumps to, if it says so itself.
    pub target: Option<u64>,
}

/// Width of the instructions of `arch`, if they can be read.
fn bits(arch: &str) -> Option<u32> {
    match arch {
        "x86_64" => Some(64),
        "x86" | "i386" | "i686" => Some(32),
        _ => None,
    }
}

/// Whether an instruction in `bytes`, which are loaded at `address`, calls or jumps to `wanted`; `None`
/// if instructions of `arch` cannot be read. Calls through pointers say nothing of where they go.
///
/// *Cost*: linear in the length of `bytes`.
pub fn has_call(bytes: &[u8], address: u64, arch: &str, wanted: u64) -> Option<bool> {
    let mut decoder = Decoder::with_ip(bits(arch)?, bytes, address, DecoderOptions::NONE);
    let mut instruction = iced_x86::Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        if instruction.near_branch_target() == wanted && wanted != 0 {
            return Some(true);
        }
    }
    Some(false)
}

/// The first `most` instructions in `bytes`, which are loaded at `address`.
///
/// `None` if instructions of `arch` cannot be shown: those of x86 can, with 32 and 64 bits.
pub fn listing(bytes: &[u8], address: u64, arch: &str, most: usize) -> Option<Vec<Instruction>> {
    let mut decoder = Decoder::with_ip(bits(arch)?, bytes, address, DecoderOptions::NONE);
    let mut formatter = SpecializedFormatter::<DefaultFastFormatterTraitOptions>::new();
    let mut instruction = iced_x86::Instruction::default();
    let mut all = Vec::new();
    while decoder.can_decode() && all.len() < most {
        decoder.decode_out(&mut instruction);
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        // 0 for what is no near branch.
        let target = Some(instruction.near_branch_target());
        all.push(Instruction { address: instruction.ip(), text, target: target.filter(|&t| t != 0) });
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_those_of_the_manual() {
        // push rbp; call +0; ret: Intel SDM volume 2, opcodes 55, E8 and C3.
        let code = [0x55, 0xe8, 0, 0, 0, 0, 0xc3];
        let all = listing(&code, 0x1000, "x86_64", 10).unwrap();
        let texts: Vec<&str> = all.iter().map(|i| i.text.split(' ').next().unwrap()).collect();
        assert_eq!(texts, ["push", "call", "ret"]);
        assert_eq!((all[1].address, all[1].target), (0x1001, Some(0x1006)));
        assert_eq!(listing(&code, 0x1000, "x86_64", 1).unwrap().len(), 1);
        assert_eq!(listing(&code, 0, "aarch64", 10), None);
        let calls = |wanted| has_call(&code, 0x1000, "x86_64", wanted);
        assert_eq!((calls(0x1006), calls(0x1000), calls(0)), (Some(true), Some(false), Some(false)));
        assert_eq!(has_call(&code, 0x1000, "riscv64", 0x1006), None);
    }
}
