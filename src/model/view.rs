//! Any breakdown: leaves grouped by any dimensions, nested in any order.
//!
//! A view cannot lose bytes: each leaf goes to exactly one node of each level.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::filter::Filter;
pub use super::inlining::Inlining;
use super::{CrateId, Evidence, FunctionId, Leaf, Model, Sizes, Source, SymbolId, SymbolSort};
use crate::intern::{Distinct, NameId};
use crate::kind::Kind;
use crate::names;
use crate::parallel;

pub use super::groups::{tree, tree_where};

/// A dimension to group by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dim {
    /// What the bytes are for.
    Kind,
    /// The segment that loads them.
    Segment,
    /// The section they lie in.
    Section,
    /// The crate that owns them.
    Crate,
    /// The crate that defines the item.
    DefinedIn,
    /// The crate whose codegen unit has the code.
    InstantiatedBy,
    /// Where the owning crate comes from.
    Source,
    /// The module that holds the item.
    Module,
    /// The symbol or structure.
    Symbol,
    /// The generic item that the symbol is a copy of.
    Generic,
    /// The unit of debug information, or the file of the symbol table.
    Unit,
    /// The source file of the code.
    File,
    /// The line of source of the code.
    Line,
    /// The function of the source that the code is of, inlined or not.
    Inlined,
    /// What the attribution stands on.
    Evidence,
    /// The member of an archive, slice of a universal file or module of a component.
    Member,
}

impl Dim {
    /// Every dimension, in the order help texts list them.
    pub const ALL: [Dim; 16] = [
        Dim::Kind,
        Dim::Segment,
        Dim::Section,
        Dim::Crate,
        Dim::DefinedIn,
        Dim::InstantiatedBy,
        Dim::Source,
        Dim::Module,
        Dim::Symbol,
        Dim::Generic,
        Dim::Unit,
        Dim::File,
        Dim::Line,
        Dim::Inlined,
        Dim::Evidence,
        Dim::Member,
    ];

    /// The word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Dim::Kind => "kind",
            Dim::Segment => "segment",
            Dim::Section => "section",
            Dim::Crate => "crate",
            Dim::DefinedIn => "defined-in",
            Dim::InstantiatedBy => "instantiated-by",
            Dim::Source => "source",
            Dim::Module => "module",
            Dim::Symbol => "symbol",
            Dim::Generic => "generic",
            Dim::Unit => "unit",
            Dim::File => "file",
            Dim::Line => "line",
            Dim::Inlined => "inlined",
            Dim::Evidence => "evidence",
            Dim::Member => "member",
        }
    }

    /// Whether names of symbols decide.
    fn is_of_symbols(self) -> bool {
        matches!(self, Dim::Symbol | Dim::Module | Dim::Generic | Dim::Inlined)
    }

    /// Whether it is known only where [`Model::code`] is.
    pub fn is_of_code(self) -> bool {
        matches!(self, Dim::File | Dim::Line | Dim::Inlined)
    }

    /// Whether the group of a byte follows from where it is, whoever owns it: from its section, its symbol, its
    /// function or its line.
    pub fn is_place(self) -> bool {
        matches!(
            self,
            Dim::Segment
                | Dim::Section
                | Dim::Member
                | Dim::Symbol
                | Dim::Module
                | Dim::Generic
                | Dim::File
                | Dim::Line
                | Dim::Inlined
        )
    }

    /// Whether no owner has a part in which of its groups a byte is in, so that no sum is an estimate: the file states
    /// the group, or what the bytes are was recognised.
    pub fn is_stated(self) -> bool {
        self == Dim::Kind || self.is_place()
    }

    /// The dimension of that name; `_` is as good as `-`.
    pub fn parse(word: &str) -> Option<Dim> {
        let word = word.trim().replace('_', "-");
        Dim::ALL.into_iter().find(|dim| dim.as_str() == word)
    }
}

/// Every source, by what is nearest to the user.
pub(crate) const SOURCES: [Source; 7] =
    [Source::Workspace, Source::Registry, Source::Git, Source::Path, Source::Std, Source::C, Source::Unknown];

