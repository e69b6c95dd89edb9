//! What a program holds more than once: functions and constants that are equal in all but their place.
//!
//! Equal means what it means to linkers that fold identical code: the same bytes, and operands and
//! pointers that refer to the same things, or to things that are equal themselves. In a linked file
//! operands say how far those things are away, so they are read and compared as what they refer to.
//!
//! Everything is hashed once. Only what shares its hash with something else is read again, compared byte
//! by byte, and divided by what it refers to. Knows nothing of crates.

mod file;
mod pieces;
mod refine;
mod search;

use self::file::File;
use self::pieces::Run;
use self::refine::{Aim, Alike, Classes};
use super::operands;
use crate::error::Diagnostic;
use crate::format::{Image, Instructions};
use crate::input::Input;
use crate::kind::Kind;
use crate::model::{Duplicates, Identical, Model, Piece, PieceForm, Similar};
use crate::order::Arrange;
use crate::timing::phase;

/// Bytes of a text that stand for it.
const PREVIEW: usize = 80;

/// Finds what is in `model`, which was made from `input` and `image`, more than once.
///
/// *Cost*: linear in the bytes of code and constants, but that what they refer to is looked up in sorted lists; what
/// may be equal is read twice.
pub fn duplicates(input: &Input, image: &Image<'_>, model: &Model) -> Duplicates {
    let file = File::new(input.bytes(), image, model);
    let runs = pieces::runs(image, model);
    let code = phase("read code", || search::read_code(&file, &runs));
    let runs = pieces::cut(runs, &code.starts);
    let alike = phase("compare", || search::alike(&file, &runs, &code.hashes));
    // Linkers that fold code leave data where it is, and every function with an exception table.
    let is_kept = |item: u32| {
        let run = runs.get(item as usize);
        run.is_none_or(|r| r.form == PieceForm::Constant || file.is_guarded(r))
    };
    let unreferred = unreferred(&file, &runs, &code);
    let taken = taken(&file, model, code.taken);
    let is_taken = |item: u32| {
        let run = runs.get(item as usize).filter(|r| r.form == PieceForm::Function);
        run.is_some_and(|r| taken.binary_search(&r.start).is_ok())
    };
    let classes = |is_unique: &(dyn Fn(u32) -> bool + Sync)| refine::classes(runs.len(), &alike, is_unique);
    let found = phase("refine", || Found {
        file: &file,
        runs: &runs,
        alike: &alike,
        apart: classes(&is_kept),
        safe: classes(&|item| is_kept(item) || is_taken(item)),
        equal: classes(&|_| false),
        taken: &taken,
    });
    Duplicates { unreferred, ..found.answer() }
}

/// Functions that nothing refers to. A program that can be loaded anywhere says where its pointers are: without
/// them nobody knows what its tables of functions point at.
fn unreferred(file: &File<'_, '_>, runs: &[Run], code: &search::Code) -> Option<Vec<Piece>> {
    let functions = || runs.iter().filter(|r| r.form == PieceForm::Function);
    if file.pointers.is_empty() || !functions().all(|r| file.reads(r)) {
        return None;
    }
    let mut exported: Vec<u64> = file.exported().collect();
    exported.sort_unstable();
    let reached = |all: &[u64], run: &Run| {
        all.get(all.partition_point(|&pos| pos < run.start)).is_some_and(|&pos| pos < run.end())
    };
    let is_found =
        |run: &Run| [&code.called, &code.starts, &exported].into_iter().any(|all| reached(all, run));
    let piece = |run: &Run| Piece {
        start: run.start,
        len: run.len,
        filler: run.filler,
        symbol: run.symbol,
        address_taken: false,
        folds_safely: false,
    };
    Some(functions().filter(|run| !is_found(run)).map(piece).collect())
}

/// Positions whose address is a value somewhere: in code, in data, or in another binary. Sorted.
fn taken(file: &File<'_, '_>, model: &Model, mut taken: Vec<u64>) -> Vec<u64> {
    // What only tables of linkers point at is called or loaded by code, which was read.
    let of_data = |pos: u64| model.leaves.at(pos).is_some_and(|l| l.kind.is_content());
    taken.extend(file.pointers.iter().filter(|p| of_data(p.at)).map(|p| p.to));
    taken.extend(file.exported());
    radsort::sort(&mut taken);
    taken.dedup();
    taken
}

/// What the search found.
struct Found<'s, 'f, 'data> {
    file: &'s File<'f, 'data>,
    runs: &'s [Run],
    alike: &'s [Alike],
    /// Classes of functions as linkers fold them.
    apart: Classes,
    /// The same, and no function whose address is a value is equal to another.
    safe: Classes,
    /// Classes of what is equal, were everything folded.
    equal: Classes,
    taken: &'s [u64],
}

