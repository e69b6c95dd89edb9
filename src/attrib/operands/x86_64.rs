//! Operands of 64-bit x86 code that count from the next instruction, without decoding the rest.
//!
//! Which address an instruction names is in its last bytes; what else it does is of no concern, and
//! length is all that has to be known of instructions that name none. That is an eighth of the work
//! of a decoder, and code is most of many files. What is rare or is no instruction is left to one.
//!
//! Source: Intel SDM volume 2, chapter 2 (formats), appendix A (opcode maps); AMD APM volume 3.

use super::decoder::Decoder;
use super::{Relative, Usage};

/// The longest instruction, in bytes.
const LONGEST: usize = 15;

/// What an opcode says of the instruction, in one byte: how many bytes its immediate has, and marks.
type Form = u8;

/// Bits of a [`Form`] that are the length of its immediate.
const IMMEDIATE: Form = 7;
/// There are 4 more bytes of immediate, or 2 with an operand size prefix.
const FULL: Form = 0x08;
/// A byte of registers and modes follows, and what that asks for.
const MODES: Form = 0x10;
/// The immediate is there in two forms of eight only: those of `TEST`.
const TEST: Form = 0x20;
/// The opcode alone does not tell.
const LOOK: Form = 0x40;
/// The immediate counts from the next instruction: a jump or call, if it is no [`LOOK`].
const BRANCH: Form = 0x80;
/// In front of the opcode.
const PREFIX: Form = 0x80 | LOOK;
/// In front of the opcode, and last: sizes and more registers.
const REX: Form = 0x81 | LOOK;
/// Rare, or no instruction.
const OTHER: Form = 0x82 | LOOK;

/// The map of one-byte opcodes.
const ONE: [Form; 256] = {
    let mut map = [OTHER; 256];
    let mut op = 0;
    while op < 0x40 {
        // ADD, OR, ADC, SBB, AND, SUB, XOR, CMP.
        map[op] = match op & 7 {
            0..=3 => MODES,
            4 => 1,
            5 => FULL,
            _ => OTHER,
        };
        op += 1;
    }
    fill(&mut map, 0x40, 0x4f, REX);
    fill(&mut map, 0x50, 0x5f, 0);
    map[0x63] = MODES;
    map[0x68] = FULL;
    map[0x69] = MODES | FULL;
    map[0x6a] = 1;
    map[0x6b] = MODES | 1;
    fill(&mut map, 0x70, 0x7f, BRANCH | 1);
    map[0x80] = MODES | 1;
    map[0x81] = MODES | FULL;
    map[0x83] = MODES | 1;
    fill(&mut map, 0x84, 0x8b, MODES);
    map[0x8d] = MODES;
    fill(&mut map, 0x90, 0x99, 0);
    fill(&mut map, 0xa4, 0xa7, 0);
    map[0xa8] = 1;
    map[0xa9] = FULL;
    fill(&mut map, 0xaa, 0xaf, 0);
    fill(&mut map, 0xb0, 0xb7, 1);
    fill(&mut map, 0xb8, 0xbf, LOOK);
    fill(&mut map, 0xc0, 0xc1, MODES | 1);
    map[0xc3] = 0;
    map[0xc6] = MODES | 1;
    map[0xc7] = MODES | FULL;
    map[0xc9] = 0;
    map[0xcc] = 0;
    fill(&mut map, 0xd0, 0xd3, MODES);
    fill(&mut map, 0xd8, 0xdf, MODES);
    map[0xeb] = BRANCH | 1;
    map[0xf6] = MODES | TEST | 1;
    map[0xf7] = MODES | TEST | FULL;
    fill(&mut map, 0xfe, 0xff, MODES);
    // Operand size; segments of thread-local storage, hints; locks and repetitions.
    map[0x66] = PREFIX;
    fill(&mut map, 0x64, 0x65, PREFIX);
    map[0x2e] = PREFIX;
    map[0x3e] = PREFIX;
    map[0xf0] = PREFIX;
    fill(&mut map, 0xf2, 0xf3, PREFIX);
    // Another map; VEX and EVEX; calls and jumps.
    map[0x0f] = LOOK;
    fill(&mut map, 0xc4, 0xc5, LOOK);
    map[0x62] = LOOK;
    fill(&mut map, 0xe8, 0xe9, LOOK);
    map
};

