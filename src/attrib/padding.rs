//! Bytes that only align what follows.
//!
//! The rule is strict: padding is what a compiler, assembler or linker is known
//! to fill with, and no more of it than alignment can ask for. All else stays
//! with its section, as content that nothing names.

use crate::format::Filler;

/// The most bytes of filler between two functions that count as alignment.
const CODE_LIMIT: u64 = 4096;
/// The most bytes of zeros between two objects that count as alignment.
const DATA_LIMIT: u64 = 64;

/// Whether `bytes` of code, which end where something starts, are filler.
pub(super) fn in_code(filler: Filler, bytes: &[u8]) -> bool {
    if bytes.is_empty() || bytes.len() as u64 > CODE_LIMIT {
        return false;
    }
    if bytes.iter().all(|&b| b == 0) {
        return true;
    }
    match filler {
        Filler::X86 => x86(bytes),
        Filler::Words(words) => words_of(bytes, words),
        Filler::HalfWords(words) => half_words_of(bytes, words),
        Filler::Zeros => false,
    }
}

/// Whether the `len` zero bytes that end at `end` align something there.
///
/// Aligning to a boundary of 2^n bytes never takes 2^n bytes or more.
pub(super) fn in_data(len: u64, end: u64) -> bool {
    if len == 0 || len >= DATA_LIMIT {
        return false;
    }
    let boundary = (len + 1).next_power_of_two();
    end.is_multiple_of(boundary)
}

/// Only `int3`, `nop`, and the multi-byte forms `66* 2e? 0f 1f /0`, `66 90`.
fn x86(mut bytes: &[u8]) -> bool {
    while let Some((&first, rest)) = bytes.split_first() {
        if first == 0xcc || first == 0x90 || first == 0 {
            bytes = rest;
            continue;
        }
        match x86_nop(bytes) {
            Some(len) => bytes = bytes.get(len..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// Length of the multi-byte `nop` at the start of `bytes`.
fn x86_nop(bytes: &[u8]) -> Option<usize> {
    let prefixes = bytes.iter().take(14).take_while(|&&b| matches!(b, 0x66 | 0x2e)).count();
    let body = bytes.get(prefixes..)?;
    match body {
        [0x90, ..] => Some(prefixes + 1),
        // xchg ax,ax forms aside, `lea 0(%esi),%esi` is what 32-bit GNU as fills with.
        [0x8d, 0x76, 0x00, ..] => Some(prefixes + 3),
        [0x8d, 0x74, 0x26, 0x00, ..] => Some(prefixes + 4),
        [0x8d, 0xb6, 0, 0, 0, 0, ..] => Some(prefixes + 6),
        [0x8d, 0xb4, 0x26, 0, 0, 0, 0, ..] => Some(prefixes + 7),
        [0x0f, 0x1f, modrm, rest @ ..] => {
            let (mode, base) = (modrm >> 6, modrm & 7);
            let sib = usize::from(base == 4 && mode != 3);
            let displacement = match mode {
                1 => 1,
                2 => 4,
                0 if base == 5 => 4,
                _ => 0,
            };
            (rest.len() >= sib + displacement).then_some(prefixes + 3 + sib + displacement)
        }
        _ => None,
    }
}

fn words_of(bytes: &[u8], words: &[u32]) -> bool {
    // The byte order of instructions may differ from that of data: either counts.
    let (chunks, rest) = bytes.as_chunks::<4>();
    rest.iter().all(|&b| b == 0)
        && chunks.iter().all(|&c| {
            let (le, be) = (u32::from_le_bytes(c), u32::from_be_bytes(c));
            le == 0 || words.contains(&le) || words.contains(&be)
        })
}

fn half_words_of(bytes: &[u8], words: &[u16]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<2>();
    rest.iter().all(|&b| b == 0)
        && chunks.iter().all(|&c| {
            let (le, be) = (u16::from_le_bytes(c), u16::from_be_bytes(c));
            le == 0 || words.contains(&le) || words.contains(&be)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_assemblers_fill_with_is_padding() {
        // As written by GNU as and LLVM for `.p2align` in x86-64 text.
        for bytes in [
            &[0xcc; 13][..],
            &[0x90],
            &[0x66, 0x90],
            &[0x0f, 0x1f, 0x00],
            &[0x0f, 0x1f, 0x40, 0x00],
            &[0x0f, 0x1f, 0x44, 0x00, 0x00],
            &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
            &[0x0f, 0x1f, 0x80, 0, 0, 0, 0],
            &[0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
            &[0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x66, 0x90],
        ] {
            assert!(in_code(Filler::X86, bytes), "{bytes:x?}");
        }
        assert!(in_code(Filler::Words(&[0xd503_201f]), &[0x1f, 0x20, 0x03, 0xd5, 0, 0, 0, 0]));
    }

    #[test]
    fn code_is_not_padding() {
        // ret; push rbp; a cut nop; a call
        for bytes in [&[0xc3][..], &[0x55], &[0x0f, 0x1f], &[0x0f, 0x1f, 0x84, 0], &[0xe8, 0, 0, 0, 0]] {
            assert!(!in_code(Filler::X86, bytes), "{bytes:x?}");
        }
        assert!(!in_code(Filler::X86, &vec![0xcc; 5000]));
        assert!(!in_code(Filler::Zeros, &[0x90]));
        assert!(!in_code(Filler::X86, &[]));
    }

    #[test]
    fn zeros_in_data_are_padding_only_if_alignment_explains_them() {
        assert!(in_data(3, 0x1000));
        assert!(in_data(7, 0x1008));
        assert!(!in_data(7, 0x1004));
        assert!(!in_data(64, 0x1000));
        assert!(!in_data(0, 0x1000));
    }
}
