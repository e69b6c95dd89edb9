//! The procedure linkage table: which stub calls which import.
//!
//! Entries have a fixed size per machine and lie in the order of the relocations
//! of their slots, so no decoding is needed. A table whose size does not fit
//! that shape is left whole: a wrong name is worse than none.

use object::elf;

use super::relocations::Slots;
use super::{Elf, File};
use crate::format::once::Once;
use crate::format::{Charge, Section};

/// Size of the header and of one entry that GNU ld and LLD use.
fn shapes(machine: elf::Machine, section: &str) -> &'static [(u64, u64)] {
    match (machine, section) {
        (elf::EM_X86_64 | elf::EM_386, ".plt.sec") => &[(0, 16)],
        (elf::EM_X86_64 | elf::EM_386, ".plt") => &[(16, 16)],
        (elf::EM_AARCH64, ".plt") => &[(32, 16), (32, 24)],
        (elf::EM_ARM, ".plt") => &[(20, 12), (32, 16), (20, 16)],
        (elf::EM_RISCV | elf::EM_LOONGARCH, ".plt") => &[(32, 16)],
        (elf::EM_S390, ".plt") => &[(32, 32)],
        _ => &[],
    }
}

/// Charges the header-less part of each table, entry by entry, to what it calls.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    sections: &[Section<'_>],
    slots: &mut Slots,
    charges: &mut Vec<Charge>,
) {
    let count = slots.plt.len() as u64;
    if file.relocatable || count == 0 {
        return;
    }
    let mut once = Once::of(file.data.len());
    for section in sections {
        let size = section.span.end - section.span.start;
        let fits = |&&(head, entry): &&(u64, u64)| count.checked_mul(entry) == size.checked_sub(head);
        let Some(&(head, entry)) = shapes(file.machine(), &section.name).iter().find(fits) else { continue };
        if !usize::try_from(size).is_ok_and(|size| once.may_read(size)) {
            continue;
        }
        let first = section.span.start + head;
        for (at, &on) in (0..).zip(&slots.plt) {
            let start = first + at * entry;
            charges.push(Charge { start, end: start + entry, on });
        }
    }
}
