//! What debug information says of instructions: which functions were inlined where, and
//! which line each is of.
//!
//! One pass over the entries of each unit and one over each line program, both in
//! parallel; then names are looked up, each once. References between units, which
//! link-time optimisation makes many of, are offsets until then.

mod entries;
mod lines;
mod merge;
mod places;
mod reader;
mod tree;
mod undeclared;

use gimli::DwarfFileType;
use hashbrown::HashSet;

use self::entries::{Entries, Table};
use self::lines::Program;
use self::places::Places;
use self::tree::Tree;
use self::undeclared::Undeclared;
use super::unit::{Header, Root};
use super::{DebugKind, Sections, complain, ranges};
use crate::error::Diagnostic;
use crate::format::code::{CodeFacts, Detail, NO_INDEX};
use crate::format::trouble::Trouble;
use crate::order::Arrange;
use crate::parallel;

/// The units of a file, and what was found out about them.
pub(super) struct Units<'u, 'data, 'fix> {
    pub sections: &'u Sections<'data, 'fix>,
    pub headers: &'u [Header],
    pub roots: &'u [Option<Root<'data>>],
    pub places: ranges::Places<'u>,
    pub file_type: DwarfFileType,
}

/// Reads the entries and line programs of all units in the first section of them: no entries where only lines are
/// asked for, and of programs only the names of files, unless lines are asked for or tell what the entries do not.
///
/// *Cost*: linear in the size of these; in parallel, with the same result whatever the
/// number of threads.
pub(super) fn read(units: &Units<'_, '_, '_>, detail: Detail, trouble: &mut Trouble) -> CodeFacts {
    let info = units.sections.list.iter().position(|s| s.kind == DebugKind::Info);
    let wanted: Vec<usize> = (0..units.headers.len())
        .filter(|&i| units.headers.get(i).is_some_and(|h| Some(h.section) == info && !h.is_type))
        .filter(|&i| units.roots.get(i).is_some_and(Option::is_some))
        .collect();
    let places = Places { line: units.places.line, code: units.places.code };
    let dwarf = reader::dwarf(units.sections, units.file_type);
    let starts = starts(units, units.sections, &wanted);
    let (trees, programs) = match detail {
        Detail::Code => parallel::join(
            || trees(units, &dwarf, &wanted, &places),
            || programs(units, &starts, &places, |_| true),
        ),
        Detail::Plain | Detail::Functions => {
            let trees = trees(units, &dwarf, &wanted, &places);
            let wanted = with_lines(units, &trees);
            let programs = programs(units, &starts, &places, |offset| wanted.contains(&offset));
            (trees, programs)
        }
        Detail::Lines => {
            let trees = wanted.iter().map(|&i| (i, Tree::default())).collect();
            (trees, programs(units, &starts, &places, |_| true))
        }
    };
    merged(units, trees, programs, trouble)
}

/// Line programs, by offset, of which the lines tell what entries do not. Of a split unit only lines are here.
fn with_lines(units: &Units<'_, '_, '_>, trees: &[(usize, Tree)]) -> HashSet<u64> {
    let undeclared = Undeclared::of(trees);
    let line = |(i, tree): &(usize, Tree)| {
        let (header, root) = (units.headers.get(*i)?, units.roots.get(*i)?.as_ref()?);
        let is_split = header.split_id.or(root.split_id).is_some();
        root.line.filter(|_| is_split || undeclared.has_code_in(tree))
    };
    trees.iter().filter_map(line).collect()
}

/// Reads the entries of split units, of which the binary with the sections `main` has the other halves. Lines stay
/// with that: here its programs only name files.
///
/// *Cost*: linear in the size of the units.
pub(super) fn read_split<'data>(
    units: &Units<'_, 'data, '_>,
    main: &Sections<'data, '_>,
    trouble: &mut Trouble,
) -> CodeFacts {
    // Units of types have sections of their own, which may be in front.
    let Some(section) = units.headers.first().map(|header| header.section) else {
        return CodeFacts::default();
    };
    let sections = units.sections.with_units_of(section);
    let units = &Units { sections: &sections, ..*units };
    let places = Places { line: units.places.line, code: units.places.code };
    let binary = reader::dwarf(main, DwarfFileType::Main);
    let mut dwarf = reader::dwarf(units.sections, units.file_type);
    dwarf.make_dwo(&binary);
    let is_there = |i: &usize| units.headers.get(*i).is_some_and(|header| header.section == section);
    let wanted: Vec<usize> = (0..units.headers.len()).filter(is_there).collect();
    let named = |&(offset, i): &(u64, usize)| {
        let (header, root) = (units.headers.get(i)?, units.roots.get(i)?.as_ref()?);
        let at = usize::try_from(offset).ok()?;
        // What is wrong with it was said when the binary was read.
        let program = lines::named(&binary, at, header.address_size, root);
        Some((offset, Program { problem: None, ..program }))
    };
    let programs = starts(units, main, &wanted).iter().filter_map(named).collect();
    merged(units, trees(units, &dwarf, &wanted, &places), programs, trouble)
}

