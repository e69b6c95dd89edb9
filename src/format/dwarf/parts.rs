//! Which bytes of the debug sections exist on account of which unit.
//!
//! Where the file states it, by a length, an offset or a header that names a
//! unit, the parts are exact. What only a walk through all entries could tell is
//! shared out, and marked so.

use std::ops::Range;

use crate::format::cursor::Cursor;
use crate::format::dwarf::unit::{Header, Root};
use crate::format::dwarf::{DebugKind, Sections, loc};
use crate::format::{Line, UnitPart, UnitRange};
use crate::partition::apportion;

/// All that is known of the units.
pub(super) struct UnitsRead<'a, 'data, 'fix> {
    pub(super) sections: &'a Sections<'data, 'fix>,
    pub(super) headers: &'a [Header],
    pub(super) roots: &'a [Option<Root<'data>>],
    /// The unit of the result that each header counts for.
    pub(super) owners: &'a [Option<u32>],
    /// Where the range list of each root ends.
    pub(super) list_ends: Vec<Option<u64>>,
    pub(super) n_units: usize,
    /// Which code is whose, sorted.
    pub(super) unit_ranges: &'a [UnitRange],
    pub(super) line: &'a Line,
}

/// A run of bytes of one section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) unit: u32,
    pub(super) estimated: bool,
}

/// A unit and its size in `.debug_info`, the measure of everything shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weighed {
    unit: u32,
    weight: u64,
}

/// How often a unit may get a share of a section that all units have a part of.
const SHARES: usize = 1 << 26;

/// The parts of all sections, sorted.
pub(super) fn all(read: &UnitsRead<'_, '_, '_>) -> Vec<UnitPart> {
    let weighed = read.weigh();
    let mut out = Vec::new();
    let mut shares = SHARES;
    for (i, section) in read.sections.list.iter().enumerate() {
        let len = section.bytes.len() as u64;
        let is_first = read.sections.first(section.kind).is_some_and(|first| first.index == section.index);
        let kind = section.kind;
        // Offsets into a kind of section mean the first one.
        let parts = match kind {
            DebugKind::Info | DebugKind::Types => read.unit_bodies(i),
            _ if !is_first => Vec::new(),
            DebugKind::Abbrev => read.up_to_next(len, |header, _| Some(header.abbrev), false),
            DebugKind::Macro => read.up_to_next(len, |_, root| root.macros, true),
            DebugKind::MacInfo => read.up_to_next(len, |_, root| root.macinfo, false),
            DebugKind::Line => read.line_programs(),
            DebugKind::Aranges
            | DebugKind::PubNames
            | DebugKind::PubTypes
            | DebugKind::GnuPubNames
            | DebugKind::GnuPubTypes => read.sets(kind),
            DebugKind::StrOffsets => read.tables(kind, &weighed, |_, root| root.str_offsets_base),
            DebugKind::Addr if read.has_bare_addresses() => {
                read.up_to_next(len, |_, root| root.addr_base, false)
            }
            DebugKind::Addr => read.tables(kind, &weighed, |_, root| root.addr_base),
            DebugKind::LocLists => read.tables(kind, &weighed, |_, root| root.loclists_base),
            DebugKind::RngLists => read.tables(kind, &weighed, |header, root| {
                root.rnglists_base.or(root.ranges.filter(|_| header.version >= 5))
            }),
            DebugKind::Names => read.name_indices(&weighed),
            DebugKind::Ranges => read.range_lists(),
            DebugKind::Loc => read.location_lists(),
            DebugKind::Str | DebugKind::LineStr => Vec::new(),
        };
        let mut parts = settle(parts, len);
        let is_shared = matches!(
            kind,
            DebugKind::Loc
                | DebugKind::LocLists
                | DebugKind::Str
                | DebugKind::LineStr
                | DebugKind::Ranges
                | DebugKind::RngLists
                | DebugKind::StrOffsets
                | DebugKind::Addr
                | DebugKind::Macro
                | DebugKind::MacInfo
        );
        // A section costs as much as there are units; only files that were made up have many of both.
        let rest = shares.checked_sub(weighed.len()).filter(|_| is_shared);
        if let Some(rest) = rest {
            shares = rest;
            share_rest(&mut parts, len, &weighed, read.n_units);
        }
        out.extend(parts.iter().map(|part| UnitPart {
            section: section.index,
            start: part.start,
            end: part.end,
            unit: part.unit,
            estimated: part.estimated,
        }));
    }
    out.sort_unstable();
    out
}