/// The map of opcodes behind `0F`.
const TWO: [Form; 256] = {
    let mut map = [OTHER; 256];
    map[0x05] = 0;
    map[0x0b] = 0;
    fill(&mut map, 0x10, 0x17, MODES);
    // Hints.
    fill(&mut map, 0x18, 0x1f, MODES);
    fill(&mut map, 0x28, 0x2f, MODES);
    map[0x31] = 0;
    // CMOVcc, SSE.
    fill(&mut map, 0x40, 0x6f, MODES);
    fill(&mut map, 0x70, 0x73, MODES | 1);
    fill(&mut map, 0x74, 0x76, MODES);
    fill(&mut map, 0x7c, 0x7f, MODES);
    // SETcc.
    fill(&mut map, 0x90, 0x9f, MODES);
    map[0xa2] = 0;
    map[0xa3] = MODES;
    map[0xa4] = MODES | 1;
    map[0xa5] = MODES;
    map[0xab] = MODES;
    map[0xac] = MODES | 1;
    map[0xad] = MODES;
    map[0xae] = MODES;
    map[0xaf] = MODES;
    fill(&mut map, 0xb0, 0xb1, MODES);
    map[0xb3] = MODES;
    fill(&mut map, 0xb6, 0xb8, MODES);
    map[0xba] = MODES | 1;
    fill(&mut map, 0xbb, 0xc1, MODES);
    map[0xc2] = MODES | 1;
    map[0xc3] = MODES;
    fill(&mut map, 0xc4, 0xc6, MODES | 1);
    map[0xc7] = MODES;
    fill(&mut map, 0xc8, 0xcf, 0);
    fill(&mut map, 0xd0, 0xfe, MODES);
    map
};

const fn fill(map: &mut [Form; 256], first: usize, last: usize, form: Form) {
    let mut op = first;
    while op <= last {
        map[op] = form;
        op += 1;
    }
}

/// Bits of [`BEHIND`] that are a number of bytes.
const BYTES: u8 = 7;
/// Four of the bytes count from the next instruction.
const RELATIVE: u8 = 0x10;
/// The first of the bytes is one of an index; without a base four more follow.
const INDEX: u8 = 0x20;

/// What follows a byte of modes, by that byte.
const BEHIND: [u8; 256] = {
    let mut map = [0; 256];
    let mut modes = 0;
    while modes < 0xc0 {
        let index = if modes & 7 == 4 { 1 } else { 0 };
        map[modes] = match modes >> 6 {
            0 if modes & 7 == 5 => RELATIVE | 4,
            0 if index == 1 => INDEX | 1,
            0 => 0,
            1 => index + 1,
            _ => index + 4,
        };
        modes += 1;
    }
    map
};

/// One instruction; its length is 0 if a decoder has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Instruction {
    len: usize,
    /// Where what counts from the next instruction is; 0 if nothing does.
    relative: usize,
    /// How many bytes that has: 1 or 4.
    size: usize,
    usage: Usage,
    is_near_branch: bool,
}

impl Instruction {
    const UNKNOWN: Instruction = Instruction::plain(0);

    const fn plain(len: usize) -> Instruction {
        Instruction { len, relative: 0, size: 0, usage: Usage::Access, is_near_branch: false }
    }

    /// Goes to what its last `size` bytes tell, which are behind so many.
    const fn branch(front: usize, size: usize) -> Instruction {
        Instruction { len: front + size, relative: front, size, usage: Usage::Branch, is_near_branch: true }
    }

    /// Names what its displacement tells. `op` is the first byte of its opcode.
    fn memory(len: usize, relative: usize, op: u8, modes: u8) -> Instruction {
        let usage = match (op, modes >> 3 & 7) {
            (0x8d, _) => Usage::Address,
            (0xff, 2..=5) => Usage::Branch,
            _ => Usage::Access,
        };
        Instruction { len, relative, size: 4, usage, is_near_branch: false }
    }

