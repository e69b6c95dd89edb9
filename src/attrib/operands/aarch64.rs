//! Operands of A64 code: addresses that several instructions make together.

use super::{Operand, Place, Sink, Usage};

/// A page that a register holds, and whether something made an address of it.
#[derive(Clone, Copy)]
struct Page {
    address: u64,
    is_used: bool,
}

/// A64 (Arm DDI 0487, C4.1): ADR, ADRP and what completes it, literal loads, branches out of the code.
pub(super) fn read(code: &[u8], address: u64, sink: &mut impl Sink) {
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
