//! Runs that hold the same, and what each refers to.

use super::file::File;
use super::pieces::Run;
use super::refine::{Aim, Alike};
use crate::attrib::operands::{Operand, Place, Sink, Usage};
use crate::hash::Hash;
use crate::model::PieceForm;
use crate::parallel;

/// Runs are read in lots of this many, whatever the number of threads.
const LOT: usize = 512;

/// What reading all code yields.
#[derive(Default)]
pub(super) struct Code {
    /// By function, in order: a hash of what does not depend on places.
    pub hashes: Vec<u64>,
    /// Positions that code or pointers refer to: where data without names is cut. Sorted.
    pub starts: Vec<u64>,
    /// Positions whose address code uses as a value. Sorted.
    pub taken: Vec<u64>,
    /// Positions that code calls or jumps to out of the function that does. Sorted.
    pub called: Vec<u64>,
}

/// Hashes all functions, and notes what they refer to.
///
/// *Cost*: linear in the bytes of code.
pub(super) fn read_code(file: &File<'_, '_>, runs: &[Run]) -> Code {
    let read = |runs: &[Run]| {
        let mut lot = Code::default();
        for run in runs.iter().filter(|r| r.form == PieceForm::Function) {
            let mut outline = Outline {
                at: run.start,
                end: run.end(),
                references: Some((file, &mut lot)),
                ..Outline::of(run)
            };
            file.take_apart(run, &mut outline);
            let hash = outline.hash.value();
            lot.hashes.push(hash);
        }
        for all in [&mut lot.starts, &mut lot.taken, &mut lot.called] {
            all.sort_unstable();
            all.dedup();
        }
        lot
    };
    let lots: Vec<Code> = parallel::lots(runs, LOT, read);
    let mut code = Code::default();
    for mut lot in lots {
        code.hashes.append(&mut lot.hashes);
        code.starts.append(&mut lot.starts);
        code.taken.append(&mut lot.taken);
        code.called.append(&mut lot.called);
    }
    code.starts.extend(file.pointers.iter().map(|p| p.to));
    for all in [&mut code.starts, &mut code.taken, &mut code.called] {
        radsort::sort(all);
        all.dedup();
    }
    code
}

/// Groups runs that hold the same; `of_code` are the hashes of the functions among them.
///
/// *Cost*: linear in the bytes of constants and of functions that share a hash, and in the number of runs.
pub(super) fn alike(file: &File<'_, '_>, runs: &[Run], of_code: &[u64]) -> Vec<Alike> {
    let mut of_code = of_code.iter();
    let known: Vec<Option<u64>> =
        runs.iter().map(|r| (r.form == PieceForm::Function).then(|| of_code.next().copied())?).collect();
    let hash = |(run, known): &(&Run, Option<u64>)| {
        if file.is_unfinished(run) {
            return None;
        }
        known.or_else(|| {
            let mut outline = Outline::of(run);
            file.take_apart(run, &mut outline);
            Some(outline.hash.value())
        })
    };
    let known: Vec<(&Run, Option<u64>)> = runs.iter().zip(known).collect();
    let hashes: Vec<Option<u64>> = parallel::map(&known, LOT, hash);
    let keyed = hashes.iter().enumerate().filter_map(|(item, &hash)| Some((hash?, item as u32)));
    let mut keyed: Vec<(u64, u32)> = keyed.collect();
    // Items of one hash stay in order.
    radsort::sort_by_key(&mut keyed, |(hash, _)| *hash);
    let buckets: Vec<&[(u64, u32)]> = keyed.chunk_by(|a, b| a.0 == b.0).filter(|b| b.len() > 1).collect();
    let compare = |bucket: &&[(u64, u32)]| {
        let mut head: Option<Stream> = None;
        let mut alike = Alike { members: Vec::new(), aims: Vec::new() };
        for &(_, item) in bucket.iter() {
            let Some(run) = runs.get(item as usize) else { continue };
            let mut stream = Stream { place: run.place, ..Stream::default() };
            let mut aims = Vec::new();
            file.take_apart(
                run,
                &mut Taking { stream: &mut stream, aims: &mut aims, file, runs, at: run.start },
            );
            // Equal hashes of what is not equal are an accident or made up: nothing is said of such runs.
            if head.as_ref().is_none_or(|head| *head == stream) {
                alike.members.push(item);
                alike.aims.push(aims);
                head.get_or_insert(stream);
            }
        }
        alike
    };
    let all = parallel::map(&buckets, 16, compare);
    let mut all: Vec<Alike> = all.into_iter().filter(|a| a.members.len() > 1).collect();
    radsort::sort_by_key(&mut all, |a| a.members.first().copied().unwrap_or(u32::MAX));
    all
}

/// A hash of what a run holds, whatever it refers to.
struct Outline<'o, 'f, 'data> {
    hash: Hash,
    /// Position of the run, and of what follows it.
    at: u64,
    end: u64,
    references: Option<(&'o File<'f, 'data>, &'o mut Code)>,
}

impl Outline<'_, '_, '_> {
    fn of(run: &Run) -> Self {
        let mut hash = Hash::new();
        hash.add(&run.place.to_le_bytes());
        hash.add(&run.len.to_le_bytes());
        Outline { hash, at: run.start, end: run.end(), references: None }
    }
}

impl Sink for Outline<'_, '_, '_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.hash.add(bytes);
    }

    fn operand(&mut self, operand: Operand) {
        self.hash.add(&[0xff]);
        let Some((file, code)) = &mut self.references else { return };
        let Some(pos) = file.position(self.at, operand.to) else { return };
        match operand.usage {
            Usage::Branch => {
                if !(self.at..self.end).contains(&pos) {
                    code.called.push(pos);
                }
            }
            Usage::Address => {
                code.starts.push(pos);
                code.taken.push(pos);
            }
            Usage::Access => {
                code.starts.push(pos);
                code.taken.extend(file.pointer_at(pos));
            }
        }
    }

    fn number(&mut self, number: u64) {
        let Some((file, code)) = &mut self.references else { return };
        if let Some(pos) = file.position(self.at, Place::Address(number)) {
            code.starts.push(pos);
            code.taken.push(pos);
        }
    }
}

/// What a run holds, whatever it refers to.
#[derive(Default, PartialEq, Eq)]
struct Stream {
    place: u64,
    bytes: Vec<u8>,
    /// Where in `bytes` operands were.
    marks: Vec<u32>,
}

/// A run being read for good.
struct Taking<'t, 'f, 'data> {
    stream: &'t mut Stream,
    aims: &'t mut Vec<Aim>,
    file: &'t File<'f, 'data>,
    runs: &'t [Run],
    at: u64,
}

impl Sink for Taking<'_, '_, '_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.stream.bytes.extend_from_slice(bytes);
    }

    fn operand(&mut self, operand: Operand) {
        self.stream.marks.push(self.stream.bytes.len() as u32);
        self.aims.push(self.file.aim(self.runs, self.at, operand.to));
    }
}