    /// The displacement of such an instruction, which `rest` starts with.
    fn displacement(&self, rest: &[u8]) -> Option<u64> {
        let stored = rest.get(self.relative..)?;
        let displacement = match self.size {
            1 => i64::from(*stored.first()? as i8),
            _ => i64::from(i32::from_le_bytes(*stored.first_chunk()?)),
        };
        Some(displacement as u64)
    }
}

/// Calls `found` with every operand of `code`, which starts at `address`, that counts from the next instruction:
/// those in memory, and, with `BRANCHES`, targets of jumps and calls.
///
/// *Cost*: linear in the length of the code.
pub(in crate::attrib) fn relatives<const BRANCHES: bool>(
    code: &[u8],
    address: u64,
    found: &mut impl FnMut(Relative),
) {
    // Most functions have nothing for it.
    let mut decoder = None;
    scan::<BRANCHES, _>(code, address, found, |at, found| {
        let (len, relative) = decoder.get_or_insert_with(|| Decoder::new(code, address)).one(at);
        relative.filter(|r| BRANCHES || !r.is_near_branch).into_iter().for_each(found);
        len
    });
}

/// The same; `decode` is called with the places of bytes to be left to a decoder, and returns how many these are.
// Not part of its callers: it is all about registers.
#[inline(never)]
fn scan<const BRANCHES: bool, F: FnMut(Relative)>(
    code: &[u8],
    address: u64,
    found: &mut F,
    mut decode: impl FnMut(usize, &mut F) -> usize,
) {
    let mut at = 0;
    while let Some(rest) = code.get(at..).filter(|rest| !rest.is_empty()) {
        let one = match rest.first_chunk::<16>() {
            Some(start) => {
                common::<BRANCHES>(u64::from_le_bytes(start[..WINDOW].try_into().unwrap_or_default()))
            }
            None => instruction::<BRANCHES>(padded(rest)),
        };
        // Nothing is longer than its end, nor than the longest.
        if one.len.wrapping_sub(1) >= LONGEST || one.len > rest.len() {
            at += decode(at, found).max(1);
            continue;
        }
        if one.relative > 0
            && let Some(displacement) = one.displacement(rest)
        {
            let from = address.wrapping_add(at as u64);
            found(Relative {
                at: from,
                field: at + one.relative..at + one.relative + one.size,
                target: from.wrapping_add(one.len as u64).wrapping_add(displacement),
                usage: one.usage,
                is_near_branch: one.is_near_branch,
            });
        }
        at += one.len;
    }
}

/// The first bytes of less than a window.
fn padded(rest: &[u8]) -> u64 {
    let mut start = [0u8; WINDOW];
    let len = rest.len().min(WINDOW);
    start[..len].copy_from_slice(&rest[..len]);
    u64::from_le_bytes(start)
}

/// What most opcodes say, without a prefix: 4 more bytes of immediate are counted.
///
/// All others are [`LOOK`]: it takes [`instruction`] to tell.
const COMMON: [Form; 256] = {
    let mut map = [LOOK; 256];
    let mut op = 0;
    while op < 256 {
        let form = ONE[op];
        if form & (LOOK | TEST) == 0 {
            map[op] = (form & (MODES | IMMEDIATE | BRANCH)) + if form & FULL != 0 { 4 } else { 0 };
        }
        op += 1;
    }
    // Calls and jumps; MOV of an immediate, but for those of 64 bits.
    fill(&mut map, 0xe8, 0xe9, BRANCH | 4);
    fill(&mut map, 0xb8, 0xbf, FULL | 4);
    map
};