/// Which total counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Measure {
    /// Bytes of the file.
    #[default]
    File,
    /// Bytes of memory.
    Memory,
}

impl Measure {
    /// The measured part of `sizes`.
    pub fn of(self, sizes: Sizes) -> u64 {
        self.pick(sizes.file, sizes.memory)
    }

    /// What is said of bytes of the file, or what is said of bytes of memory.
    pub fn pick<T>(self, file: T, memory: T) -> T {
        match self {
            Measure::File => file,
            Measure::Memory => memory,
        }
    }
}

/// How rows of one level are ordered. Ties are broken by the order in the file or of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// Largest first, by the measure of the view.
    #[default]
    Size,
    /// By name.
    Name,
    /// Most symbols first.
    Symbols,
    /// Largest first with all that is inlined; as by size where that is not known.
    Total,
}

/// A question to a model.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Dimensions from the outermost to the innermost.
    pub dims: Vec<Dim>,
    /// Which leaves count; all if none.
    pub filter: Option<Filter>,
    /// Which total counts.
    pub measure: Measure,
    /// Order of rows.
    pub sort: Sort,
    /// How many rows of each level are wanted in order; those behind them are in no order that
    /// means anything. All if none.
    pub first: Option<usize>,
    /// How many rows of each level are made at all, the first in order; what is left out still counts
    /// in totals. All if none.
    pub only: Option<usize>,
    /// Whether rows are told by name alone. Else symbols come with the crates that have them.
    pub names_only: bool,
}

impl View {
    /// The dimensions that it asks about, in its filter too.
    pub fn dims_asked(&self) -> Vec<Dim> {
        let mut dims = self.dims.clone();
        if let Some(filter) = &self.filter {
            filter.dims(&mut dims);
        }
        dims
    }

    /// All dimensions that an answer needs: those and what rows are told with.
    pub fn dims_needed(&self) -> Vec<Dim> {
        let mut dims = self.dims_asked();
        if self.dims.contains(&Dim::Symbol) && !self.names_only {
            dims.push(Dim::Crate);
        }
        dims
    }
}

/// One group of leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What the group has in common, in the dimension of its level: see [`Keys`].
    pub key: u32,
    /// Bytes of its leaves.
    pub sizes: Sizes,
    /// Symbols that start in it.
    pub symbols: u64,
    /// Bytes of the file whose boundaries are computed shares; none where no owner has a part in the answer.
    pub estimated: u64,
    /// What it comes to with all that is inlined, in the dimension of functions.
    pub inlining: Option<Inlining>,
    /// Groups of the next dimension, in order.
    pub children: Vec<Node>,
}

/// The answer: groups within groups. Children sum to their parent, roots to `total`.
#[derive(Debug)]
pub struct Tree<'m> {
    /// Groups of the first dimension, in order.
    pub roots: Vec<Node>,
    /// Bytes of all leaves that passed the filter.
    pub total: Sizes,
    /// Symbols that start in them.
    pub symbols: u64,
    /// Bytes of computed shares among them.
    pub estimated: u64,
    /// Names of the keys, by level.
    pub keys: Vec<Keys<'m>>,
}

/// The keys of one dimension and their names.
#[derive(Debug)]
pub struct Keys<'m> {
    /// The dimension.
    pub dim: Dim,
    model: &'m Model,
    /// For dimensions derived from symbol names: by symbol, an index into `texts`.
    of_symbol: Vec<u32>,
    /// By function of the source: an index into `texts`.
    of_function: Vec<u32>,
    /// By line of source: its place in order of files and lines.
    line_order: Vec<u32>,
    texts: Vec<String>,
}

/// What stands for the file and the line of bytes that no line table speaks of.
const NO_LINE: &str = "[no line information]";

/// What groups functions that have no name, where names decide: in a stripped file, nearly all.
const NAMELESS: &str = "[functions without a name]";

/// What groups constants whose names are numbers, where names decide.
const NUMBERED: &str = "[constants without a name]";

fn label_unless_nameless(model: &Model, symbol: SymbolId) -> String {
    let row = symbol.get().and_then(|i| model.symbols.get(i));
    if row.is_some_and(|row| row.sort == SymbolSort::Unnamed) {
        NAMELESS.to_string()
    } else {
        model.symbol_label(symbol)
    }
}