impl Found<'_, '_, '_> {
    fn answer(&self) -> Duplicates {
        let mut out = Duplicates { knows_taken: self.knows_taken(), ..Duplicates::default() };
        for alike in self.alike {
            let form = alike.members.first().and_then(|&m| self.runs.get(m as usize)).map(|r| r.form);
            let Some(form) = form else { continue };
            let first = if form == PieceForm::Function { &self.apart.first } else { &self.equal.first };
            for members in grouped(alike, first) {
                if let [head, _, ..] = members[..] {
                    let text = self.text(alike.members[head]);
                    out.identical.push(Identical { form, members: self.pieces(alike, &members), text });
                }
            }
            if form != PieceForm::Function {
                continue;
            }
            let classes = grouped(alike, &self.equal.first);
            for members in &classes {
                let mut one_each = members.clone();
                one_each.retain(|&m| {
                    let item = alike.members[m];
                    self.apart.first.get(item as usize) == Some(&item)
                });
                if one_each.len() > 1 {
                    let members = self.pieces(alike, &one_each);
                    out.kept_apart.push(Identical { form, members, text: None });
                }
            }
            if classes.len() > 1 {
                let heads: Vec<usize> = classes.iter().filter_map(|c| c.first().copied()).collect();
                out.similar.push(self.similar(alike, &heads));
            }
        }
        let start = |g: &Identical| g.members.first().map(|m| m.start);
        out.identical.arrange_by_key(start);
        out.kept_apart.arrange_by_key(start);
        out.similar.arrange_by_key(|g| g.members.first().map(|m| m.start));
        self.diagnose(&mut out.diagnostics);
        out
    }

    fn pieces(&self, alike: &Alike, members: &[usize]) -> Vec<Piece> {
        let piece = |&m: &usize| {
            let item = alike.members[m];
            let run = self.runs.get(item as usize)?;
            Some(Piece {
                start: run.start,
                len: run.len,
                filler: run.filler,
                symbol: run.symbol,
                address_taken: self.taken.binary_search(&run.start).is_ok(),
                folds_safely: self.safe.first.get(item as usize) != Some(&item),
            })
        };
        members.iter().filter_map(piece).collect()
    }

    fn similar(&self, alike: &Alike, heads: &[usize]) -> Similar {
        let seen = |aim: &Aim| match *aim {
            Aim::Item { item, into, is_stored } => {
                (self.equal.first.get(item as usize).copied(), Aim::Item { item: 0, into, is_stored })
            }
            place => (None, place),
        };
        let first = &alike.aims[heads[0]];
        let differs = |at: usize| {
            let aim = |m: usize| alike.aims[m].get(at).map(seen);
            heads.iter().any(|&m| aim(m) != aim(heads[0]))
        };
        let machine = self.runs.get(alike.members[heads[0]] as usize).map(|r| r.machine.instructions);
        let costs = operands::costs(machine.unwrap_or(Instructions::Other));
        Similar {
            members: self.pieces(alike, heads),
            operands: (0..first.len()).filter(|&at| differs(at)).count() as u64,
            operand_cost: costs.operand,
            jump_cost: costs.jump,
        }
    }

    /// The start of a constant that is text.
    fn text(&self, item: u32) -> Option<String> {
        let run = self.runs.get(item as usize).filter(|r| r.kind == Kind::Strings)?;
        let content = self.file.content(run);
        let end = content.iter().position(|&b| b == 0).unwrap_or(content.len()).min(PREVIEW);
        Some(String::from_utf8_lossy(content.get(..end)?).into_owned())
    }

    /// Whether it is known of every function if its address is taken.
    fn knows_taken(&self) -> bool {
        self.runs.iter().filter(|r| r.form == PieceForm::Function).all(|run| self.file.reads(run))
    }

    fn diagnose(&self, out: &mut Vec<Diagnostic>) {
        let functions = || self.runs.iter().filter(|r| r.form == PieceForm::Function);
        let sum = |which: &dyn Fn(&Run) -> bool| functions().filter(|r| which(r)).map(|r| r.len).sum::<u64>();
        let unread = sum(&|r| r.machine.instructions == Instructions::Other);
        if unread > 0 {
            let text = "instructions of this machine are not read: functions count as equal only if all their bytes are, and may refer to different things all the same";
            out.push(Diagnostic::warning("operands-unread", text.to_string()).bytes(unread));
        }
        let unfinished = sum(&|r| self.file.is_unfinished(r));
        if unfinished > 0 {
            let text = "functions of object files that linking is still to complete are not compared";
            out.push(Diagnostic::note("functions-unlinked", text.to_string()).bytes(unfinished));
        }
        if self.apart.is_cut_short || self.equal.is_cut_short {
            let text = "functions refer to each other in chains too long to follow: equals among them may be missing";
            out.push(Diagnostic::warning("chains-too-long", text.to_string()));
        }
    }
}

/// Indices of the members of each class within `alike`, in order of their first members.
fn grouped(alike: &Alike, first: &[u32]) -> Vec<Vec<usize>> {
    let class = |m: usize| alike.members.get(m).and_then(|&item| first.get(item as usize)).copied();
    let mut order: Vec<usize> = (0..alike.members.len()).collect();
    order.arrange_by_key(|&m| (class(m), m));
    order.chunk_by(|&a, &b| class(a) == class(b)).map(<[usize]>::to_vec).collect()
}
