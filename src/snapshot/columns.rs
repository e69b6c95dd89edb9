//! The columns of both tables, as data: name, type, and where the value comes from.

use std::borrow::Cow;
use std::collections::HashMap;

use super::facts;
use super::rows::Row;
use crate::intern::NameId;
use crate::model::{Contents, CrateId, CrateRow, Model, Owner, SymbolId, SymbolRow, SymbolSort};
use crate::names;
use crate::order::Arrange;

/// What rows are rows of.
pub(super) struct Table<'m> {
    pub model: &'m Model,
    pub contents: Option<&'m Contents>,
    /// Names of symbols for people, each made once.
    labels: HashMap<SymbolId, String>,
}

/// Where the values of a column come from; `None` is null.
#[derive(Clone, Copy)]
pub(super) enum Values {
    /// Text of few different values.
    Word(for<'t> fn(&'t Table<'_>, &Row) -> Option<Cow<'t, str>>),
    /// Text of many values, each like the one before it.
    Name(for<'t> fn(&'t Table<'_>, &Row) -> Option<Cow<'t, str>>),
    /// Number of 64 bits, of few different ones.
    Number(fn(&Table<'_>, &Row) -> Option<i64>),
    /// The same, where differences of neighbours take fewer bits.
    Packed(fn(&Table<'_>, &Row) -> Option<i64>),
    /// The same, of many values; packed if they rise, as addresses do in order of position.
    Scattered(fn(&Table<'_>, &Row) -> Option<i64>),
    /// Yes or no.
    Flag(fn(&Table<'_>, &Row) -> bool),
}

/// A column.
pub(super) struct Column {
    pub name: &'static str,
    pub values: Values,
}

const fn column(name: &'static str, values: Values) -> Column {
    Column { name, values }
}

use Values::{Flag, Name, Number, Packed, Scattered, Word};

/// Columns of a snapshot.
pub(super) const SNAPSHOT: [Column; 33] = [
    column("program", Word(|t, _| known(facts::file_name(&t.model.facts.path)))),
    column("target", Word(|t, _| t.model.facts.build.target.as_deref().and_then(known))),
    column("profile", Word(|t, _| t.model.facts.build.profile.as_deref().and_then(known))),
    column("commit", Word(|t, _| t.model.facts.build.commit.as_deref().and_then(known))),
    column("size", Number(|_, r| signed(r.size))),
    column("in_file", Flag(|_, r| r.owned.in_file)),
    column("in_memory", Flag(|_, r| r.owned.in_memory)),
    column("symbols", Number(|_, r| signed(r.symbols))),
    column("kind", Word(|_, r| known(r.owned.kind.as_str()))),
    column("member", Word(|t, r| t.member(r))),
    column("segment", Word(|t, r| t.segment(r))),
    column("segment_number", Number(|_, r| r.owned.segment.get().map(|i| i as i64))),
    column("section", Word(|t, r| t.text(r.owned.section))),
    column("symbol", Name(|t, r| t.symbol(r))),
    column("stable", Name(|t, r| t.stable(r))),
    column("symbol_number", Scattered(|_, r| r.symbol_number.map(i64::from))),
    column("symbol_type", Word(|t, r| t.told(r).and_then(|s| known(type_word(s.sort))))),
    column("mangled", Name(|t, r| t.told(r).and(known(t.model.mangled(r.owned.symbol))))),
    column("mangled_prefix", Number(|t, r| t.told(r).map(|s| i64::from(s.prefix)).filter(|&n| n > 0))),
    column("address", Scattered(|t, r| t.told(r)?.address.map(u64::cast_signed))),
    column("symbol_size", Number(|t, r| t.told(r).filter(|s| s.size != r.size).and_then(|s| signed(s.size)))),
    column("content", Scattered(|t, r| t.content(r))),
    column("crate", Word(|t, r| t.text(t.krate(t.owner(r).krate)?.shown))),
    column("version", Word(|t, r| t.text(t.krate(t.owner(r).krate)?.version))),
    column("source", Word(|t, r| t.krate(t.owner(r).krate)?.source.and_then(|s| known(s.as_str())))),
    column("crate_label", Word(|t, r| t.text(t.krate(t.owner(r).krate)?.label))),
    column("defined_in", Word(|t, r| t.text(t.krate(t.owner(r).defined_in)?.label))),
    column("instantiated_by", Word(|t, r| t.text(t.krate(t.owner(r).instantiated_by)?.label))),
    column("evidence", Word(|t, r| known(t.owner(r).evidence.as_str()))),
    column("defined_evidence", Word(|t, r| known(t.owner(r).defined_evidence.as_str()))),
    column("instantiated_evidence", Word(|t, r| known(t.owner(r).instantiated_evidence.as_str()))),
    column("unit", Word(|t, r| t.text(r.owned.unit))),
    column("estimated", Flag(|_, r| r.owned.estimated)),
];

/// Columns of a ledger: those of its other formats.
pub(super) const LEDGER: [Column; 17] = [
    column("offset", Packed(|_, r| if r.owned.in_file { signed(r.start) } else { None })),
    column("size", Number(|_, r| signed(r.size))),
    column("address", Packed(|t, r| t.model.leaves.address(r.start).map(u64::cast_signed))),
    column("memory_size", Number(|_, r| if r.owned.in_memory { signed(r.size) } else { Some(0) })),
    column("kind", Word(|_, r| known(r.owned.kind.as_str()))),
    column("segment", Word(|t, r| t.segment(r))),
    column("section", Word(|t, r| t.text(r.owned.section))),
    column("symbol", Name(|t, r| t.symbol(r))),
    column("mangled", Name(|t, r| known(t.model.mangled(r.owned.symbol)))),
    column("crate", Word(|t, r| t.text(t.krate(t.owner(r).krate)?.shown))),
    column("version", Word(|t, r| t.text(t.krate(t.owner(r).krate)?.version))),
    column("source", Word(|t, r| t.krate(t.owner(r).krate)?.source.and_then(|s| known(s.as_str())))),
    column("defined_in", Word(|t, r| t.text(t.krate(t.owner(r).defined_in)?.label))),
    column("instantiated_by", Word(|t, r| t.text(t.krate(t.owner(r).instantiated_by)?.label))),
    column("unit", Word(|t, r| t.text(r.owned.unit))),
    column("evidence", Word(|t, r| known(t.owner(r).evidence.as_str()))),
    column("estimated", Flag(|_, r| r.owned.estimated)),
];

/// Sizes are far below the limit of signed numbers, which all that read Parquet know.
fn signed(size: u64) -> Option<i64> {
    i64::try_from(size).ok()
}

fn known(text: &str) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

/// Types of symbols with the words for them.
const TYPES: [(SymbolSort, &str); 7] = [
    (SymbolSort::Function, "function"),
    (SymbolSort::Object, "object"),
    (SymbolSort::Tls, "tls"),
    (SymbolSort::Label, "label"),
    (SymbolSort::Import, "import"),
    (SymbolSort::Unnamed, "unnamed"),
    (SymbolSort::Structure, "structure"),
];

fn type_word(sort: SymbolSort) -> &'static str {
    TYPES.into_iter().find(|&(known, _)| known == sort).map_or("", |(_, word)| word)
}

/// The type that a word means.
pub(super) fn symbol_type(word: &str) -> Option<SymbolSort> {
    TYPES.into_iter().find(|&(_, known)| known == word).map(|(sort, _)| sort)
}

impl<'m> Table<'m> {
    /// Rows of `model`; their symbols get their names here.
    pub fn new(model: &'m Model, contents: Option<&'m Contents>, rows: &[Row]) -> Table<'m> {
        let mut labels = HashMap::new();
        for row in rows.iter().filter(|row| row.tells_symbol) {
            labels.insert(row.owned.symbol, model.symbol_label(row.owned.symbol));
        }
        Table { model, contents, labels }
    }

    /// Brings rows in order of name within each member: names of one module share most of their letters.
    /// Reading them puts them back in order of position, by the numbers of their symbols.
    pub fn by_name(&self, rows: &mut [Row]) {
        let label = |row: &Row| self.labels.get(&row.owned.symbol);
        for of_member in rows.chunk_by_mut(|a, b| a.owned.member == b.owned.member) {
            // Stable. What is of no symbol stays behind.
            of_member.arrange_by(|a, b| {
                let (of_none, of_other) =
                    (a.owned.symbol == SymbolId::NONE, b.owned.symbol == SymbolId::NONE);
                let by_name = || label(a).cmp(&label(b)).then(a.owned.symbol.cmp(&b.owned.symbol));
                of_none.cmp(&of_other).then_with(by_name)
            });
        }
    }

    fn text(&self, id: NameId) -> Option<Cow<'_, str>> {
        known(self.model.names.get(id))
    }

    fn owner(&self, row: &Row) -> &Owner {
        self.model.owner(row.owned.owner)
    }

    fn krate(&self, id: CrateId) -> Option<&CrateRow> {
        self.model.crates.get(id.get()?)
    }

    fn member(&self, row: &Row) -> Option<Cow<'_, str>> {
        self.text(row.owned.member)
    }

    fn segment(&self, row: &Row) -> Option<Cow<'_, str>> {
        self.text(self.model.segments.get(row.owned.segment.get()?)?.name)
    }

    fn symbol(&self, row: &Row) -> Option<Cow<'_, str>> {
        self.labels.get(&row.owned.symbol).and_then(|label| known(label))
    }

    /// What stays of a name from build to build, where that is not the name itself.
    fn stable(&self, row: &Row) -> Option<Cow<'_, str>> {
        let symbol = self.model.symbols.get(row.owned.symbol.get()?)?;
        let label = self.labels.get(&row.owned.symbol)?;
        let stable: Cow<'_, str> = match symbol.sort {
            SymbolSort::Structure => return None,
            SymbolSort::Unnamed => Cow::Borrowed("[function]"),
            _ => names::stable(symbol.plain_name(&self.model.names)).map_or("[constant]".into(), Cow::Owned),
        };
        (stable != *label).then_some(stable)
    }

    /// The symbol of a row that is to tell of it.
    fn told(&self, row: &Row) -> Option<&SymbolRow> {
        if row.tells_symbol { self.model.symbols.get(row.owned.symbol.get()?) } else { None }
    }

    fn content(&self, row: &Row) -> Option<i64> {
        self.told(row)?;
        let hash = *self.contents?.by_symbol.get(row.owned.symbol.get()?)?;
        (hash != 0).then_some(hash.cast_signed())
    }
}