/// Derived names are computed in runs of this many, whatever the number of threads.
const CHUNK: usize = 4096;

/// By line of source: its place among all, by the name of the file and the number.
fn line_order(model: &Model) -> Vec<u32> {
    let lines = model.code.as_ref().map_or(&[][..], |code| &code.lines);
    let mut files: Vec<NameId> = lines.iter().map(|row| row.file).collect();
    files.sort_unstable();
    files.dedup();
    files.sort_by_key(|&file| model.names.get(file));
    let place: HashMap<NameId, usize> = files.iter().copied().zip(0..).collect();
    let mut order: Vec<u32> = (0..lines.len() as u32).collect();
    order.sort_by_key(|&line| {
        let row = lines[line as usize];
        (place.get(&row.file), row.line)
    });
    let mut places = vec![0; lines.len()];
    for (place, line) in (0..).zip(order) {
        places[line as usize] = place;
    }
    places
}

impl<'m> Keys<'m> {
    /// The keys of `dim` in `model`.
    ///
    /// *Cost*: none for most; `module` and `generic` parse the name of every symbol once.
    pub fn new(model: &'m Model, dim: Dim) -> Keys<'m> {
        let mut keys = Keys {
            dim,
            model,
            of_symbol: Vec::new(),
            of_function: Vec::new(),
            line_order: Vec::new(),
            texts: Vec::new(),
        };
        if dim == Dim::Line {
            keys.line_order = line_order(model);
            return keys;
        }
        if dim == Dim::Inlined {
            keys.name_functions();
            return keys;
        }
        let derive: fn(&str) -> String = match dim {
            Dim::Module => |name| names::module(name).unwrap_or_else(|| "[no module]".to_string()),
            Dim::Generic => |name| match names::is_telling(name) {
                true => names::generic(name),
                false => NUMBERED.to_string(),
            },
            _ => return keys,
        };
        let read = |rows: &[super::SymbolRow]| -> Vec<Option<String>> {
            rows.iter().map(|r| r.sort.is_symbol().then(|| derive(r.plain_name(&model.names)))).collect()
        };
        let all: Vec<Vec<Option<String>>> = parallel::lots(&model.symbols, CHUNK, read);
        let mut texts: Distinct<String> = Distinct::default();
        for (row, text) in all.into_iter().flatten().enumerate() {
            let text = text.unwrap_or_else(|| label_unless_nameless(model, SymbolId::new(row)));
            keys.of_symbol.push(texts.insert(text));
        }
        keys.texts = texts.into_values();
        keys
    }

    /// Names functions and, where the source says nothing, symbols.
    ///
    /// Copies of a function whose names differ in nothing that is shown are one.
    fn name_functions(&mut self) {
        let model = self.model;
        let code = model.code.as_ref();
        let functions = code.map_or(&[][..], |code| &code.functions);
        let ids: Vec<FunctionId> = (0..functions.len()).map(FunctionId::new).collect();
        let label =
            |ids: &[FunctionId]| -> Vec<String> { ids.iter().map(|&f| model.function_label(f)).collect() };
        let labels: Vec<Vec<String>> = parallel::lots(&ids, CHUNK, label);
        // Functions without a name that linkers see may share one with those of other files.
        let mut texts: Distinct<(String, NameId)> = Distinct::default();
        for (label, row) in labels.into_iter().flatten().zip(functions) {
            self.of_function.push(texts.insert((label, row.file)));
        }
        let mut at_home = vec![None; model.symbols.len()];
        for leaf in model.leaves.iter().filter(|leaf| leaf.home) {
            if let (Some(symbol), Some(outer)) = (leaf.symbol.get(), model.stack(leaf.frame).last()) {
                at_home[symbol] = Some(outer.function);
            }
        }
        self.of_symbol = at_home
            .into_iter()
            .enumerate()
            .map(|(symbol, function)| match function {
                Some(function) => self.of_function(function),
                None => texts.insert((label_unless_nameless(model, SymbolId::new(symbol)), NameId::NONE)),
            })
            .collect();
        self.texts = texts.into_values().into_iter().map(|(text, _)| text).collect();
    }

    /// The key of a function, in the dimension of functions.
    pub(crate) fn of_function(&self, function: FunctionId) -> u32 {
        function.get().and_then(|i| self.of_function.get(i)).copied().unwrap_or(u32::MAX)
    }

    /// A function that a key stands for, in the dimension of functions.
    ///
    /// *Cost*: looks at all functions.
    pub fn function(&self, key: u32) -> Option<FunctionId> {
        self.of_function.iter().position(|&k| k == key).map(FunctionId::new)
    }

    /// Number of ids that stand for themselves; the keys above are anonymous bytes by section.
    fn named(&self) -> u32 {
        let count = match self.dim {
            Dim::Module | Dim::Generic | Dim::Inlined => self.texts.len(),
            _ => self.model.symbols.len(),
        };
        count as u32
    }

    /// The key of a leaf.
    pub fn key(&self, leaf: &Leaf) -> u32 {
        let section_name = || {
            let row = leaf.section.get().and_then(|i| self.model.sections.get(i));
            row.map_or(u32::MAX, |r| r.name.0)
        };
        let anonymous = || self.named().saturating_add(section_name());
        match self.dim {
            Dim::Kind => leaf.kind as u32,
            Dim::Segment => leaf.segment.0,
            Dim::Section => section_name(),
            Dim::Crate => self.model.owner(leaf.owner).krate.0,
            Dim::DefinedIn => self.or_owner(leaf, self.model.owner(leaf.owner).defined_in),
            Dim::InstantiatedBy => self.or_owner(leaf, self.model.owner(leaf.owner).instantiated_by),
            Dim::Source => self.crate_row(leaf).source.map_or(u32::MAX, |s| s as u32),
            Dim::Symbol => leaf.symbol.get().map_or_else(anonymous, |i| i as u32),
            Dim::Module | Dim::Generic => {
                leaf.symbol.get().and_then(|i| self.of_symbol.get(i)).copied().unwrap_or_else(anonymous)
            }
            Dim::Inlined => {
                let frame = leaf.frame.get().and_then(|i| self.model.code.as_ref()?.frames.get(i));
                let symbol = || leaf.symbol.get().and_then(|i| self.of_symbol.get(i)).copied();
                frame.map(|f| self.of_function(f.function)).or_else(symbol).unwrap_or_else(anonymous)
            }
            Dim::File => self.line_row(leaf.line.0).map_or(u32::MAX, |row| row.file.0),
            Dim::Line => leaf.line.0,
            Dim::Unit => leaf.unit.get().map_or(u32::MAX, |i| self.model.units[i].name.0),
            Dim::Evidence => self.model.owner(leaf.owner).evidence as u32,
            Dim::Member => self.model.member_at(leaf.start).map_or(u32::MAX, |m| m.name.0),
        }
    }

    /// Bytes that no crate defines stay in the bucket that owns them.
    fn or_owner(&self, leaf: &Leaf, krate: CrateId) -> u32 {
        if krate == CrateId::NONE { self.model.owner(leaf.owner).krate.0 } else { krate.0 }
    }

    fn line_row(&self, line: u32) -> Option<&'m super::LineRow> {
        self.model.code.as_ref()?.lines.get(line as usize)
    }

