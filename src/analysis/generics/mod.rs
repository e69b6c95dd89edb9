//! Which functions were compiled again and again: for other types, or in other crates.
//!
//! A *copy* is a function with bytes of its own. Other names of one place are no copies, nor is
//! what has no bytes; a part that was split off (`.cold`) belongs to the copy it is a part of.
//! Copies of one *item* differ in what was filled in, or in the crate that compiled them. Items
//! whose path is the same once all arguments are erased, and the crate that defines them, make a
//! *group*: mostly that is one item. Knows
//! what names tell and no more: see [`crate::names::instance`].

mod impls;
mod vtables;

use std::cmp::Reverse;
use std::collections::HashMap;

pub use vtables::{Tables, TraitTables, vtables};

use self::impls::{Impls, Item};
use crate::intern::Distinct;
use crate::kind::Kind;
use crate::model::filter::Filter;
use crate::model::{CrateId, Evidence, Model, OwnerId, SymbolId, SymbolRow, SymbolSort};
use crate::names::{self, Arguments, ImplBlock, Suffixes};
use crate::order::Arrange;
use crate::parallel;

/// What copies are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// Those of one function or method.
    #[default]
    Item,
    /// Methods and drop glue of one generic type.
    Type,
    /// Drop glue of one type, and nothing but drop glue.
    Dropped,
    /// Drop glue of one generic type, whatever it is filled in with.
    DroppedType,
}

/// Which groups come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Most bytes.
    #[default]
    Size,
    /// By name.
    Name,
    /// Most copies.
    Copies,
    /// Most bytes beyond one copy.
    Saving,
}

/// A question to a model.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// What copies are put together.
    pub by: Grouping,
    /// Whether closures and state machines of async functions count for the function they are written in.
    pub fold: bool,
    /// Which groups come first.
    pub order: Order,
    /// Which bytes count; all if none.
    pub filter: Option<Filter>,
}

/// One copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub symbol: SymbolId,
    /// Which item of its group it is a copy of: equal for two copies of one function of the source.
    pub item: u32,
    /// Bytes of its code, parts that were split off included.
    pub size: u64,
    /// Bytes of the file that are there on its account: its code, names, unwind entries, relocations.
    pub file: u64,
    /// The crate that compiled it, if any is known.
    pub by: CrateId,
    /// On what that stands.
    pub evidence: Evidence,
}

/// The copies of one item; with folding, of all that is written in one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The item, arguments erased.
    pub name: String,
    /// The crate that defines it, if any is known.
    pub defined_in: CrateId,
    /// Whether it is generic; `None` where no name of a copy tells.
    pub is_generic: Option<bool>,
    /// Whether its names are of Rust.
    pub is_rust: bool,
    /// How many items are in it: functions of impls that differ in nothing but arguments, and with folding
    /// closures. Legacy names tell neither apart.
    pub items: u64,
    /// Most copies of one path.
    pub repeats: u64,
    /// The copies, the largest first.
    pub copies: Vec<Instance>,
    /// Bytes of their code.
    pub size: u64,
    /// Bytes of the file that are there on their account.
    pub file: u64,
    /// Bytes beyond the largest copy of each item: an estimate of what sharing one copy would save.
    pub saving: u64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Generics {
    /// Every group, those with a single copy included.
    pub groups: Vec<Group>,
    /// Bytes of code that passed the filter.
    pub code: u64,
}

impl Group {
    /// Whether something in it was compiled at least `least` times.
    ///
    /// Outside Rust only templates count: two functions of C may share a name and nothing else.
    pub fn is_repeated(&self, least: u64) -> bool {
        self.repeats >= least && (self.is_rust || self.is_generic == Some(true))
    }

    /// Bytes of its largest copy.
    pub fn largest(&self) -> u64 {
        self.copies.first().map_or(0, |copy| copy.size)
    }
}

/// What a copy was filled in with; empty if its name does not tell.
///
/// *Cost*: demangles at every call.
pub fn arguments(model: &Model, symbol: SymbolId) -> Arguments {
    let row = symbol.get().and_then(|i| model.symbols.get(i)).filter(|row| row.sort.is_symbol());
    row.and_then(|row| names::arguments(row.plain_name(&model.names))).unwrap_or_default()
}

/// Names are read in runs of this many, whatever the number of threads.
const CHUNK: usize = 4096;

/// What passed the filter of one symbol.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    size: u64,
    file: u64,
    owner: Option<OwnerId>,
}

/// What the name of a function says.
struct Told {
    item: String,
    is_generic: Option<bool>,
    is_rust: bool,
    is_part: bool,
    within: Option<ImplBlock>,
    /// The generic type that drop glue is for, when grouped by types.
    of_type: Option<String>,
}