impl UnitsRead<'_, '_, '_> {
    /// Every unit with a root, in file order.
    fn each(&self) -> impl Iterator<Item = (&Header, &Root<'_>, u32)> {
        let roots = self.roots.iter().zip(self.owners);
        self.headers.iter().zip(roots).filter_map(|(h, (r, o))| Some((h, r.as_ref()?, (*o)?)))
    }

    /// The units of the result with the size of all that counts for each.
    fn weigh(&self) -> Vec<Weighed> {
        let mut weights = vec![0u64; self.n_units];
        for (header, _, unit) in self.each() {
            if let Some(weight) = weights.get_mut(unit as usize) {
                *weight = weight.saturating_add(header.end - header.start);
            }
        }
        (0..).zip(weights).map(|(unit, weight)| Weighed { unit, weight }).collect()
    }

    /// The units of a section, with their headers.
    fn unit_bodies(&self, section: usize) -> Vec<Part> {
        // Headers are in order of their sections.
        let first = self.headers.partition_point(|header| header.section < section);
        let roots = self.roots.iter().zip(self.owners);
        let here = self.headers.iter().zip(roots).skip(first);
        let here = here.take_while(|(header, _)| header.section == section);
        here.filter_map(|(header, (root, owner))| {
            root.as_ref()?;
            Some(Part { start: header.start, end: header.end, unit: (*owner)?, estimated: false })
        })
        .collect()
    }

    /// From each offset to the next one that any unit names.
    fn up_to_next(
        &self,
        len: u64,
        offset: impl Fn(&Header, &Root<'_>) -> Option<u64>,
        estimated: bool,
    ) -> Vec<Part> {
        let starts = self.each().filter_map(|(h, r, unit)| Some((offset(h, r)?, unit)));
        starts.map(|(start, unit)| Part { start, end: len, unit, estimated }).collect()
    }

    fn line_programs(&self) -> Vec<Part> {
        let Some(all) = self.sections.cursor(DebugKind::Line) else { return Vec::new() };
        let program = |start: u64, unit: u32| {
            let mut c = all.from(start)?;
            let (len, _) = c.initial_length()?;
            Some(Part { start, end: c.at().checked_add(len)?, unit, estimated: false })
        };
        self.each().filter_map(|(_, root, unit)| program(root.line?, unit)).collect()
    }

    /// Sets whose header gives the offset of the unit they are about.
    fn sets(&self, kind: DebugKind) -> Vec<Part> {
        let Some(all) = self.sections.cursor(kind) else { return Vec::new() };
        let by_offset = self.by_offset();
        let mut parts = Vec::new();
        for set in contributions(all) {
            let read = || {
                let mut c = all.from(set.start)?;
                let (_, word) = c.initial_length()?;
                c.skip(2)?;
                let unit = lookup(&by_offset, c.fixed(word)?)?;
                Some(Part { start: set.start, end: set.end, unit, estimated: false })
            };
            parts.extend(read());
        }
        parts
    }

    /// Units by their offset in `.debug_info`, without those of types.
    ///
    /// There are several such sections only in object files, and all but one hold a type.
    fn by_offset(&self) -> Vec<(u64, u32)> {
        let is_info = |i: usize| self.sections.list.get(i).is_some_and(|s| s.kind == DebugKind::Info);
        let mut found: Vec<(u64, u32)> = self
            .each()
            .filter(|(header, ..)| !header.is_type && is_info(header.section))
            .map(|(header, _, unit)| (header.start, unit))
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether `.debug_addr` is of the kind without headers that version 4 used with split units.
    fn has_bare_addresses(&self) -> bool {
        !self.each().any(|(header, root, _)| header.version >= 5 && root.addr_base.is_some())
    }

    /// Tables with a header, which units point into by a base.
    fn tables(
        &self,
        kind: DebugKind,
        weighed: &[Weighed],
        base: impl Fn(&Header, &Root<'_>) -> Option<u64>,
    ) -> Vec<Part> {
        let Some(all) = self.sections.cursor(kind) else { return Vec::new() };
        let tables = contributions(all);
        let mut users: Vec<(usize, u32)> = Vec::new();
        let mut baseless: Vec<u32> = Vec::new();
        for (header, root, unit) in self.each().filter(|(header, ..)| header.version >= 5) {
            match base(header, root) {
                Some(base) => {
                    // The base lies behind the header of its table, at most at its end.
                    let after = tables.partition_point(|table| table.start < base);
                    let found = after.checked_sub(1).and_then(|i| Some((i, tables.get(i)?)));
                    users.extend(found.filter(|(_, table)| base <= table.end).map(|(i, _)| (i, unit)));
                }
                None if !header.is_type => baseless.push(unit),
                None => {}
            }
        }
        users.sort_unstable();
        users.dedup();
        let mut parts = Vec::new();
        let mut users = users.as_slice();
        let mut unused = Vec::new();
        for (i, table) in tables.iter().enumerate() {
            let n = users.partition_point(|(table, _)| *table <= i);
            let (here, later) = users.split_at(n);
            users = later;
            match here {
                [] => unused.push(table.clone()),
                [(_, unit)] => {
                    parts.push(Part { start: table.start, end: table.end, unit: *unit, estimated: false });
                }
                // Units compiled together share one table.
                several => {
                    let several: Vec<Weighed> =
                        several.iter().filter_map(|(_, u)| weighed.get(*u as usize)).copied().collect();
                    spread(std::slice::from_ref(table), &several, &mut parts);
                }
            }
        }
        // Compilers leave the base out where no entry needs it. If there is a table
        // for each unit without a base, they are in the same order.
        if unused.len() == baseless.len() {
            parts.extend(unused.iter().zip(&baseless).map(|(table, unit)| Part {
                start: table.start,
                end: table.end,
                unit: *unit,
                estimated: true,
            }));
        }
        parts
    }

    /// Indices of `.debug_names`, each of which lists its units.
    fn name_indices(&self, weighed: &[Weighed]) -> Vec<Part> {
        let Some(all) = self.sections.cursor(DebugKind::Names) else { return Vec::new() };
        let by_offset = self.by_offset();
        let mut parts = Vec::new();
        for index in contributions(all) {
            let read = || {
                let mut c = all.from(index.start)?.until(index.end);
                let (_, word) = c.initial_length()?;
                c.skip(4)?;
                let n_units = c.u32()?;
                c.skip(20)?;
                let augmentation = c.u32()?;
                c.skip(u64::from(augmentation))?;
                let mut units = Vec::new();
                for _ in 0..n_units {
                    units.extend(lookup(&by_offset, c.fixed(word)?));
                }
                Some(units)
            };
            let mut units: Vec<u32> = read().unwrap_or_default();
            units.sort_unstable();
            units.dedup();
            match units.as_slice() {
                [] => {}
                [unit] => {
                    parts.push(Part { start: index.start, end: index.end, unit: *unit, estimated: false });
                }
                several => {
                    let several: Vec<Weighed> =
                        several.iter().filter_map(|u| weighed.get(*u as usize)).copied().collect();
                    spread(std::slice::from_ref(&index), &several, &mut parts);
                }
            }
        }
        parts
    }

    /// Location lists before version 5, as far as their addresses tell whose they are.
    fn location_lists(&self) -> Vec<Part> {
        let old = || self.each().filter(|(header, ..)| header.version < 5);
        let Some(all) = self.sections.cursor(DebugKind::Loc) else { return Vec::new() };
        let Some(size) = old().map(|(header, ..)| header.address_size).next() else { return Vec::new() };
        let mut is_absolute = vec![false; self.n_units];
        for (_, root, unit) in old() {
            if let Some(is) = is_absolute.get_mut(unit as usize) {
                *is = root.low.unwrap_or(0) == 0;
            }
        }
        let relative = is_absolute.iter().scan(0u32, |n, is| {
            *n = n.saturating_add(u32::from(!is));
            Some(*n)
        });
        let owners = loc::Owners {
            line: self.line,
            ranges: self.unit_ranges,
            n_relative: &relative.collect::<Vec<u32>>(),
            is_absolute: &is_absolute,
        };
        loc::lists(all, size, &owners)
    }

    /// Range lists before version 5, which have no header.
    ///
    /// Compilers write the list of the root last of all lists of a unit.
    fn range_lists(&self) -> Vec<Part> {
        let roots = self.roots.iter().zip(self.owners);
        let mut lists: Vec<(u64, u64, u32)> = self
            .headers
            .iter()
            .zip(roots)
            .zip(&self.list_ends)
            .filter(|((header, _), _)| header.version < 5)
            .filter_map(|((_, (root, owner)), end)| Some((root.as_ref()?.ranges?, (*end)?, (*owner)?)))
            .collect();
        lists.sort_unstable();
        let mut at = 0;
        let mut parts = Vec::new();
        for (_, end, unit) in lists {
            parts.push(Part { start: at, end, unit, estimated: true });
            at = end.max(at);
        }
        parts
    }
}

/// The unit at `offset` of `.debug_info`.
fn lookup(by_offset: &[(u64, u32)], offset: u64) -> Option<u32> {
    let i = by_offset.partition_point(|(at, _)| *at < offset);
    by_offset.get(i).filter(|(at, _)| *at == offset).map(|(_, unit)| *unit)
}

/// The runs a section consists of, each starting with its length.
fn contributions(all: Cursor<'_, '_>) -> Vec<Range<u64>> {
    let mut found = Vec::new();
    let mut c = all;
    while !c.is_at_end() {
        let start = c.at();
        let Some((len, _)) = c.initial_length() else { break };
        if c.skip(len).is_none() {
            break;
        }
        found.push(start..c.at());
    }
    found
}

/// Makes parts disjoint: the first of those with the same start stays, and each ends where the next starts.
fn settle(mut parts: Vec<Part>, len: u64) -> Vec<Part> {
    parts.sort_by_key(|part| part.start);
    parts.dedup_by_key(|part| part.start);
    let starts: Vec<u64> = parts.iter().skip(1).map(|part| part.start).chain([len]).collect();
    for (part, next) in parts.iter_mut().zip(starts) {
        part.end = part.end.min(next).min(len);
    }
    parts.retain(|part| part.start < part.end);
    parts
}

/// Shares out what no part holds, among the units without a part if there are any.
fn share_rest(parts: &mut Vec<Part>, len: u64, weighed: &[Weighed], n_units: usize) {
    let mut gaps = Vec::new();
    let mut at = 0;
    let mut has_part = vec![false; n_units];
    for part in parts.iter() {
        if at < part.start {
            gaps.push(at..part.start);
        }
        at = part.end;
        if let Some(has) = has_part.get_mut(part.unit as usize) {
            *has = true;
        }
    }
    if at < len {
        gaps.push(at..len);
    }
    if gaps.is_empty() {
        return;
    }
    let without: Vec<Weighed> =
        weighed.iter().zip(&has_part).filter(|(_, has)| !**has).map(|(weighed, _)| *weighed).collect();
    spread(&gaps, if without.is_empty() { weighed } else { &without }, parts);
}

/// Lays one run per unit along the gaps, in order, as long as its weight makes it.
fn spread(gaps: &[Range<u64>], weighed: &[Weighed], parts: &mut Vec<Part>) {
    let whole = gaps.iter().map(|gap| gap.end - gap.start).sum();
    let weights: Vec<u64> = weighed.iter().map(|w| w.weight).collect();
    if weights.is_empty() || weights.iter().all(|&weight| weight == 0) {
        return;
    }
    let mut gaps = gaps.iter().cloned();
    let mut gap = gaps.next().unwrap_or(0..0);
    for (Weighed { unit, .. }, mut share) in weighed.iter().zip(apportion(whole, &weights)) {
        while share > 0 {
            if gap.is_empty() {
                let Some(next) = gaps.next() else { return };
                gap = next;
                continue;
            }
            let taken = share.min(gap.end - gap.start);
            parts.push(Part { start: gap.start, end: gap.start + taken, unit: *unit, estimated: true });
            gap.start += taken;
            share -= taken;
        }
    }
}
