//! What symbols hold, as hashes: two builds of one function have the same.
//!
//! Operands that only say where other things lie (calls, addresses, relocated words)
//! are left out, since they change whenever anything else moves.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind};
use rayon::prelude::*;

use crate::format::{Image, Instructions, Pointer};
use crate::hash::Hash;
use crate::input::Input;
use crate::kind::Kind;
use crate::model::{Contents, Model};

/// Symbols are hashed in runs of this many, whatever the number of threads.
const CHUNK: usize = 1024;

/// Hashes the content of every symbol of `model`, which was made from `input` and `image`.
///
/// *Cost*: linear in the bytes of code and data; instructions are decoded once.
pub fn contents(input: &Input, image: &Image<'_>, model: &Model) -> Contents {
    let mut runs: Vec<Vec<(Range<u64>, Kind)>> = vec![Vec::new(); model.symbols.len()];
    for leaf in model.leaves.iter().filter(|l| l.kind.is_content() && l.in_file) {
        if let Some(of_symbol) = leaf.symbol.get().and_then(|i| runs.get_mut(i)) {
            let span = leaf.start..leaf.start + leaf.len;
            match of_symbol.last_mut() {
                Some((last, kind)) if last.end == span.start && *kind == leaf.kind => last.end = span.end,
                _ => of_symbol.push((span, leaf.kind)),
            }
        }
    }
    let mut pointers: Vec<Pointer> = image.pointers.clone();
    pointers.par_sort_unstable();
    let bytes = input.bytes();
    let hash = |runs: &Vec<(Range<u64>, Kind)>| {
        let mut hash = Hash::new();
        for (span, kind) in runs {
            let Some(content) = bytes.get(span.start as usize..span.end as usize) else { continue };
            let machine = image.machine_at(span.start);
            match (kind, machine.instructions) {
                (Kind::Code, Instructions::X86_64) => x86_64(content, &mut hash),
                (Kind::Code, Instructions::Aarch64) => aarch64(content, &mut hash),
                (Kind::Code, _) => hash.add(content),
                _ => data(content, span, u64::from(machine.bits / 8), &pointers, &mut hash),
            }
        }
        if runs.is_empty() { 0 } else { content_hash(&hash) }
    };
    let chunks: Vec<Vec<u64>> = runs.par_chunks(CHUNK).map(|c| c.iter().map(hash).collect()).collect();
    Contents { by_symbol: chunks.into_iter().flatten().collect() }
}

/// Never 0, which stands for no content.
///
/// Folded to 48 bits by the way its authors advise (<http://www.isthe.com/chongo/tech/comp/fnv/>), since
/// a snapshot keeps one for each symbol. Of 100,000 symbols two share one by chance in 1 of 50,000 builds.
fn content_hash(hash: &Hash) -> u64 {
    let value = hash.value();
    ((value >> 48) ^ (value & ((1 << 48) - 1))).max(1)
}

fn x86_64(code: &[u8], hash: &mut Hash) {
    let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let len = code.len() as u64;
    while decoder.can_decode() {
        let start = decoder.position();
        decoder.decode_out(&mut instruction);
        let Some(bytes) = code.get(start..decoder.position()) else { break };
        let offsets = decoder.get_constant_offsets(&instruction);
        let branches = matches!(
            instruction.op0_kind(),
            OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
        );
        let branches_out = branches && instruction.near_branch_target() >= len;
        let hidden = if instruction.is_ip_rel_memory_operand() && offsets.has_displacement() {
            offsets.displacement_offset()..offsets.displacement_offset() + offsets.displacement_size()
        } else if branches_out && offsets.has_immediate() {
            offsets.immediate_offset()..offsets.immediate_offset() + offsets.immediate_size()
        } else {
            0..0
        };
        hash.add(bytes.get(..hidden.start).unwrap_or_default());
        hash.add(bytes.get(hidden.end..).unwrap_or_default());
    }
}

