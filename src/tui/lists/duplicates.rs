//! Copies: what kind of thing is there more than once, which, and where each copy is.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

use hashbrown::{HashMap, HashSet};

use super::{StandsFor, key, size};
use crate::analysis::diff::Amount;
use crate::hash::Hash;
use crate::model::{CrateId, Model, Sizes, SymbolId};
use crate::render::{others, place, remark, shape_text};
use crate::report::{
    CrateVersion, DuplicatesReport, EqualGroup, List, RepeatedCrate, Saving, SimilarGroup, SimilarShape, Twin,
};
use crate::tui::details::Entry;
use crate::tui::jobs::Column;
use crate::tui::table::{Key, Row};

/// Packages that details list.
const LISTED: usize = 40;

/// What is there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Versions,
    SameName,
    ToolchainCopies,
    Functions,
    KeptApart,
    Constants,
    Similar,
}

/// A list of the report.
enum Groups<'r> {
    Crates(&'r List<RepeatedCrate>),
    Equal(&'r List<EqualGroup>),
    Similar(&'r List<SimilarGroup>),
}

impl Form {
    const ALL: [Form; 7] = [
        Form::Versions,
        Form::SameName,
        Form::ToolchainCopies,
        Form::Functions,
        Form::Similar,
        Form::Constants,
        Form::KeptApart,
    ];

    fn name(self) -> &'static str {
        match self {
            Form::Versions => "crates in several versions",
            Form::SameName => "crates of one name, versions not known",
            Form::ToolchainCopies => "crates that the toolchain has a copy of for itself",
            Form::Functions => "functions that are equal",
            Form::KeptApart => "functions that are equal in code, but that linkers keep apart",
            Form::Constants => "constants that are equal",
            Form::Similar => "functions that are nearly equal",
        }
    }

    /// What saving means.
    fn saves(self) -> &'static str {
        match self {
            Form::Versions | Form::SameName => {
                "if one version served all: of items that several have, all but the largest copy"
            }
            Form::ToolchainCopies => "nothing can unite them: the toolchain's copy is there in any case",
            Form::Functions => "if each were there once, as a linker that folds identical code leaves it",
            Form::KeptApart => "if exception tables and constants were folded as well",
            Form::Constants => "if each were there once",
            Form::Similar => "if each shape had one body, with code in front of it that passes what differs",
        }
    }

    fn groups(self, report: &DuplicatesReport) -> Option<Groups<'_>> {
        match self {
            Form::Versions => Some(Groups::Crates(&report.crates)),
            Form::SameName => Some(Groups::Crates(&report.same_name)),
            Form::ToolchainCopies => Some(Groups::Crates(&report.toolchain_copies)),
            Form::Functions => report.functions.as_ref().map(Groups::Equal),
            Form::KeptApart => report.kept_apart.as_ref().map(Groups::Equal),
            Form::Constants => report.constants.as_ref().map(Groups::Equal),
            Form::Similar => report.similar.as_ref().map(Groups::Similar),
        }
    }
}

/// Where in the report a row is: the indices in each list on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Whole,
    Form(Form),
    Group(Form, u32),
    /// A version of a crate, or one of equals.
    Copy(Form, u32, u32),
    Shape(u32, u32),
    ShapeCopy(u32, u32, u32),
}

