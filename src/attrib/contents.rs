//! What symbols hold, as hashes: two builds of one function have the same.
//!
//! Operands that only say where other things lie (calls, addresses, relocated words)
//! are left out, since they change whenever anything else moves.

use std::ops::Range;

use rayon::prelude::*;

use super::operands::{self, Operand, Sink};
use crate::format::{Image, Machine, Pointer};
use crate::hash::Hash;
use crate::input::Input;
use crate::kind::Kind;
use crate::model::{Contents, Holds, Model, SymbolId};
use crate::parallel;

/// Symbols are hashed in runs of this many, whatever the number of threads.
const CHUNK: usize = 1024;

/// Hashes the content of every symbol of `model`, which was made from `input` and `image`.
///
/// *Cost*: linear in the bytes of code and data; instructions are decoded once.
pub fn contents(input: &Input, image: &Image<'_>, model: &Model) -> Contents {
    let all: Vec<SymbolId> = (0..model.symbols.len()).map(SymbolId::new).collect();
    Contents { by_symbol: Unread::new(input, image).hashes(model, &all) }
}

/// What symbols hold, read when it is asked for: most questions ask for few.
///
/// All that it takes besides the bytes: an image need not be kept for it.
#[derive(Debug)]
pub struct Unread<'i> {
    input: &'i Input,
    /// In order of position.
    pointers: Vec<Pointer>,
    /// Which bytes are of which machine, in order of position.
    machines: Vec<(Range<u64>, Machine)>,
}

impl<'i> Unread<'i> {
    /// Of a model that is made from `input` and `image`.
    ///
    /// *Cost*: sorts the pointers.
    pub fn new(input: &'i Input, image: &Image<'_>) -> Unread<'i> {
        let mut pointers: Vec<Pointer> = image.pointers.clone();
        pointers.par_sort_unstable();
        Unread {
            input,
            pointers,
            machines: image.members.iter().map(|m| (m.file.clone(), m.machine)).collect(),
        }
    }

    /// The machine that runs what lies at `pos` of the file.
    fn machine_at(&self, pos: u64) -> Machine {
        let after = self.machines.partition_point(|(span, _)| span.start <= pos);
        let member = after.checked_sub(1).and_then(|index| self.machines.get(index));
        member.filter(|(span, _)| span.contains(&pos)).map_or(Machine::OPAQUE, |&(_, machine)| machine)
    }

    fn hash(&self, runs: &[Run]) -> u64 {
        let mut hash = Hash::new();
        let mut rest = runs;
        while let Some((first, others)) = rest.split_first() {
            // What lies side by side is one, whatever cut it.
            let mut span = first.span.clone();
            rest = others;
            while let Some((next, others)) = rest.split_first()
                && next.span.start == span.end
                && next.kind == first.kind
            {
                (span.end, rest) = (next.span.end, others);
            }
            self.add(&span, first.kind, &mut hash);
        }
        if runs.is_empty() { 0 } else { content_hash(&hash) }
    }

    fn add(&self, span: &Range<u64>, kind: Kind, hash: &mut Hash) {
        let bytes = self.input.bytes();
        let Some(content) = bytes.get(span.start as usize..span.end as usize) else { return };
        let machine = self.machine_at(span.start);
        match (kind, machine.instructions) {
            (Kind::Code, _) => operands::read(machine, content, 0, &mut Outline(hash)),
            _ => data(content, span, u64::from(machine.bits / 8), &self.pointers, hash),
        }
    }
}

/// Bytes of one of the symbols that are asked for.
struct Run {
    /// Which one.
    number: u32,
    span: Range<u64>,
    kind: Kind,
}

impl Holds for Unread<'_> {
    fn hashes(&self, model: &Model, symbols: &[SymbolId]) -> Vec<u64> {
        // A symbol may be asked for twice, and what is none at all.
        let mut numbers: Vec<u32> = vec![u32::MAX; model.symbols.len()];
        let mut asked = 0;
        for slot in symbols.iter().filter_map(|symbol| symbol.get()) {
            if let Some(number) = numbers.get_mut(slot).filter(|number| **number == u32::MAX) {
                (*number, asked) = (asked, asked + 1);
            }
        }
        let number = |symbol: SymbolId| {
            symbol.get().and_then(|i| numbers.get(i)).copied().filter(|&number| number != u32::MAX)
        };
        let mut runs: Vec<Run> = Vec::new();
        for leaf in model.leaves.iter().filter(|l| l.kind.is_content() && l.in_file) {
            if let Some(number) = number(leaf.symbol) {
                runs.push(Run { number, span: leaf.start..leaf.start + leaf.len, kind: leaf.kind });
            }
        }
        // Stable: the runs of each stay in order of position.
        runs.sort_by_key(|run| run.number);
        let mut hashes = vec![0; asked as usize];
        let all: Vec<&[Run]> = runs.chunk_by(|a, b| a.number == b.number).collect();
        let found = parallel::map(&all, CHUNK, |runs| self.hash(runs));
        for (runs, hash) in all.iter().zip(found) {
            if let Some(first) = runs.first() {
                hashes[first.number as usize] = hash;
            }
        }
        symbols.iter().map(|&symbol| number(symbol).map_or(0, |number| hashes[number as usize])).collect()
    }
}

/// Never 0, which stands for no content.
///
/// Folded to 48 bits by the way its authors advise (<http://www.isthe.com/chongo/tech/comp/fnv/>), since
/// a snapshot keeps one for each symbol. Of 100,000 symbols two share one by chance in 1 of 50,000 builds.
fn content_hash(hash: &Hash) -> u64 {
    let value = hash.value();
    ((value >> 48) ^ (value & ((1 << 48) - 1))).max(1)
}

/// A hash of what code does, wherever it lies and whatever it refers to.
struct Outline<'h>(&'h mut Hash);

impl Sink for Outline<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.add(bytes);
    }

    fn operand(&mut self, _: Operand) {
        // That there is one counts; what it refers to does not.
        self.0.add(&[0xff]);
    }
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
    use crate::format::Instructions;

    fn of(hash: impl Fn(&mut Hash)) -> u64 {
        let mut state = Hash::new();
        hash(&mut state);
        content_hash(&state)
    }

    #[test]
    fn where_other_things_lie_does_not_count() {
        let read = |instructions: Instructions, code: &[u8]| {
            let machine = Machine { instructions, ..Machine::OPAQUE };
            of(|h| operands::read(machine, code, 0, &mut Outline(h)))
        };
        let x86 = |code: &[u8]| read(Instructions::X86_64, code);
        // lea rax, [rip+N]; call N; jmp to the start; ret
        let one = [0x48, 0x8d, 0x05, 1, 2, 3, 4, 0xe8, 5, 6, 7, 8, 0xeb, 0xf2, 0xc3];
        let moved = [0x48, 0x8d, 0x05, 9, 2, 3, 4, 0xe8, 5, 9, 7, 8, 0xeb, 0xf2, 0xc3];
        assert_eq!(x86(&one), x86(&moved));
        // A jump inside the function is part of what it does, as are constants.
        let jumps = [0x48, 0x8d, 0x05, 1, 2, 3, 4, 0xe8, 5, 6, 7, 8, 0xeb, 0xf9, 0xc3];
        assert_ne!(x86(&one), x86(&jumps));
        assert_ne!(x86(&[0xb8, 1, 0, 0, 0, 0xc3]), x86(&[0xb8, 2, 0, 0, 0, 0xc3]));

        let arm = |words: &[u32]| {
            read(Instructions::Aarch64, &words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>())
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
