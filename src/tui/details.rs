//! All that is known of a row, in words.
//!
//! Gathers what `explain` says and a look at the bytes. Knows no screen: lines are as
//! long as they are.

use super::jobs::{self, Target};
use super::lists::StandsFor;
use super::table::{Models, Path, Question, Side, Table, side_of};
use super::{Explored, Shared, Source};
use crate::attrib;
use crate::kind::Kind;
use crate::model::view::{Dim, Keys, Node, Sort, View, tree_where};
use crate::model::{Leaf, LineId, Model, Sizes, SymbolId};
use crate::order::Arrange;
use crate::parallel;
use crate::render::{bytes, human, percent};
use crate::report::{self, ExplainPlace, Found};

/// What is known of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The row.
    pub target: Target,
    /// What is known, in order.
    pub entries: Vec<Entry>,
    /// Whether claims on the place are among them.
    pub claims: Claims,
}

/// Whether claims on a place are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    /// There are none to tell: it is no place of a binary.
    None,
    /// They can be asked for.
    Askable,
    /// They are told.
    Told,
}

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// What follows is about this.
    Heading(&'static str),
    /// Something with a name; long values are wrapped.
    Fact(&'static str, String),
    /// A line that is cut where it is too long.
    Line(String),
}

/// Largest part of a row whose bytes are looked at.
const LOOKED_AT: usize = 1 << 16;
/// Lines of a hex dump.
const HEX_LINES: usize = 8;
/// Functions are searched for calls in lots of this many, whatever the number of threads.
const LOT: usize = 256;
/// Instructions that are listed.
const INSTRUCTIONS: usize = 64;
/// Texts that are listed.
const TEXTS: usize = 40;
/// Functions that one was inlined into.
const FRAMES: usize = 12;
/// Rows of a breakdown.
const PARTS: usize = 6;

/// Gathers what is known of a row.
///
/// *Cost*: a few passes over the leaves.
pub fn details(shared: &Shared, source: &dyn Source, target: Target) -> Details {
    let (entries, has_place) = match &target {
        Target::Group { path, leaf, question } => of_group(shared, source, path, *leaf, question),
        Target::Listed { table, row } => (listed(shared, source, table, *row), false),
    };
    Details { claims: if has_place { Claims::Askable } else { Claims::None }, target, entries }
}

/// A row of a list, and a look at its bytes if it is one piece.
fn listed(shared: &Shared, source: &dyn Source, table: &Table, row: u32) -> Vec<Entry> {
    let Some(listed) = table.listed() else { return Vec::new() };
    let model = &shared.new.model;
    let mut entries = listed.details(row);
    if let Some((start, len)) = listed.piece(row)
        && let Some(leaf) = model.leaves.at(start)
    {
        look(source, model, Side::New, &[Leaf { start, len, ..leaf }], &mut entries);
    }
    match listed.stands_for(row, model) {
        Some(StandsFor::Crate(_)) => {
            entries.push(Entry::Line("v leads to the bytes of the crate".to_string()))
        }
        Some(StandsFor::Symbol(_)) => entries.push(Entry::Line("v leads to the symbol".to_string())),
        None => {}
    }
    entries
}

/// What is known of a group, and whether it is a place of a binary.
fn of_group(
    shared: &Shared,
    source: &dyn Source,
    path: &Path,
    leaf: Option<u32>,
    question: &Question,
) -> (Vec<Entry>, bool) {
    let side = side_of(path);
    let Some(of) = shared.of(side) else { return (Vec::new(), false) };
    let model = &of.model;
    let mut entries = Vec::new();
    if side == Side::Old {
        entries.push(Entry::Line("only in the old file".to_string()));
    }
    let is_place = match (leaf, symbol_of(model, path, side)) {
        (Some(index), _) => {
            let leaf = model.leaves.get(index as usize);
            place(of, &leaf, &mut entries);
            look(source, model, side, &[leaf], &mut entries);
            true
        }
        (None, Some(symbol)) => {
            let mut parts: Vec<Leaf> = Vec::new();
            jobs::for_each(model, side, question, path, |_, leaf| parts.push(leaf));
            let own = |l: &&Leaf| l.symbol == symbol && l.kind.is_content();
            let home = parts.iter().find(|l| l.home).or(parts.first()).copied();
            if let Some(home) = home {
                place(of, &home, &mut entries);
                let own = joined(parts.iter().filter(own).copied());
                look(source, model, side, &own, &mut entries);
            }
            home.is_some()
        }
        (None, None) => {
            group(&shared.models(), model, path, question, side, &mut entries);
            false
        }
    };
    (entries, is_place && source.has_claims(side))
}

/// The symbol a path ends in.
fn symbol_of(model: &Model, path: &Path, side: Side) -> Option<SymbolId> {
    let &(dim, key) = path.last()?;
    Keys::new(model, if dim == Dim::Symbol { dim } else { return None }).symbol(key.of(side)?)
}

/// Every claim on the place of a row.
///
/// *Cost*: that of an analysis.
pub fn claims(shared: &Shared, source: &dyn Source, target: Target) -> Details {
    let mut all = details(shared, source, target);
    // A row of a list has no place to ask about; those it stands for do.
    let Target::Group { path, leaf, question } = &all.target else { return all };
    let side = side_of(path);
    let Some(model) = shared.models().of(side) else { return all };
    let mut home: Option<Leaf> = leaf.map(|index| model.leaves.get(index as usize));
    if home.is_none() {
        jobs::for_each(model, side, question, path, |_, leaf| {
            if home.is_none_or(|h| leaf.home && !h.home) {
                home = Some(leaf);
            }
        });
    }
    let Some(home) = home else { return all };
    let Some(reasons) = source.reasons(side, home.start) else { return all };
    all.entries.push(Entry::Heading("Claims (* has the place)"));
    for claim in reasons.claims {
        let mark = if claim.wins { "*" } else { " " };
        let size = bytes(claim.span.end - claim.span.start);
        all.entries.push(Entry::Line(format!("{mark} {}: {}, {size} bytes", claim.partition, claim.label)));
        all.entries.push(Entry::Line(format!("    {}", claim.basis)));
    }
    if !reasons.referrers.is_empty() {
        all.entries.push(Entry::Heading("Referred to by"));
        for from in reasons.referrers.into_iter().take(TEXTS) {
            let leaf = model.leaves.at(from.pos);
            let krate = leaf.map_or(String::new(), |leaf| {
                let keys = Keys::new(model, Dim::Crate);
                keys.label(keys.key(&leaf))
            });
            all.entries.push(Entry::Line(format!("{krate}  {}", from.name)));
        }
    }
    let callers = callers(source, model, side, &home);
    if !callers.is_empty() {
        all.entries.push(Entry::Heading("Called by, as far as calls say where they go"));
        let count = callers.len();
        all.entries.extend(callers.into_iter().take(TEXTS).map(Entry::Line));
        if count > TEXTS {
            all.entries.push(Entry::Line(format!("{} more", count - TEXTS)));
        }
    }
    all.claims = Claims::Told;
    all
}

/// Functions with a direct call of or jump to the symbol of a leaf, each with its crate, in order.
///
/// *Cost*: reads all code once.
fn callers(source: &dyn Source, model: &Model, side: Side, home: &Leaf) -> Vec<String> {
    let address = home.symbol.get().and_then(|i| model.symbols.get(i)?.address);
    // In an object file addresses mean no one place.
    let Some(address) = address.filter(|_| home.kind == Kind::Code && !model.segments.is_empty()) else {
        return Vec::new();
    };
    let keys = Keys::new(model, Dim::Crate);
    let code = model.leaves.iter().filter(|leaf| {
        leaf.kind == Kind::Code && leaf.in_file && leaf.symbol != SymbolId::NONE && leaf.symbol != home.symbol
    });
    let calls = |leaf: &Leaf| -> bool {
        let bytes = source.bytes(side, leaf.start, usize::try_from(leaf.len).unwrap_or(usize::MAX));
        let at = model.leaves.address(leaf.start);
        let found =
            bytes.zip(at).and_then(|(bytes, at)| attrib::has_call(&bytes, at, &model.facts.arch, address));
        found == Some(true)
    };
    let name = |leaf: &Leaf| format!("{}  {}", keys.label(keys.key(leaf)), model.symbol_label(leaf.symbol));
    let named = parallel::map(&joined(code), LOT, |leaf| calls(leaf).then(|| name(leaf)));
    let mut names: Vec<String> = named.into_iter().flatten().collect();
    names.arrange();
    names.dedup();
    names
}

/// Runs of one symbol that lie one behind another as one: lines of source divide functions.
fn joined(leaves: impl Iterator<Item = Leaf>) -> Vec<Leaf> {
    let mut all: Vec<Leaf> = Vec::new();
    for leaf in leaves {
        match all.last_mut() {
            Some(last)
                if last.start + last.len == leaf.start
                    && (last.symbol, last.kind, last.in_file) == (leaf.symbol, leaf.kind, leaf.in_file) =>
            {
                last.len += leaf.len;
            }
            _ => all.push(leaf),
        }
    }
    all
}

/// What `explain` says of a place, except the claims on it.
fn place(of: &Explored, leaf: &Leaf, entries: &mut Vec<Entry>) {
    let model = &of.model;
    let found = Found {
        what: String::new(),
        leaf: *leaf,
        symbol: model.symbol_label(leaf.symbol),
        claims: Vec::new(),
        referrers: Vec::new(),
        other_matches: Vec::new(),
    };
    let report: ExplainPlace<'_> = report::explain_place(model, &found);
    if let Some(symbol) = &report.symbol {
        entries.push(Entry::Fact("name", symbol.symbol.clone()));
        if symbol.mangled != symbol.symbol {
            entries.push(Entry::Fact("mangled", symbol.mangled.clone()));
        }
        entries.push(Entry::Fact("size", size(symbol.size)));
        let amount = |row: &report::Row| if row.file > 0 { row.file } else { row.memory };
        let kinds: Vec<String> =
            symbol.kinds.iter().map(|k| format!("{} {}", bytes(amount(k)), k.name)).collect();
        entries.push(Entry::Fact("with charges", kinds.join(", ")));
        for alias in &symbol.aliases {
            entries.push(Entry::Fact("also called", alias.clone()));
        }
    } else if !found.symbol.is_empty() {
        entries.push(Entry::Fact("name", found.symbol.clone()));
    }
    let place = &report.place;
    entries.push(Entry::Fact("run", size(place.size)));
    let hex = |n: u64| format!("{n:#x}");
    // A snapshot lays sums one behind another: that is no place.
    if !of.is_snapshot {
        entries.extend(place.address.map(|a| Entry::Fact("address", hex(a))));
        entries.extend(place.offset.map(|o| Entry::Fact("file offset", hex(o))));
    }
    entries.push(Entry::Fact("kind", place.kind.to_string()));
    for (name, text) in [("section", place.section), ("segment", place.segment), ("unit", place.unit)] {
        if !text.is_empty() {
            entries.push(Entry::Fact(name, text.to_string()));
        }
    }
    if let Some(code) = &model.code {
        let line = |id: LineId| {
            let row = id.get().and_then(|i| code.lines.get(i))?;
            Some(format!("{}:{}", model.names.get(row.file), row.line))
        };
        entries.extend(line(leaf.line).map(|at| Entry::Fact("source", at)));
        for frame in model.stack(leaf.frame).take(FRAMES) {
            if let Some(at) = line(frame.call) {
                let name = model.function_label(frame.function);
                entries.push(Entry::Fact("", format!("{name}, inlined at {at}")));
            }
        }
    } else if model.facts.debug_info.is_some() && leaf.kind == Kind::Code {
        entries.push(Entry::Fact("source", "not read yet: the view Files reads it".to_string()));
    }
    let unit = leaf.unit.get().and_then(|i| model.units.get(i));
    let folder = unit.map_or("", |u| model.names.get(u.comp_dir));
    if !folder.is_empty() {
        entries.push(Entry::Fact("compiled in", folder.to_string()));
    }
    entries.push(Entry::Heading("Crates"));
    for answer in &report.crates {
        let notion = match answer.notion {
            "crate" => "owner",
            "defined_in" => "defined in",
            _ => "instantiated by",
        };
        let mark = if answer.notion == "crate" && place.estimated { "~" } else { "" };
        entries.push(Entry::Fact(notion, format!("{mark}{}", answer.label)));
        entries.push(Entry::Fact("", format!("{} (evidence: {})", answer.reason, answer.evidence)));
    }
}

/// What a group holds, in other dimensions.
fn group(
    models: &Models<'_>,
    model: &Model,
    path: &Path,
    question: &Question,
    side: Side,
    entries: &mut Vec<Entry>,
) {
    let measure = question.measure;
    let mut chosen = vec![false; model.leaves.len()];
    jobs::for_each(model, side, question, path, |index, _| chosen[index as usize] = true);
    let ask = |dim: Dim| {
        let view = View {
            dims: vec![dim],
            filter: None,
            measure,
            sort: Sort::Size,
            first: None,
            only: None,
            names_only: false,
        };
        let mut index = 0;
        let tree = tree_where(model, &view, |_| {
            index += 1;
            chosen[index - 1]
        });
        let rows: Vec<(String, Node)> =
            tree.roots.iter().take(PARTS + 1).map(|n| (tree.keys[0].label(n.key), n.clone())).collect();
        (tree.total, tree.symbols, tree.roots.len(), rows)
    };
    let last = path.last();
    let name = last.map(|&(dim, key)| Keys::new(model, dim).label(key.of(side).unwrap_or_default()));
    let (total, symbols, ..) = ask(Dim::Kind);
    entries.extend(name.clone().map(|name| Entry::Fact("name", name)));
    entries.push(Entry::Fact("in the file", size(total.file)));
    entries.push(Entry::Fact("in memory", size(total.memory)));
    let whole = models.of(side).map_or(Sizes::default(), Model::total);
    let share = percent(measure.of(total), measure.of(whole));
    entries.push(Entry::Fact("share", format!("{share} of the {}", measure.pick("file", "memory image"))));
    entries.push(Entry::Fact("symbols", bytes(symbols)));
    let is_of_crate = |dim: Dim| matches!(dim, Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy);
    if let (Some(name), Some(&(dim, _))) = (&name, last)
        && is_of_crate(dim)
    {
        for facts in report::explain_crate(model, name, name).crates.into_iter().filter(|c| c.label == *name)
        {
            let of_key =
                [("source", facts.key.source), ("package", facts.key.package), ("crate id", facts.stable_id)];
            entries.extend(of_key.into_iter().filter_map(|(what, text)| Some(Entry::Fact(what, text?))));
            entries.push(Entry::Fact("owns", size(facts.owns.file)));
            entries.push(Entry::Fact(
                "defines",
                format!("{}, whoever instantiated it", size(facts.defines.file)),
            ));
            entries.push(Entry::Fact(
                "instantiates",
                format!("{}, whoever defines it", size(facts.instantiates.file)),
            ));
        }
    }
    let on_the_way = |dim: Dim| path.iter().any(|&(d, _)| d == dim);
    let parts = [
        ("By kind", Dim::Kind),
        ("By crate", Dim::Crate),
        ("By section", Dim::Section),
        ("By instantiating crate", Dim::InstantiatedBy),
        ("By evidence", Dim::Evidence),
        ("By unit", Dim::Unit),
    ];
    for (heading, dim) in parts.into_iter().filter(|&(_, dim)| !on_the_way(dim)) {
        let (total, _, count, rows) = ask(dim);
        // One part is the whole again.
        if count < 2 {
            continue;
        }
        entries.push(Entry::Heading(heading));
        let shown = if count == PARTS + 1 { count } else { PARTS };
        for (name, node) in rows.iter().take(shown) {
            let bytes = measure.of(node.sizes);
            let share = percent(bytes, measure.of(total));
            entries.push(Entry::Line(format!("{:>9} {share:>6}  {name}", human(bytes))));
        }
        if count > shown {
            entries.push(Entry::Line(format!("{:>16}  {} more", "", count - shown)));
        }
    }
}

/// A look at the bytes: the texts in data, instructions of code, and the first bytes of either.
fn look(source: &dyn Source, model: &Model, side: Side, leaves: &[Leaf], entries: &mut Vec<Entry>) {
    let mut texts: Vec<String> = Vec::new();
    let mut first: Option<(Leaf, Vec<u8>)> = None;
    let mut budget = LOOKED_AT;
    for leaf in leaves.iter().filter(|l| l.in_file) {
        let len = usize::try_from(leaf.len).unwrap_or(usize::MAX).min(budget);
        budget -= len;
        let Some(bytes) = source.bytes(side, leaf.start, len) else { continue };
        if leaf.kind.is_data() {
            texts.extend(texts_in(&bytes).take(TEXTS - texts.len().min(TEXTS)));
        }
        if first.is_none() && !bytes.is_empty() {
            first = Some((*leaf, bytes));
        }
    }
    if !texts.is_empty() {
        entries.push(Entry::Heading("Texts"));
        entries.extend(texts.into_iter().map(|t| Entry::Line(format!("\"{t}\""))));
    }
    let Some((leaf, bytes)) = first else { return };
    let address = model.leaves.address(leaf.start).unwrap_or(leaf.start);
    if leaf.kind == Kind::Code {
        entries.push(Entry::Heading("Instructions"));
        let arch = &model.facts.arch;
        match attrib::listing(&bytes, address, arch, INSTRUCTIONS) {
            Some(all) => {
                for instruction in &all {
                    let name = instruction.target.map(|t| target_name(model, &leaf, t)).unwrap_or_default();
                    entries
                        .push(Entry::Line(format!("{:8x}  {}{name}", instruction.address, instruction.text)));
                }
                if all.len() == INSTRUCTIONS {
                    entries.push(Entry::Line("          ...".to_string()));
                }
            }
            None => entries.push(Entry::Line(format!("instructions of {arch} are not shown, only of x86"))),
        }
    }
    entries.push(Entry::Heading("Bytes"));
    for (index, line) in bytes.chunks(16).take(HEX_LINES).enumerate() {
        let hex: Vec<String> =
            line.chunks(2).map(|two| two.iter().map(|b| format!("{b:02x}")).collect()).collect();
        let shown: String = line
            .iter()
            .map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { '.' })
            .collect();
        let at = address + index as u64 * 16;
        entries.push(Entry::Line(format!("{at:8x}  {:<39}  {shown}", hex.join(" "))));
    }
}

/// The symbol a call or jump goes to, unless it stays inside its own.
fn target_name(model: &Model, from: &Leaf, target: u64) -> String {
    // In an object file addresses mean no one place.
    if model.segments.is_empty() {
        return String::new();
    }
    let to = model.leaves.position(target).and_then(|pos| model.leaves.at(pos));
    match to {
        Some(to) if to.symbol != from.symbol && to.symbol != SymbolId::NONE => {
            format!("  {}", model.symbol_label(to.symbol))
        }
        _ => String::new(),
    }
}

/// Runs of printable ASCII of at least four characters.
fn texts_in(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    let is_text = |b: &u8| b.is_ascii_graphic() || *b == b' ' || *b == b'\t';
    let runs = bytes.split(move |b| !is_text(b)).filter(|run| run.len() >= 4);
    runs.map(|run| run.iter().map(|&b| char::from(b)).collect())
}

/// Bytes, rounded and exact.
pub(super) fn size(n: u64) -> String {
    match n {
        1 => "1 byte".to_string(),
        0..1024 => format!("{n} bytes"),
        _ => format!("{} ({} bytes)", human(n), bytes(n)),
    }
}