/// A part of the report.
enum Part<'r> {
    Form(Form, [u64; 3], Saving),
    Crate(Form, &'r RepeatedCrate),
    Version(&'r RepeatedCrate, &'r CrateVersion),
    Equal(Form, &'r EqualGroup),
    Similar(&'r SimilarGroup),
    Shape(&'r SimilarShape),
    Twin(&'r Twin),
}

/// The rows and what they are of.
pub struct Copies {
    report: DuplicatesReport,
    /// By row of the table.
    origins: Vec<Origin>,
}

impl Copies {
    /// Puts rows that belong together side by side, in the order of the report.
    ///
    /// *Cost*: that of reading the report once.
    pub(super) fn lay_out(report: DuplicatesReport) -> (Vec<Row>, Copies) {
        let mut copies = Copies { report, origins: vec![Origin::Whole] };
        let mut rows = vec![Row::listed(Key::default(), Amount::default(), 0..0)];
        let mut open = VecDeque::from([0]);
        while let Some(row) = open.pop_front() {
            let origins = copies.below(copies.origins[row]);
            let first = rows.len();
            let mut keys = Distinct::default();
            for origin in origins {
                open.push_back(rows.len());
                copies.origins.push(origin);
                let amount = copies.part(origin).map(|part| amount(&part)).unwrap_or_default();
                let key = keys.key(&copies.label_of(origin));
                rows.push(Row::listed(key, amount, 0..0));
            }
            let Row { key, now, .. } = rows[row];
            rows[row] = Row::listed(key, now, first as u32..rows.len() as u32);
        }
        (rows, copies)
    }

    pub(super) fn report(&self) -> &DuplicatesReport {
        &self.report
    }

    /// The rows below a row.
    fn below(&self, origin: Origin) -> Vec<Origin> {
        let count = |len: usize| -> Range<u32> { 0..len as u32 };
        match origin {
            Origin::Whole => {
                let mut all: Vec<(u64, Origin)> = Vec::new();
                for form in Form::ALL {
                    if let Some(Part::Form(_, [groups, ..], saved)) = self.part(Origin::Form(form))
                        && groups > 0
                    {
                        all.push((saved.all, Origin::Form(form)));
                    }
                }
                all.sort_by_key(|&(saved, _)| Reverse(saved));
                all.into_iter().map(|(_, origin)| origin).collect()
            }
            Origin::Form(form) => {
                let groups = match form.groups(&self.report) {
                    Some(Groups::Crates(list)) => list.rows.len(),
                    Some(Groups::Equal(list)) => list.rows.len(),
                    Some(Groups::Similar(list)) => list.rows.len(),
                    None => 0,
                };
                count(groups).map(|group| Origin::Group(form, group)).collect()
            }
            Origin::Group(form, group) => match self.part(origin) {
                Some(Part::Crate(_, krate)) => {
                    count(krate.versions.len()).map(|v| Origin::Copy(form, group, v)).collect()
                }
                Some(Part::Equal(_, equal)) => {
                    count(equal.members.len()).map(|m| Origin::Copy(form, group, m)).collect()
                }
                Some(Part::Similar(similar)) => {
                    count(similar.shapes.len()).map(|s| Origin::Shape(group, s)).collect()
                }
                _ => Vec::new(),
            },
            Origin::Shape(group, shape) => match self.part(origin) {
                Some(Part::Shape(all)) => {
                    count(all.members.len()).map(|m| Origin::ShapeCopy(group, shape, m)).collect()
                }
                _ => Vec::new(),
            },
            Origin::Copy(..) | Origin::ShapeCopy(..) => Vec::new(),
        }
    }

    fn part(&self, origin: Origin) -> Option<Part<'_>> {
        let report = &self.report;
        let shape = |group: u32, shape: u32| {
            report.similar.as_ref()?.rows.get(group as usize)?.shapes.get(shape as usize)
        };
        Some(match origin {
            Origin::Whole => return None,
            Origin::Form(form) => {
                let (sums, saved) = match form.groups(report)? {
                    Groups::Crates(list) => ([list.groups, list.copies, list.size], list.saved),
                    Groups::Equal(list) => ([list.groups, list.copies, list.size], list.saved),
                    Groups::Similar(list) => ([list.groups, list.copies, list.size], list.saved),
                };
                Part::Form(form, sums, saved)
            }
            Origin::Group(form, group) => match form.groups(report)? {
                Groups::Crates(list) => Part::Crate(form, list.rows.get(group as usize)?),
                Groups::Equal(list) => Part::Equal(form, list.rows.get(group as usize)?),
                Groups::Similar(list) => Part::Similar(list.rows.get(group as usize)?),
            },
            Origin::Copy(form, group, copy) => match form.groups(report)? {
                Groups::Crates(list) => {
                    let krate = list.rows.get(group as usize)?;
                    Part::Version(krate, krate.versions.get(copy as usize)?)
                }
                Groups::Equal(list) => Part::Twin(list.rows.get(group as usize)?.members.get(copy as usize)?),
                Groups::Similar(_) => return None,
            },
            Origin::Shape(group, index) => Part::Shape(shape(group, index)?),
            Origin::ShapeCopy(group, index, copy) => {
                Part::Twin(shape(group, index)?.members.get(copy as usize)?)
            }
        })
    }

    fn at(&self, row: u32) -> Option<Part<'_>> {
        self.part(*self.origins.get(row as usize)?)
    }

    pub(super) fn label(&self, row: u32) -> String {
        self.origins.get(row as usize).map_or_else(String::new, |&origin| self.label_of(origin))
    }

    fn label_of(&self, origin: Origin) -> String {
        match self.part(origin) {
            Some(Part::Form(form, ..)) => form.name().to_string(),
            Some(Part::Crate(_, krate)) => krate.name.clone(),
            Some(Part::Version(krate, version)) => format!("{}{}", version.name, remark(version, krate)),
            Some(Part::Equal(_, equal)) => format!("{}{}", equal.name, others(equal.other_items)),
            Some(Part::Similar(similar)) => similar.name.clone(),
            Some(Part::Shape(shape)) => shape_text(shape),
            Some(Part::Twin(twin)) => format!("{}  {}", place(twin), twin.krate),
            None => String::new(),
        }
    }

    pub(super) fn number(&self, row: u32, column: Column) -> Option<u64> {
        let (saved, copies) = match self.at(row)? {
            Part::Form(_, [_, copies, _], saved) => (saved, copies),
            Part::Crate(_, krate) => {
                (krate.saved, krate.versions.iter().filter(|v| v.told_apart).count() as u64)
            }
            Part::Equal(_, equal) => (equal.saved, equal.copies),
            Part::Similar(similar) => (similar.saved, similar.copies),
            Part::Shape(shape) => (shape.saved, shape.copies),
            Part::Version(..) | Part::Twin(_) => return None,
        };
        match column {
            Column::Saved => Some(saved.all),
            Column::Copies => Some(copies),
            _ => None,
        }
    }

    pub(super) fn stands_for(&self, row: u32, model: &Model) -> Option<StandsFor> {
        match self.at(row)? {
            // Each crate has a label of its own.
            Part::Version(_, version) => {
                let is_it = |name| model.names.get(name) == version.name;
                let crates = model.crates.iter();
                crates
                    .zip(0..)
                    .find(|(krate, _)| is_it(krate.label))
                    .map(|(_, n)| StandsFor::Crate(CrateId(n)))
            }
            Part::Twin(twin) => {
                let symbol = model.leaves.at(twin.offset)?.symbol;
                (symbol != SymbolId::NONE && twin.symbol.is_some()).then_some(StandsFor::Symbol(symbol))
            }
            _ => None,
        }
    }

    pub(super) fn piece(&self, row: u32) -> Option<(u64, u64)> {
        match self.at(row)? {
            Part::Twin(twin) => Some((twin.offset, twin.size)),
            _ => None,
        }
    }

    pub(super) fn note(&self) -> String {
        match (&self.report.functions, &self.report.packages) {
            (None, _) => "of a snapshot: functions and constants are not compared".to_string(),
            (_, None) => "savings are estimates; no list says what needs a crate".to_string(),
            _ => "savings are estimates".to_string(),
        }
    }

    pub(super) fn weight(&self) -> usize {
        let twins = |all: &[Twin]| {
            let text = |twin: &Twin| {
                let names = [twin.symbol.as_deref(), twin.mangled.as_deref(), Some(twin.krate.as_str())];
                names.into_iter().flatten().map(str::len).sum::<usize>()
            };
            all.iter().map(|twin| size_of::<Twin>() + text(twin)).sum::<usize>()
        };
        let report = &self.report;
        let equal = [&report.functions, &report.kept_apart, &report.constants].into_iter().flatten();
        let equal: usize = equal
            .flat_map(|list| &list.rows)
            .map(|group| size_of::<EqualGroup>() + group.name.len() + twins(&group.members))
            .sum();
        let shape = |shape: &SimilarShape| size_of::<SimilarShape>() + twins(&shape.members);
        let similar: usize = report
            .similar
            .iter()
            .flat_map(|list| &list.rows)
            .map(|group| {
                size_of::<SimilarGroup>() + group.name.len() + group.shapes.iter().map(shape).sum::<usize>()
            })
            .sum();
        // Crates are few.
        equal + similar + self.origins.capacity() * size_of::<Origin>()
    }

    pub(super) fn details(&self, row: u32) -> Vec<Entry> {
        let Some(part) = self.at(row) else { return Vec::new() };
        let mut entries = Vec::new();
        let fact = |name, text: String| Entry::Fact(name, text);
        match part {
            Part::Form(form, [groups, copies, bytes], saved) => {
                entries.push(fact("name", form.name().to_string()));
                entries.push(fact("groups", groups.to_string()));
                entries.push(fact("copies", copies.to_string()));
                entries.push(fact("size", size(bytes)));
                saving(&saved, form, &mut entries);
            }
            Part::Crate(form, krate) => {
                entries.push(fact("name", krate.name.clone()));
                entries.push(fact("size", size(krate.size)));
                saving(&krate.saved, form, &mut entries);
                for listed in krate.listed.iter().take(LISTED) {
                    let needed = match listed.needed_by.as_slice() {
                        [] => format!("{} is listed", listed.name),
                        all => format!("{} is listed, needed by {}", listed.name, all.join(", ")),
                    };
                    entries.push(fact("", needed));
                }
            }
            Part::Version(krate, version) => {
                entries.push(fact("name", format!("{}{}", version.name, remark(version, krate))));
                entries.push(fact("size", size(version.file)));
                entries.push(fact("in memory", size(version.memory)));
                entries.push(fact("symbols", version.symbols.to_string()));
                entries.push(fact(
                    "same items",
                    format!("{} in items that another version has as well", size(version.same_items)),
                ));
                entries.push(fact("other items", size(version.other_items)));
                entries.push(fact("source", version.source.to_string()));
                let needers = match &version.needed_by {
                    None => {
                        vec!["no list of packages says: --manifest-path or --lockfile names one".to_string()]
                    }
                    Some(none) if none.is_empty() => vec!["the file itself".to_string()],
                    Some(all) => all.clone(),
                };
                entries.push(Entry::Heading("Needed by"));
                entries.extend(needers.into_iter().take(LISTED).map(Entry::Line));
            }
            Part::Equal(form, equal) => {
                entries.push(fact("name", equal.name.clone()));
                if equal.other_items > 0 {
                    entries.push(fact("", format!("and {} other generic items", equal.other_items)));
                }
                entries.push(fact("copies", equal.copies.to_string()));
                entries.push(fact("size", size(equal.size)));
                saving(&equal.saved, form, &mut entries);
            }
            Part::Similar(similar) => {
                entries.push(fact("name", similar.name.clone()));
                entries.push(fact("shapes", similar.shapes.len().to_string()));
                entries.push(fact("functions", similar.copies.to_string()));
                entries.push(fact("size", size(similar.size)));
                saving(&similar.saved, Form::Similar, &mut entries);
            }
            Part::Shape(shape) => {
                entries.push(fact("functions", shape.copies.to_string()));
                entries.push(fact("operands", format!("{} in which they differ", shape.operands)));
                entries.push(fact("size", size(shape.size)));
                saving(&shape.saved, Form::Similar, &mut entries);
            }
            Part::Twin(twin) => {
                let hex = |n: u64| format!("{n:#x}");
                entries.extend(twin.symbol.clone().map(|name| fact("name", name)));
                let mangled = twin.mangled.clone().filter(|name| twin.symbol.as_ref() != Some(name));
                entries.extend(mangled.map(|name| fact("mangled", name)));
                entries
                    .push(fact("crate", format!("{}{}", if twin.estimated { "~" } else { "" }, twin.krate)));
                entries.push(fact("size", size(twin.size)));
                entries.extend(twin.address.map(|address| fact("address", hex(address))));
                entries.push(fact("file offset", hex(twin.offset)));
                let taken = match twin.address_taken {
                    Some(true) => Some("its address is a value somewhere: safe folding leaves it"),
                    Some(false) => Some("it is only called"),
                    None => None,
                };
                entries.extend(taken.map(|text| fact("address use", text.to_string())));
            }
        }
        entries
    }
}

fn saving(saved: &Saving, form: Form, entries: &mut Vec<Entry>) {
    let mark = if saved.estimated { "~" } else { "" };
    entries.push(Entry::Fact("saves", format!("{mark}{}, {}", size(saved.all), form.saves())));
    if let Some(safe) = saved.safe {
        let text = format!("{mark}{}, without functions whose address is a value", size(safe));
        entries.push(Entry::Fact("safe", text));
    }
    if let Some(unwind) = saved.unwind.filter(|&bytes| bytes > 0) {
        entries.push(Entry::Fact("unwind", format!("{mark}{} of unwind records go with them", size(unwind))));
    }
}

/// Bytes of a part; what is saved is another column.
fn amount(part: &Part<'_>) -> Amount {
    let (file, symbols) = match part {
        Part::Form(_, [_, _, size], _) => (*size, 0),
        Part::Crate(_, krate) => (krate.size, krate.versions.iter().map(|v| v.symbols).sum()),
        Part::Version(_, version) => (version.file, version.symbols),
        Part::Equal(_, equal) => (equal.size, equal.copies),
        Part::Similar(similar) => (similar.size, similar.copies),
        Part::Shape(shape) => (shape.size, shape.copies),
        Part::Twin(twin) => (twin.size, 1),
    };
    Amount { sizes: Sizes { file, memory: 0 }, symbols, estimated: 0 }
}

/// Keys by the names of rows that are side by side: places are kept where a filter changes their order.
#[derive(Default)]
struct Distinct {
    taken: HashSet<u32>,
    /// How often each number was asked for.
    asked: HashMap<u32, u32>,
}

impl Distinct {
    /// A key that no row beside has; of equal names each has another.
    fn key(&mut self, name: &str) -> Key {
        /// Odd, so that all numbers come in turn.
        const STEP: u32 = 0x9e37_79b9;
        let first = Hash::of(name.as_bytes()) as u32;
        let asked = self.asked.entry(first).or_default();
        loop {
            let number = first.wrapping_add(asked.wrapping_mul(STEP));
            *asked += 1;
            if self.taken.insert(number) {
                return key(number);
            }
        }
    }
}