/// [`instruction`] for what most are: an opcode of one byte, behind no prefix but that for more registers.
#[inline(always)]
fn common<const BRANCHES: bool>(start: u64) -> Instruction {
    let is_extended = start & 0xf0 == 0x40;
    let bytes = if is_extended { start >> 8 } else { start };
    let form = COMMON[usize::from(bytes as u8)];
    if form & LOOK != 0 || form & FULL != 0 && is_extended && start & 8 != 0 {
        return instruction::<BRANCHES>(start);
    }
    let front = usize::from(is_extended) + 1;
    let mut len = front + usize::from(form & IMMEDIATE);
    if form & MODES == 0 {
        let is_branch = BRANCHES && form & BRANCH != 0;
        return if is_branch { Instruction::branch(front, len - front) } else { Instruction::plain(len) };
    }
    let (op, modes) = (bytes as u8, (bytes >> 8) as u8);
    if BRANCHES && (op, modes) == XBEGIN {
        return Instruction::UNKNOWN;
    }
    let behind = BEHIND[usize::from(modes)];
    len += 1 + usize::from(behind & BYTES);
    if behind & (INDEX | RELATIVE) == 0 {
        return Instruction::plain(len);
    }
    if behind & INDEX != 0 {
        return Instruction::plain(if bytes >> 16 & 7 == 5 { len + 4 } else { len });
    }
    Instruction::memory(len, front + 1, op, modes)
}

/// The opcode and modes of a branch that has the form of a move.
const XBEGIN: (u8, u8) = (0xc7, 0xf8);

/// Bytes that tell the length of an instruction with up to two prefixes: these, one for more
/// registers, three of an opcode, one of modes, one of an index. Or one prefix, the five of EVEX
/// and its opcode, and the last two.
const WINDOW: usize = 8;

/// The instruction that starts with the lowest of these bytes.
#[inline(never)]
fn instruction<const BRANCHES: bool>(mut bytes: u64) -> Instruction {
    let mut form = ONE[usize::from(bytes as u8)];
    // How many bytes it has up to its opcode.
    let mut len = 1;
    let (mut is_short, mut is_wide) = (false, false);
    while form == PREFIX {
        is_short |= bytes as u8 == 0x66;
        if len > 2 {
            return Instruction::UNKNOWN;
        }
        len += 1;
        bytes >>= 8;
        form = ONE[usize::from(bytes as u8)];
    }
    if form == REX {
        is_wide = bytes & 8 != 0;
        len += 1;
        bytes >>= 8;
        form = ONE[usize::from(bytes as u8)];
    }
    let op = bytes as u8;
    bytes >>= 8;
    if form & LOOK != 0 {
        let second = bytes as u8;
        match op {
            // Jumps and calls of 32 bits, whatever the operand size, on the processors that decoders ask about.
            0x0f if second & 0xf0 == 0x80 && !is_short => return branch::<BRANCHES>(len + 1, 4),
            0xe8 | 0xe9 if !is_short => return branch::<BRANCHES>(len, 4),
            0x0f => {
                let is_longer = matches!(second, 0x38 | 0x3a);
                let more = if is_longer { 2 } else { 1 };
                len += more;
                bytes >>= 8 * more;
                form = match second {
                    0x38 => MODES,
                    0x3a => MODES | 1,
                    _ => TWO[usize::from(second)],
                };
            }
            // MOV of an immediate, whole where the operand is of 64 bits.
            0xb8..=0xbf => form = if is_wide { FULL | 4 } else { FULL },
            // VEX of two and of three bytes, EVEX. With more than a byte in front they leave the window.
            0xc4 | 0xc5 | 0x62 if !is_short && !is_wide && len <= 2 => {
                let (map, behind) = match op {
                    0xc5 => (1, 1),
                    0xc4 => (second & 31, 2),
                    _ => (second & 15, 3),
                };
                bytes >>= 8 * behind;
                form = vector(map, bytes as u8);
                bytes >>= 8;
                len += behind + 1;
            }
            _ => return Instruction::UNKNOWN,
        }
        if form == OTHER {
            return Instruction::UNKNOWN;
        }
    }
    let full = if is_short && !is_wide { 2 } else { 4 };
    let mut immediate = usize::from(form & IMMEDIATE) + if form & FULL != 0 { full } else { 0 };
    if form & BRANCH != 0 {
        return branch::<BRANCHES>(len, immediate);
    }
    if form & MODES == 0 {
        return Instruction::plain(len + immediate);
    }
    let modes = bytes as u8;
    if BRANCHES && (op, modes) == XBEGIN {
        return Instruction::UNKNOWN;
    }
    let behind = BEHIND[usize::from(modes)];
    len += 1;
    if form & TEST != 0 && modes & 0x30 != 0 {
        immediate = 0;
    }
    // Without a base there are four bytes of displacement.
    let more = if behind & INDEX != 0 && bytes >> 8 & 7 == 5 { 4 } else { 0 };
    let whole = len + usize::from(behind & BYTES) + immediate + more;
    if behind & RELATIVE != 0 {
        Instruction::memory(whole, len, op, modes)
    } else {
        Instruction::plain(whole)
    }
}

