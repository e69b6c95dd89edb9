//! Operands of 64-bit x86 code that count from the next instruction, without decoding the rest.
//!
//! Which address an instruction names is in its last bytes; what else it does is of no concern, and
//! length is all that has to be known of instructions that name none. That is an eighth of the work
//! of a decoder, and code is most of many files. What is rare or is no instruction is left to one.
//!
//! Source: Intel SDM volume 2, chapter 2 (formats), appendix A (opcode maps); AMD APM volume 3.

use super::Usage;
use super::code::Operand;

/// The longest instruction, in bytes.
const LONGEST: usize = 15;

/// What a byte of an opcode map says of the instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Rare, a prefix, or no instruction.
    Other,
    /// Nothing follows, but for so many bytes of an immediate.
    Bare(u8),
    /// A byte of registers and modes, what that asks for, and so many bytes of an immediate.
    Modes(u8),
    /// As `Bare`, with an immediate of 4 bytes, or 2 with an operand size prefix.
    BareFull,
    /// As `Modes`, with an immediate of 4 bytes, or 2 with an operand size prefix.
    ModesFull,
    /// As `Modes`; the immediate is there in two forms of eight only: those of `TEST`.
    Test,
    /// As `ModesFull`, and as `Test`.
    TestFull,
    /// As `BareFull`, with 8 bytes if the operand is of 64 bits.
    BareWide,
}

/// The map of one-byte opcodes. Prefixes are not in it.
const ONE: [Form; 256] = {
    let mut map = [Form::Other; 256];
    let mut op = 0;
    while op < 0x40 {
        // ADD, OR, ADC, SBB, AND, SUB, XOR, CMP.
        map[op] = match op & 7 {
            0..=3 => Form::Modes(0),
            4 => Form::Bare(1),
            5 => Form::BareFull,
            _ => Form::Other,
        };
        op += 1;
    }
    fill(&mut map, 0x50, 0x5f, Form::Bare(0));
    map[0x63] = Form::Modes(0);
    map[0x68] = Form::BareFull;
    map[0x69] = Form::ModesFull;
    map[0x6a] = Form::Bare(1);
    map[0x6b] = Form::Modes(1);
    fill(&mut map, 0x70, 0x7f, Form::Bare(1));
    map[0x80] = Form::Modes(1);
    map[0x81] = Form::ModesFull;
    map[0x83] = Form::Modes(1);
    fill(&mut map, 0x84, 0x8b, Form::Modes(0));
    map[0x8d] = Form::Modes(0);
    fill(&mut map, 0x90, 0x99, Form::Bare(0));
    fill(&mut map, 0xa4, 0xa7, Form::Bare(0));
    map[0xa8] = Form::Bare(1);
    map[0xa9] = Form::BareFull;
    fill(&mut map, 0xaa, 0xaf, Form::Bare(0));
    fill(&mut map, 0xb0, 0xb7, Form::Bare(1));
    fill(&mut map, 0xb8, 0xbf, Form::BareWide);
    fill(&mut map, 0xc0, 0xc1, Form::Modes(1));
    map[0xc3] = Form::Bare(0);
    map[0xc6] = Form::Modes(1);
    map[0xc7] = Form::ModesFull;
    map[0xc9] = Form::Bare(0);
    map[0xcc] = Form::Bare(0);
    fill(&mut map, 0xd0, 0xd3, Form::Modes(0));
    fill(&mut map, 0xd8, 0xdf, Form::Modes(0));
    map[0xeb] = Form::Bare(1);
    map[0xf6] = Form::Test;
    map[0xf7] = Form::TestFull;
    fill(&mut map, 0xfe, 0xff, Form::Modes(0));
    map
};