/// Groups the functions of `model`.
///
/// *Cost*: one pass over the leaves, one parse per function; O(n log n) in functions.
pub fn generics(model: &Model, question: &Question) -> Generics {
    let (sums, code) = sums(model, question.filter.as_ref());
    let told = told(model, &sums, question.by);
    let copies = copies(model, &sums, &told);
    let impls = Impls::of(told.iter().flatten());
    let mut all = Grouped::default();
    for (copy, told) in copies {
        let owner = sums.get(copy.symbol.0 as usize).and_then(|sum| sum.owner);
        let defined_in = owner.map_or(CrateId::NONE, |owner| model.owner(owner).defined_in);
        let item = impls.item(told);
        // Traits of other crates may be implemented for a type, so it is not known who defines it.
        let (group, by) = match question.by {
            Grouping::Type => match told.of_type.clone().or_else(|| names::type_of(&item.name)) {
                Some(kind) => (kind, definer(model, CrateId::NONE)),
                None => continue,
            },
            _ if question.fold => (names::parent(&item.name).to_owned(), definer(model, defined_in)),
            _ => (item.name.clone(), definer(model, defined_in)),
        };
        all.add(copy, told, item, &group, &by);
    }
    let mut groups = all.finish();
    let crate_name = |id: CrateId| id.get().and_then(|i| model.crates.get(i)).map(|row| row.label);
    let name_of = |g: &Group| crate_name(g.defined_in).map_or("", |name| model.names.get(name));
    let by_name = |a: &Group, b: &Group| a.name.cmp(&b.name).then_with(|| name_of(a).cmp(name_of(b)));
    match question.order {
        Order::Size => groups.arrange_by(|a, b| b.size.cmp(&a.size).then_with(|| by_name(a, b))),
        Order::Name => groups.arrange_by(by_name),
        Order::Copies => groups.arrange_by(|a, b| {
            (b.copies.len(), b.size).cmp(&(a.copies.len(), a.size)).then_with(|| by_name(a, b))
        }),
        Order::Saving => {
            groups.arrange_by(|a, b| (b.saving, b.size).cmp(&(a.saving, a.size)).then_with(|| by_name(a, b)));
        }
    }
    Generics { groups, code }
}

/// A crate that defines something.
struct Definer<'m> {
    id: CrateId,
    /// Its name as paths have it; empty if no crate is known.
    name: &'m str,
}

fn definer(model: &Model, id: CrateId) -> Definer<'_> {
    let row = id.get().and_then(|i| model.crates.get(i)).filter(|row| row.source.is_some());
    Definer { id, name: row.map_or("", |row| model.names.get(row.name)) }
}

/// Bytes by symbol, and all bytes of code.
fn sums(model: &Model, filter: Option<&Filter>) -> (Vec<Sum>, u64) {
    let mut accepts = filter.map(|filter| filter.compile(model));
    let mut sums = vec![Sum::default(); model.symbols.len()];
    let mut code = 0u64;
    for leaf in model.leaves.iter() {
        if accepts.as_mut().is_some_and(|accepts| !accepts.accepts(&leaf)) {
            continue;
        }
        let is_code = leaf.kind == Kind::Code;
        code += if is_code { leaf.len } else { 0 };
        let Some(sum) = leaf.symbol.get().and_then(|i| sums.get_mut(i)) else { continue };
        sum.file += leaf.sizes().file;
        if is_code {
            sum.size += leaf.len;
            if leaf.home || sum.owner.is_none() {
                sum.owner = Some(leaf.owner);
            }
        }
    }
    (sums, code)
}

/// What names say, by symbol; nothing where there is no function.
fn told(model: &Model, sums: &[Sum], by: Grouping) -> Vec<Option<Told>> {
    let read = |rows: &[(&SymbolRow, &Sum)]| -> Vec<Option<Told>> {
        rows.iter()
            .map(|(row, sum)| {
                let has_name = row.sort.is_symbol() && row.sort != SymbolSort::Import;
                if sum.size == 0 || !has_name {
                    return None;
                }
                tell(row.plain_name(&model.names), by)
            })
            .collect()
    };
    let rows: Vec<(&SymbolRow, &Sum)> = model.symbols.iter().zip(sums).collect();
    let chunks: Vec<Vec<Option<Told>>> = parallel::lots(&rows, CHUNK, read);
    chunks.into_iter().flatten().collect()
}

fn tell(name: &str, by: Grouping) -> Option<Told> {
    let is_part = names::whole_of_part(name).is_some();
    if matches!(by, Grouping::Item | Grouping::Type) {
        let names::Instance { item, is_generic, is_rust, within } = names::instance(name);
        let dropped = (by == Grouping::Type).then(|| names::dropped(name)).flatten();
        let of_type = dropped.map(|text| names::generic_type(&text)).filter(|kind| kind.contains("<_>"));
        return Some(Told { item, is_generic, is_rust, is_part, within, of_type });
    }
    let dropped = names::dropped(name)?;
    let item = if by == Grouping::DroppedType { names::generic_type(&dropped) } else { dropped };
    Some(Told { item, is_generic: Some(true), is_rust: true, is_part, within: None, of_type: None })
}