/// Puts trees, by number of their unit, and programs, by offset, together.
fn merged(
    units: &Units<'_, '_, '_>,
    trees: Vec<(usize, Tree)>,
    programs: Vec<(u64, Program<'_>)>,
    trouble: &mut Trouble,
) -> CodeFacts {
    let (offsets, programs): (Vec<u64>, Vec<Program<'_>>) = programs.into_iter().unzip();
    let elsewhere: usize = trees.iter().map(|(_, tree)| tree.elsewhere()).sum();
    if elsewhere > 0 {
        trouble.add("functions-in-supplement", || {
            let text = format!(
                "names of {elsewhere} functions are in a file that several share (dwz), which is not read for functions"
            );
            Diagnostic::warning("functions-in-supplement", text)
        });
    }
    let mut all = Vec::with_capacity(trees.len());
    for (i, tree) in trees {
        let (Some(header), Some(Some(root))) = (units.headers.get(i), units.roots.get(i)) else { continue };
        let program = root.line.and_then(|line| offsets.binary_search(&line).ok());
        let of_program = program.and_then(|program| programs.get(program)?.problem);
        for problem in [tree.problem, of_program].into_iter().flatten() {
            complain(units.sections, trouble, header.section, header.start, header.end, problem);
        }
        let start = usize::try_from(header.start).unwrap_or(usize::MAX);
        all.push(merge::Unit { start, tree, program });
    }
    // Those of a package come in any order.
    all.sort_by_key(|unit| unit.start);
    merge::all(units.sections, all, programs)
}

/// The entries of units, by number of the unit.
fn trees<'data, 'fix>(
    units: &Units<'_, 'data, 'fix>,
    dwarf: &gimli::Dwarf<reader::Reader<'data, 'fix>>,
    wanted: &[usize],
    places: &Places<'_>,
) -> Vec<(usize, Tree)> {
    let abbrev = |i: &usize| units.headers.get(*i).map_or(0, |h| h.abbrev);
    let mut by_table: Vec<usize> = wanted.to_vec();
    by_table.arrange_by_key(abbrev);
    let groups: Vec<&[usize]> = by_table.chunk_by(|a, b| abbrev(a) == abbrev(b)).collect();
    let len = units.sections.first(DebugKind::Abbrev).map_or(0, |s| s.bytes.len() as u64);
    let starts: Vec<u64> = groups.iter().filter_map(|g| g.first()).map(abbrev).chain([len]).collect();
    let group = |(group, bounds): &(&[usize], &[u64])| -> Vec<(usize, Tree)> {
        // Tables do not overlap, so one ends where the next starts.
        let table = match bounds {
            [start, end] => {
                let all = units.sections.cursor(DebugKind::Abbrev);
                let table = all.and_then(|all| all.until((*end).max(*start)).from(*start));
                table.and_then(|table| Table::read(table, tree::is_wanted))
            }
            _ => return Vec::new(),
        };
        let tree = |&i: &usize| {
            let unknown = "its abbreviations are cut off or not understood; its functions are not read";
            let broken = || Tree { problem: Some(unknown), ..Tree::default() };
            let read = || {
                let (header, root) = (units.headers.get(i)?, units.roots.get(i)?.as_ref()?);
                let unit = reader::unit(dwarf, header, root).ok()?;
                let (_, all) = units.sections.cursor_at(header.section)?;
                let entries = Entries::of(all, table.as_ref()?, header)?;
                Some(tree::read(dwarf, &unit, header, entries, places))
            };
            (i, read().unwrap_or_else(broken))
        };
        parallel::map(group, 1, tree)
    };
    let groups: Vec<(&[usize], &[u64])> = groups.into_iter().zip(starts.windows(2)).collect();
    let all = parallel::map(&groups, 1, group);
    let mut all: Vec<(usize, Tree)> = all.into_iter().flatten().collect();
    all.arrange_by_key(|(i, _)| *i);
    all
}

/// The line programs at `starts`, by their offset; with the lines of those that `is_wanted` says.
fn programs<'data>(
    units: &Units<'_, 'data, '_>,
    starts: &[(u64, usize)],
    places: &Places<'_>,
    is_wanted: impl Fn(u64) -> bool + Sync,
) -> Vec<(u64, Program<'data>)> {
    let dwarf = reader::dwarf(units.sections, units.file_type);
    let run = |&(offset, i): &(u64, usize)| {
        let (header, root) = (units.headers.get(i)?, units.roots.get(i)?.as_ref()?);
        let at = usize::try_from(offset).ok()?;
        let program = if is_wanted(offset) {
            lines::run(&dwarf, at, header.address_size, root, places)
        } else {
            lines::named(&dwarf, at, header.address_size, root)
        };
        Some((offset, program))
    };
    parallel::map(starts, 1, run).into_iter().flatten().collect()
}

/// Where the line programs of units start in `sections`, each with one of its units. One that starts inside another
/// is left out.
fn starts(units: &Units<'_, '_, '_>, sections: &Sections<'_, '_>, wanted: &[usize]) -> Vec<(u64, usize)> {
    let line = |&i: &usize| Some((units.roots.get(i)?.as_ref()?.line?, i));
    let mut starts: Vec<(u64, usize)> = wanted.iter().filter_map(line).collect();
    starts.sort_unstable();
    starts.dedup_by_key(|(offset, _)| *offset);
    let mut end = 0u64;
    starts.retain(|(offset, _)| {
        let is_apart = *offset >= end;
        if is_apart {
            let c = sections.cursor(DebugKind::Line).and_then(|c| c.from(*offset));
            end = c
                .and_then(|mut c| c.initial_length().map(|(len, _)| c.at().saturating_add(len)))
                .unwrap_or(end);
        }
        is_apart
    });
    starts
}