/// The map of opcodes behind `0F`.
const TWO: [Form; 256] = {
    let mut map = [Form::Other; 256];
    map[0x05] = Form::Bare(0);
    map[0x0b] = Form::Bare(0);
    fill(&mut map, 0x10, 0x17, Form::Modes(0));
    // Hints.
    fill(&mut map, 0x18, 0x1f, Form::Modes(0));
    fill(&mut map, 0x28, 0x2f, Form::Modes(0));
    map[0x31] = Form::Bare(0);
    // CMOVcc, SSE.
    fill(&mut map, 0x40, 0x6f, Form::Modes(0));
    fill(&mut map, 0x70, 0x73, Form::Modes(1));
    fill(&mut map, 0x74, 0x76, Form::Modes(0));
    fill(&mut map, 0x7c, 0x7f, Form::Modes(0));
    // SETcc.
    fill(&mut map, 0x90, 0x9f, Form::Modes(0));
    map[0xa2] = Form::Bare(0);
    map[0xa3] = Form::Modes(0);
    map[0xa4] = Form::Modes(1);
    map[0xa5] = Form::Modes(0);
    map[0xab] = Form::Modes(0);
    map[0xac] = Form::Modes(1);
    map[0xad] = Form::Modes(0);
    map[0xae] = Form::Modes(0);
    map[0xaf] = Form::Modes(0);
    fill(&mut map, 0xb0, 0xb1, Form::Modes(0));
    map[0xb3] = Form::Modes(0);
    fill(&mut map, 0xb6, 0xb8, Form::Modes(0));
    map[0xba] = Form::Modes(1);
    fill(&mut map, 0xbb, 0xc1, Form::Modes(0));
    map[0xc2] = Form::Modes(1);
    map[0xc3] = Form::Modes(0);
    fill(&mut map, 0xc4, 0xc6, Form::Modes(1));
    map[0xc7] = Form::Modes(0);
    fill(&mut map, 0xc8, 0xcf, Form::Bare(0));
    fill(&mut map, 0xd0, 0xfe, Form::Modes(0));
    map
};

const fn fill(map: &mut [Form; 256], first: usize, last: usize, form: Form) {
    let mut op = first;
    while op <= last {
        map[op] = form;
        op += 1;
    }
}

/// Bytes behind a byte of modes for memory without an index: by its upper two bits and its lower three.
const fn displacement(modes: u8) -> usize {
    match (modes >> 6, modes & 7) {
        (0, 5) | (2, _) => 4,
        (1, _) => 1,
        _ => 0,
    }
}

/// One instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instruction {
    len: usize,
    /// Where its displacement from the next instruction is, and what it is for.
    relative: Option<(usize, Usage)>,
}

/// Calls `found` with every operand of `code`, which starts at `address`, that counts from the next
/// instruction, and `decode` with the places of bytes to be left to a decoder; it returns how many these are.
///
/// *Cost*: linear in the length of the code.
pub(super) fn relative_operands<F: FnMut(Operand)>(
    code: &[u8],
    address: u64,
    found: &mut F,
    mut decode: impl FnMut(usize, &mut F) -> usize,
) {
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let mut end = [0u8; LONGEST + 1];
        let bytes = rest.first_chunk().unwrap_or_else(|| {
            end[..rest.len()].copy_from_slice(rest);
            &end
        });
        let Some(one) = instruction(bytes).filter(|one| one.len <= rest.len().min(LONGEST)) else {
            at += decode(at, found).max(1);
            continue;
        };
        if let Some((place, usage)) = one.relative
            && let Some(stored) = bytes.get(place..).and_then(|b| b.first_chunk::<4>())
        {
            let from = address.wrapping_add(at as u64);
            let displacement = i64::from(i32::from_le_bytes(*stored)) as u64;
            let target = from.wrapping_add(one.len as u64).wrapping_add(displacement);
            found(Operand { at: from, target, usage });
        }
        at += one.len;
    }
}