/// A64 (Arm DDI 0487, C4.1): ADR, ADRP and what completes it, literal loads, B and BL.
fn aarch64(code: &[u8], hash: &mut Hash) {
    let mut is_page = [false; 32];
    let (words, rest) = code.as_chunks::<4>();
    for (index, word) in words.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        let (rd, rn) = ((word & 31) as usize, (word >> 5 & 31) as usize);
        let mut mask = u32::MAX;
        if word & 0x1f00_0000 == 0x1000_0000 {
            mask = 0x9f00_001f;
            is_page[rd] = word >> 31 == 1;
        } else if word & 0xff80_0000 == 0x9100_0000 && is_page[rn] {
            mask = !(0xfff << 10);
            is_page[rd] = true;
        } else if word & 0x3b00_0000 == 0x3900_0000 && is_page[rn] {
            mask = !(0xfff << 10);
        } else if word & 0x3b00_0000 == 0x1800_0000 {
            mask = !(0x7_ffff << 5);
        } else if word & 0x7c00_0000 == 0x1400_0000 {
            let words_on = i64::from((word << 6) as i32 >> 6);
            let target = index as i64 + words_on;
            if !(0..words.len() as i64).contains(&target) {
                mask = 0xfc00_0000;
            }
        }
        hash.add(&(word & mask).to_le_bytes());
    }
    hash.add(rest);
}

/// Data without the words that the loader fills in.
fn data(content: &[u8], span: &Range<u64>, word: u64, pointers: &[Pointer], hash: &mut Hash) {
    let first = pointers.partition_point(|p| p.at < span.start);
    let mut at = span.start;
    let piece = |from: u64, to: u64| {
        content.get((from - span.start) as usize..(to - span.start) as usize).unwrap_or_default()
    };
    for pointer in pointers.iter().skip(first).take_while(|p| p.at < span.end) {
        if pointer.at >= at {
            hash.add(piece(at, pointer.at));
            // That there is a pointer counts; where to does not.
            hash.add(b"pointer");
            at = pointer.at.saturating_add(word).min(span.end);
        }
    }
    hash.add(piece(at, span.end));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hash: impl Fn(&mut Hash)) -> u64 {
        let mut state = Hash::new();
        hash(&mut state);
        content_hash(&state)
    }

    #[test]
    fn where_other_things_lie_does_not_count() {
        let x86 = |code: &[u8]| of(|h| x86_64(code, h));
        // lea rax, [rip+N]; call N; jmp to the start; ret
        let one = [0x48, 0x8d, 0x05, 1, 2, 3, 4, 0xe8, 5, 6, 7, 8, 0xeb, 0xf2, 0xc3];
        let moved = [0x48, 0x8d, 0x05, 9, 2, 3, 4, 0xe8, 5, 9, 7, 8, 0xeb, 0xf2, 0xc3];
        assert_eq!(x86(&one), x86(&moved));
        // A jump inside the function is part of what it does, as are constants.
        let jumps = [0x48, 0x8d, 0x05, 1, 2, 3, 4, 0xe8, 5, 6, 7, 8, 0xeb, 0xf9, 0xc3];
        assert_ne!(x86(&one), x86(&jumps));
        assert_ne!(x86(&[0xb8, 1, 0, 0, 0, 0xc3]), x86(&[0xb8, 2, 0, 0, 0, 0xc3]));

        let arm = |words: &[u32]| {
            of(|h| aarch64(&words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>(), h))
        };
        // adrp x0; add x0, x0, #N; bl N
        assert_eq!(
            arm(&[0xb000_0000, 0x9100_4000, 0x9400_1234]),
            arm(&[0xd000_0008 & !31, 0x9100_8000, 0x9400_4321])
        );
        // add x1, x2, #N without a page
        assert_ne!(arm(&[0x9100_4041]), arm(&[0x9100_8041]));
    }

    #[test]
    fn pointers_count_but_not_where_they_lead() {
        let pointers = [Pointer { at: 8, to: 100 }];
        let words = |bytes: &[u8]| of(|h| data(bytes, &(0..24), 8, &pointers, h));
        let one: Vec<u8> = (0..24).collect();
        let mut other = one.clone();
        other[9] = 77;
        assert_eq!(words(&one), words(&other));
        other[16] = 77;
        assert_ne!(words(&one), words(&other));
    }
}