fn branch<const BRANCHES: bool>(front: usize, size: usize) -> Instruction {
    if BRANCHES { Instruction::branch(front, size) } else { Instruction::plain(front + size) }
}

/// The form of an opcode of vector instructions.
fn vector(map: u8, op: u8) -> Form {
    match (map, op) {
        (1, 0x77) => 0,
        (1, 0x70..=0x73 | 0xc2 | 0xc4..=0xc6) => MODES | 1,
        (1 | 2, _) => MODES,
        (3, _) => MODES | 1,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::read;
    use crate::input::Input;
    use crate::kind::Kind;

    /// Operands with and without a decoder, and how many bytes were left to it.
    fn both(code: &[u8], address: u64) -> (Vec<Relative>, Vec<Relative>, usize) {
        let (mut slow, mut fast, mut left) = (Vec::new(), Vec::new(), 0);
        let mut decoder = Decoder::new(code, address);
        while decoder.can_decode() {
            slow.extend(decoder.next());
        }
        scan::<true, _>(code, address, &mut |operand| fast.push(operand), |at, found| {
            left += 1;
            let (len, relative) = decoder.one(at);
            relative.into_iter().for_each(found);
            len
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
            let mut in_memory = Vec::new();
            relatives::<false>(code, 0x1000_0000, &mut |operand| in_memory.push(operand));
            assert!(in_memory.iter().eq(slow.iter().filter(|o| !o.is_near_branch)), "{}", section.name);
            (instructions, left) = (instructions + slow.len(), left + few);
        }
        if cfg!(target_arch = "x86_64") {
            assert!(instructions > 10_000 && left < instructions, "{left} of {instructions}");
        }
    }

    #[test]
    fn every_opcode_is_read_as_a_decoder_reads_it() {
        // None; operand size, repetitions, a segment; more registers, of 64 bits; two of them.
        const PREFIXES: [&[u8]; 9] =
            [&[], &[0x66], &[0xf2], &[0xf3], &[0x64], &[0x41], &[0x48], &[0x66, 0x48], &[0xf3, 0x66]];
        const MAPS: [&[u8]; 4] = [&[], &[0x0f], &[0x0f, 0x38], &[0x0f, 0x3a]];
        let vex = [0x78, 0x79, 0x7a, 0x7b, 0xf8, 0xfd].into_iter().flat_map(|last: u8| {
            let long = [0xe1, 0xe2, 0xe3].map(|map| vec![0xc4, map, last]);
            long.into_iter().chain([vec![0xc5, last]])
        });
        let evex = [0x7c, 0x7d, 0x7e, 0x7f, 0xfd].into_iter().flat_map(|second| {
            [0xf1, 0xf2, 0xf3].map(|map: u8| [0x08, 0x28, 0x48].map(|last| vec![0x62, map, second, last]))
        });
        let legacy = PREFIXES.iter().flat_map(|prefix| MAPS.map(|map| [prefix, map].concat()));
        let fronts: Vec<Vec<u8>> = legacy.chain(vex).chain(evex.flatten()).collect();
        let (mut told, mut seen) = (0, 0);
        for front in &fronts {
            for op in 0..=0xff {
                // Registers; no displacement, one, one from the next instruction; an index with and without a base.
                for (place, index) in [(0xc1, 0), (0x40, 0), (0x81, 0), (0x05, 0), (0x04, 0x25), (0x44, 0x25)]
                {
                    for register in 0..8 {
                        let tail = [op, place | register << 3, index, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67];
                        let mut code = [front, &tail[..], &[0x90; 8]].concat();
                        code.truncate(16);
                        let mut decoder = Decoder::new(&code, 0x1000);
                        let (len, relative) = decoder.one(0);
                        let start = u64::from_le_bytes(code[..WINDOW].try_into().expect("long enough"));
                        let one = common::<true>(start);
                        seen += 1;
                        if one.len == 0 || decoder.is_invalid() {
                            continue;
                        }
                        told += 1;
                        let field = (one.relative > 0).then(|| one.relative..one.relative + one.size);
                        let fast = (one.len, field.map(|field| (field, one.usage, one.is_near_branch)));
                        let slow = (len, relative.map(|r| (r.field, r.usage, r.is_near_branch)));
                        assert_eq!(fast, slow, "{code:02x?}");
                    }
                }
            }
        }
        assert!(told > 250_000, "{told} of {seen}");
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
            // vmovups with an absolute address whose bytes look like a lea, behind two prefixes and behind one.
            &[0x64, 0x64, 0x62, 0xf1, 0x7c, 0x48, 0x10, 0x04, 0x25, 0x48, 0x8d, 0x05, 0],
            &[0x64, 0x62, 0xf1, 0x7c, 0x48, 0x10, 0x04, 0x25, 0x48, 0x8d, 0x05, 0],
            &[0x64, 0x64, 0xc4, 0xe1, 0x78, 0x10, 0x04, 0x25, 0x48, 0x8d, 0x05, 0],
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

    #[test]
    fn branches_are_told_with_the_bytes_that_say_where_to() {
        let branch = |code: &[u8]| {
            let (slow, fast, _) = both(code, 0x1000);
            assert_eq!(slow, fast, "{code:x?}");
            fast.first().map(|o| (o.field.clone(), o.target, o.usage, o.is_near_branch))
        };
        // call, jmp, je; the same in short; behind a bound, a hint and more registers.
        assert_eq!(branch(&[0xe8, 0, 1, 0, 0]), Some((1..5, 0x1105, Usage::Branch, true)));
        assert_eq!(branch(&[0xe9, 0xfb, 0xff, 0xff, 0xff]), Some((1..5, 0x1000, Usage::Branch, true)));
        assert_eq!(branch(&[0x0f, 0x84, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, true)));
        assert_eq!(branch(&[0xeb, 0x10]), Some((1..2, 0x1012, Usage::Branch, true)));
        assert_eq!(branch(&[0x7f, 0xfe]), Some((1..2, 0x1000, Usage::Branch, true)));
        assert_eq!(branch(&[0xf2, 0xe8, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, true)));
        assert_eq!(branch(&[0x3e, 0x74, 0x10]), Some((2..3, 0x1013, Usage::Branch, true)));
        assert_eq!(branch(&[0x48, 0xe9, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, true)));
        // jrcxz, loop, xbegin; a jump with an operand size, which some processors heed.
        assert_eq!(branch(&[0xe3, 0x10]), Some((1..2, 0x1012, Usage::Branch, true)));
        assert_eq!(branch(&[0xe2, 0xfe]), Some((1..2, 0x1000, Usage::Branch, true)));
        assert_eq!(branch(&[0xc7, 0xf8, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, true)));
        assert_eq!(branch(&[0x66, 0xe9, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, true)));
        // call, jmp and push of what is stored.
        assert_eq!(branch(&[0xff, 0x15, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, false)));
        assert_eq!(branch(&[0xff, 0x25, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Branch, false)));
        assert_eq!(branch(&[0xff, 0x35, 0, 1, 0, 0]), Some((2..6, 0x1106, Usage::Access, false)));
        // mov dword [rip+0x100], 0: its displacement is not its last bytes.
        assert_eq!(branch(&[0xc7, 0x05, 0, 1, 0, 0, 0, 0, 0, 0]), Some((2..6, 0x110a, Usage::Access, false)));
        // Cut short.
        assert_eq!(branch(&[0xe8, 0, 1, 0]), None);
    }
}