    fn crate_row(&self, leaf: &Leaf) -> &'m super::CrateRow {
        let krate = self.model.owner(leaf.owner).krate;
        &self.model.crates[krate.0 as usize]
    }

    /// Which of two keys comes first where nothing else says: rows by their number, and
    /// names by their text, whenever they were seen first.
    pub(super) fn compare(&self, a: u32, b: u32) -> Ordering {
        if self.is_number(a) && self.is_number(b) {
            return a.cmp(&b);
        }
        let text = |key: u32| match self.dim {
            Dim::Section | Dim::Unit | Dim::Member | Dim::File => self.model.names.get(NameId(key)),
            Dim::Module | Dim::Generic | Dim::Inlined if key < self.named() => &self.texts[key as usize],
            Dim::Module | Dim::Generic | Dim::Inlined | Dim::Symbol
                if key >= self.named() && key != u32::MAX =>
            {
                self.model.names.get(NameId(key - self.named()))
            }
            _ => "",
        };
        let is_anonymous = |key: u32| self.dim.is_of_symbols() && key >= self.named();
        let line = |key: u32| self.line_order.get(key as usize);
        is_anonymous(a)
            .cmp(&is_anonymous(b))
            .then_with(|| text(a).cmp(text(b)))
            .then_with(|| line(a).cmp(&line(b)))
            .then(a.cmp(&b))
    }

    /// Whether a key comes before others by its number alone.
    fn is_number(&self, key: u32) -> bool {
        match self.dim {
            Dim::Symbol => key < self.named(),
            Dim::Module | Dim::Generic | Dim::Inlined | Dim::Section | Dim::Unit | Dim::Member => false,
            Dim::File | Dim::Line => false,
            Dim::Kind | Dim::Segment | Dim::Source | Dim::Evidence => true,
            Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy => true,
        }
    }

    /// The symbol a key stands for, in the symbol dimension.
    pub fn symbol(&self, key: u32) -> Option<SymbolId> {
        (self.dim == Dim::Symbol && key < self.named()).then_some(SymbolId(key))
    }

    /// The crate a key stands for, in the dimensions of crates.
    pub fn krate(&self, key: u32) -> Option<CrateId> {
        matches!(self.dim, Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy).then_some(CrateId(key))
    }

    /// Where the crate of a key comes from; `None` for a bucket, and in other dimensions.
    pub fn source(&self, key: u32) -> Option<Source> {
        self.krate(key).and_then(|krate| self.model.crates.get(krate.get()?)?.source)
    }

    /// The name of a key for people.
    pub fn label(&self, key: u32) -> String {
        let model = self.model;
        let name = |id: u32| model.names.get(NameId(id));
        let none = |what: &str| format!("[no {what}]");
        let anonymous = || match key.saturating_sub(self.named()) {
            id if id == u32::MAX - self.named() => none("section"),
            id if name(id).starts_with('[') => name(id).to_string(),
            id => format!("[section {}]", name(id)),
        };
        match self.dim {
            Dim::Kind => Kind::ALL.get(key as usize).map_or("", |k| k.as_str()).to_string(),
            Dim::Segment => match model.segments.get(key as usize) {
                Some(row) => model.names.get(row.name).to_string(),
                None => none("segment"),
            },
            Dim::Section if key == u32::MAX => none("section"),
            Dim::Unit if key == u32::MAX => none("unit"),
            Dim::Member if key == u32::MAX => none("member"),
            Dim::File if key == u32::MAX => NO_LINE.to_string(),
            Dim::Section | Dim::Unit | Dim::Member | Dim::File => name(key).to_string(),
            Dim::Line => match self.line_row(key) {
                Some(row) => format!("{}:{}", model.names.get(row.file), row.line),
                None => NO_LINE.to_string(),
            },
            Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy => {
                model.crates.get(key as usize).map_or("", |c| model.names.get(c.label)).to_string()
            }
            Dim::Source => {
                let found = SOURCES.into_iter().find(|&s| s as u32 == key);
                found.map_or_else(|| none("crate"), |s| s.as_str().to_string())
            }
            Dim::Symbol if key < self.named() => model.symbol_label(SymbolId(key)),
            Dim::Module | Dim::Generic | Dim::Inlined if key < self.named() => {
                self.texts[key as usize].clone()
            }
            Dim::Symbol | Dim::Module | Dim::Generic | Dim::Inlined => anonymous(),
            Dim::Evidence => {
                let found = Evidence::ALL.into_iter().find(|&e| e as u32 == key);
                found.map_or("", |e| e.as_str()).to_string()
            }
        }
    }

    /// All texts that name the key, for filters: its label first.
    pub(crate) fn texts(&self, key: u32) -> Vec<String> {
        let mut all = vec![self.label(key)];
        if let Some(row) = self.krate(key).and_then(|c| self.model.crates.get(c.get()?)) {
            all.push(self.model.names.get(row.name).to_string());
        }
        if let Some(symbol) = self.symbol(key) {
            all.push(self.model.mangled(symbol).to_string());
        }
        all
    }
}