/// Functions with the parts that were split off them. A part whose whole is not there stands for itself.
fn copies<'t>(model: &Model, sums: &[Sum], told: &'t [Option<Told>]) -> Vec<(Instance, &'t Told)> {
    let mut all: Vec<(Instance, &Told)> = Vec::new();
    let mut wholes: HashMap<&str, usize> = HashMap::new();
    let mut parts: Vec<(Instance, &Told)> = Vec::new();
    let name = |symbol: SymbolId| {
        let row = symbol.get().and_then(|i| model.symbols.get(i));
        Suffixes::of(row.map_or("", |row| row.plain_name(&model.names))).base
    };
    let has_parts = told.iter().flatten().any(|told| told.is_part);
    for (index, (sum, told)) in sums.iter().zip(told).enumerate() {
        let Some(told) = told else { continue };
        let owner = sum.owner.map(|owner| model.owner(owner));
        let copy = Instance {
            symbol: SymbolId::new(index),
            item: 0,
            size: sum.size,
            file: sum.file,
            by: owner.map_or(CrateId::NONE, |owner| owner.instantiated_by),
            evidence: owner.map_or(Evidence::None, |owner| owner.instantiated_evidence),
        };
        if told.is_part {
            parts.push((copy, told));
        } else {
            if has_parts {
                wholes.entry(name(copy.symbol)).or_insert(all.len());
            }
            all.push((copy, told));
        }
    }
    for (part, told) in parts {
        match wholes.get(name(part.symbol)).and_then(|&at| all.get_mut(at)) {
            Some((whole, _)) => {
                whole.size += part.size;
                whole.file += part.file;
            }
            None => {
                wholes.insert(name(part.symbol), all.len());
                all.push((part, told));
            }
        }
    }
    all
}

/// Groups under construction.
#[derive(Default)]
struct Grouped {
    /// Groups by path without arguments and by definer: a method of a generic type is written with `<_>`
    /// and a function filled in by a legacy name is not.
    keys: Distinct<(String, u32)>,
    groups: Vec<Group>,
    /// Paths in them: the group's own, and those of closures.
    paths: Distinct<(u32, String)>,
    /// Items by path and impl.
    items: Distinct<(u32, u32)>,
    /// By item, its path.
    path_of: Vec<u32>,
}

impl Grouped {
    fn add(&mut self, mut copy: Instance, told: &Told, item: Item, label: &str, by: &Definer<'_>) {
        let defined_in = by.id;
        // Paths of program databases do not say of which language they are, but start with the crate.
        let is_path_of = |name: &str| {
            !name.is_empty() && item.name.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"))
        };
        let is_rust = told.is_rust || is_path_of(by.name);
        let path = item.name.replace("<_>", "");
        let group = self.keys.insert((label.replace("<_>", ""), defined_in.0));
        if group as usize == self.groups.len() {
            self.groups.push(Group {
                name: label.to_owned(),
                defined_in,
                is_generic: told.is_generic,
                is_rust,
                items: 0,
                repeats: 0,
                copies: Vec::new(),
                size: 0,
                file: 0,
                saving: 0,
            });
        }
        let path = self.paths.insert((group, path));
        copy.item = self.items.insert((path, item.within));
        if copy.item as usize == self.path_of.len() {
            self.path_of.push(path);
        }
        let Some(group) = self.groups.get_mut(group as usize) else { return };
        group.size += copy.size;
        group.file += copy.file;
        group.is_rust |= is_rust;
        // One copy that is filled in proves it.
        group.is_generic = match (group.is_generic, told.is_generic) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (a, b) => a.and(b),
        };
        // The text that says most.
        if (label.len(), Reverse(label)) > (group.name.len(), Reverse(&*group.name)) {
            group.name = label.to_owned();
        }
        group.copies.push(copy);
    }

    fn finish(mut self) -> Vec<Group> {
        for group in &mut self.groups {
            group.copies.arrange_by_key(|copy| (Reverse(copy.size), copy.symbol));
            let mut items: HashMap<u32, u64> = HashMap::new();
            for copy in &group.copies {
                let count = items.entry(copy.item).or_default();
                *count += 1;
                // The first copy of an item is its largest.
                group.saving += if *count > 1 { copy.size } else { 0 };
            }
            let mut paths: HashMap<Option<u32>, u64> = HashMap::new();
            for (item, count) in &items {
                let path = self.path_of.get(*item as usize).copied();
                *paths.entry(path).or_default() += count;
            }
            group.repeats = paths.into_values().max().unwrap_or(0);
            group.items = items.len() as u64;
        }
        self.groups
    }
}