/// The instruction that `bytes` start with, unless a decoder has to tell.
#[inline(always)]
fn instruction(bytes: &[u8; LONGEST + 1]) -> Option<Instruction> {
    let mut at = 0;
    let (mut is_short, mut is_wide) = (false, false);
    let mut op = bytes[0];
    loop {
        match op {
            0x66 => is_short = true,
            // Locks, repetitions, the segments of thread-local storage, hints.
            0xf0 | 0xf2 | 0xf3 | 0x64 | 0x65 | 0x2e | 0x3e => {}
            _ => break,
        }
        at += 1;
        op = *bytes.get(at).filter(|_| at < 5)?;
    }
    if op & 0xf0 == 0x40 {
        is_wide = op & 8 != 0;
        at += 1;
        op = bytes[at & LONGEST];
    }
    let full = if is_short && !is_wide { 2 } else { 4 };
    let mut usage = Usage::Access;
    let (form, has_prefix) = match op {
        0x0f => {
            at += 1;
            op = bytes[at & LONGEST];
            match op {
                // Jumps of 32 bits, whatever the operand size, on the processors that decoders ask about.
                0x80..=0x8f if !is_short => return Some(Instruction { len: at + 5, relative: None }),
                0x38 => {
                    at += 1;
                    (Form::Modes(0), false)
                }
                0x3a => {
                    at += 1;
                    (Form::Modes(1), false)
                }
                _ => (TWO[op as usize], false),
            }
        }
        0xe8 | 0xe9 if !is_short => return Some(Instruction { len: at + 5, relative: None }),
        // VEX of two and of three bytes, EVEX.
        0xc5 => {
            at += 2;
            (vector(1, bytes[at & LONGEST])?, true)
        }
        0xc4 => {
            at += 3;
            (vector(bytes[(at - 2) & LONGEST] & 31, bytes[at & LONGEST])?, true)
        }
        0x62 => {
            at += 4;
            (vector(bytes[(at - 3) & LONGEST] & 15, bytes[at & LONGEST])?, true)
        }
        0x8d => {
            usage = Usage::Address;
            (Form::Modes(0), false)
        }
        _ => (ONE[op as usize], false),
    };
    if has_prefix && (is_short || is_wide) {
        return None;
    }
    at += 1;
    let immediate = match form {
        Form::Other => return None,
        Form::Bare(immediate) => {
            return Some(Instruction { len: at + usize::from(immediate), relative: None });
        }
        Form::BareFull => return Some(Instruction { len: at + full, relative: None }),
        Form::BareWide => {
            let len = if is_wide { 8 } else { full };
            return Some(Instruction { len: at + len, relative: None });
        }
        Form::Modes(immediate) => usize::from(immediate),
        Form::ModesFull => full,
        Form::Test | Form::TestFull if bytes[at & LONGEST] & 0x30 != 0 => 0,
        Form::Test => 1,
        Form::TestFull => full,
    };
    let modes = bytes[at & LONGEST];
    at += 1;
    if modes >= 0xc0 {
        return Some(Instruction { len: at + immediate, relative: None });
    }
    if modes & 0xc7 == 5 {
        return Some(Instruction { len: at + 4 + immediate, relative: Some((at, usage)) });
    }
    let mut len = at + displacement(modes) + immediate;
    if modes & 7 == 4 {
        // An index; without a base there are four bytes of displacement.
        let has_no_base = modes < 0x40 && bytes[at & LONGEST] & 7 == 5;
        len += 1 + if has_no_base { 4 } else { 0 };
    }
    Some(Instruction { len, relative: None })
}

/// The form of an opcode of vector instructions.
fn vector(map: u8, op: u8) -> Option<Form> {
    match (map, op) {
        (1, 0x77) => Some(Form::Bare(0)),
        (1, 0x70..=0x73 | 0xc2 | 0xc4..=0xc6) => Some(Form::Modes(1)),
        (1 | 2, _) => Some(Form::Modes(0)),
        (3, _) => Some(Form::Modes(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::decoded;
    use super::*;
    use crate::format::read;
    use crate::input::Input;
    use crate::kind::Kind;

    /// Operands with and without a decoder, and how many bytes were left to it.
    fn both(code: &[u8], address: u64) -> (Vec<Operand>, Vec<Operand>, usize) {
        let (mut slow, mut fast, mut left) = (Vec::new(), Vec::new(), 0);
        let mut decoder = decoded(code, address);
        while decoder.can_decode() {
            decoder.next(&mut |operand| slow.push(operand));
        }
        let mut found = |operand| fast.push(operand);
        let mut decoder = decoded(code, address);
        relative_operands(code, address, &mut found, |at, found| {
            left += 1;
            decoder.one(at, found)
        });
        (slow, fast, left)
    }

    #[test]
    fn all_code_of_this_program_is_read_as_a_decoder_reads_it() {
        let path = std::env::var_os("BLOAT_BENCH_FILE").map_or_else(std::env::current_exe, |p| Ok(p.into()));
        let input = Input::open(&path.expect("a test knows its path")).expect("readable");
        let image = read(&input).expect("a binary");
        let (mut instructions, mut left) = (0, 0);
        for section in image.sections.iter().filter(|s| s.kind == Kind::Code) {
            let code = &input.bytes()[section.span.start as usize..section.span.end as usize];
            let (slow, fast, few) = both(code, 0x1000_0000);
            assert!(slow == fast, "{}: {:?}", section.name, slow.iter().zip(&fast).find(|(a, b)| a != b));
            (instructions, left) = (instructions + slow.len(), left + few);
        }
        if cfg!(target_arch = "x86_64") {
            assert!(instructions > 10_000 && left < instructions, "{left} of {instructions}");
        }
    }

    #[test]
    fn forms_of_operands_are_told_apart() {
        let target = |code: &[u8]| {
            let (slow, fast, _) = both(code, 0x1000);
            assert_eq!(slow, fast, "{code:x?}");
            fast.first().map(|o| (o.at, o.target, o.usage))
        };
        // lea rdi, [rip+0x100]
        assert_eq!(target(&[0x48, 0x8d, 0x3d, 0, 1, 0, 0]), Some((0x1000, 0x1107, Usage::Address)));
        // cmp byte [rip+0x100], 0; cmp qword [rip+0x100], 0x12345678; test dword [rip+0x100], 1; not dword [rip+0x100]
        assert_eq!(target(&[0x80, 0x3d, 0, 1, 0, 0, 0]), Some((0x1000, 0x1107, Usage::Access)));
        assert_eq!(
            target(&[0x48, 0x81, 0x3d, 0, 1, 0, 0, 1, 2, 3, 4]),
            Some((0x1000, 0x110b, Usage::Access))
        );
        assert_eq!(target(&[0xf7, 0x05, 0, 1, 0, 0, 1, 0, 0, 0]), Some((0x1000, 0x110a, Usage::Access)));
        assert_eq!(target(&[0xf7, 0x15, 0, 1, 0, 0]), Some((0x1000, 0x1106, Usage::Access)));
        // cmp word [rip+0x100], 0x1234
        assert_eq!(
            target(&[0x66, 0x81, 0x3d, 0, 1, 0, 0, 0x34, 0x12]),
            Some((0x1000, 0x1109, Usage::Access))
        );
        // vmovups ymm0, [rip+0x100]; vpshufd xmm0, [rip+0x100], 1; pshufb xmm0, [rip+0x100]; vmovups zmm0, [rip+0x100]
        assert_eq!(target(&[0xc5, 0xfc, 0x10, 0x05, 0, 1, 0, 0]), Some((0x1000, 0x1108, Usage::Access)));
        assert_eq!(target(&[0xc5, 0xf9, 0x70, 0x05, 0, 1, 0, 0, 1]), Some((0x1000, 0x1109, Usage::Access)));
        assert_eq!(
            target(&[0x66, 0x0f, 0x38, 0x00, 0x05, 0, 1, 0, 0]),
            Some((0x1000, 0x1109, Usage::Access))
        );
        assert_eq!(
            target(&[0x62, 0xf1, 0x7c, 0x48, 0x10, 0x05, 0, 1, 0, 0]),
            Some((0x1000, 0x110a, Usage::Access))
        );
        // mov rax, imm64 whose bytes look like a lea; mov rax, [rax+rbx*8+0x100] in all lengths; then a lea.
        let lea = [0x48, 0x8d, 0x05, 0, 1, 0, 0];
        for front in [
            &[0x48, 0xb8, 0x48, 0x8d, 0x05, 0, 1, 0, 0, 0][..],
            &[0x48, 0x8b, 0x04, 0xd8],
            &[0x48, 0x8b, 0x44, 0xd8, 0x10],
            &[0x48, 0x8b, 0x84, 0xd8, 0, 1, 0, 0],
            &[0x48, 0x8b, 0x04, 0xdd, 0, 1, 0, 0],
            &[0xf3, 0x0f, 0x1e, 0xfa],
            &[0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
            &[0x0f, 0x84, 0, 1, 0, 0],
            &[0x66, 0xb8, 0x34, 0x12],
            &[0xc8, 0, 1, 0],
            &[0x67, 0x8b, 0x05, 0, 1, 0, 0],
        ] {
            let code = [front, &lea].concat();
            let (slow, fast, _) = both(&code, 0x1000);
            assert_eq!(slow, fast, "{front:x?}");
            let last = fast.last().map(|o| (o.at, o.usage));
            assert_eq!(last, Some((0x1000 + front.len() as u64, Usage::Address)), "{front:x?}");
        }
        // A program that ends in the middle of an instruction.
        assert_eq!(target(&lea[..6]), None);
    }
}
