//! What data is, by its form: text, virtual tables, jump tables, places that panics name.
//!
//! Sections say "constants" and "data" and no more. What is in them shows in the bytes,
//! in the words that loaders patch, and in the instructions that refer to them. A form
//! is recognised only where two of these agree; the rest stays what its section says.
//!
//! Knows nothing of crates and changes no owner. Whether a program is Rust matters in one
//! place: only then are tables without a name taken for those of trait objects.

mod facts;
mod jumps;
mod panics;
mod strings;
mod vtables;

pub(super) use facts::{Facts, Given, number};
pub(super) use panics::{Location, read as locations};

use super::symbols::Symbols;
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::SymbolId;
use crate::names::{Constant, constant};
use crate::parallel;
use crate::partition::{Claim, Partition};

/// A form of data, and how it was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// None that is known: the bytes are what their section says.
    Plain,
    /// A table of virtual functions, by its name.
    NamedVtable,
    /// Text, by its name.
    NamedText,
    /// A table of a `switch`, by its name.
    NamedTable,
    /// A record of a place in source.
    Location,
    /// The path that such records name, and nothing else does.
    LocationPath,
    /// A table of a trait object.
    Vtable,
    /// Offsets from a table to places in the function that uses it.
    OffsetTable,
    /// Addresses of places in one function.
    AddressTable,
    /// Text that a pointer and a length enclose.
    Slice,
    /// Text that ends with a zero.
    Terminated,
    /// Text that fills the room from one referred-to place to the next.
    Whole,
    /// A template of `core::fmt::Arguments`.
    Template,
}

impl Form {
    /// The kind of its bytes; `None` if their section says it.
    pub fn kind(self) -> Option<Kind> {
        Some(match self {
            Form::Plain => return None,
            Form::NamedVtable | Form::Vtable => Kind::Vtables,
            Form::Location | Form::LocationPath => Kind::PanicLocations,
            Form::NamedTable | Form::OffsetTable | Form::AddressTable => Kind::JumpTables,
            Form::NamedText | Form::Slice | Form::Terminated | Form::Whole | Form::Template => Kind::Strings,
        })
    }

    /// What it was recognised by, in words.
    pub fn basis(self) -> &'static str {
        match self {
            Form::Plain => "nothing is recognised in it",
            Form::NamedVtable => "its symbol is named as a virtual table",
            Form::NamedText => "its symbol is named as a text constant",
            Form::NamedTable => "its symbol is named as the table of a switch",
            Form::Location => "a pointer to a path, its length, a line and a column",
            Form::LocationPath => "a path of source that only panic locations point at",
            Form::Vtable => "drop glue, a size, an alignment and pointers to functions, as in a trait object",
            Form::OffsetTable => "each entry leads from here into the function that refers to it",
            Form::AddressTable => "each entry is the address of a place inside one function",
            Form::Slice => "text that a pointer and a length enclose",
            Form::Terminated => "text that is referred to and ends with a zero",
            Form::Whole => "text from a place that is referred to up to the next",
            Form::Template => "a template of format_args!: pieces of text, each with its length",
        }
    }

    /// How good it is. Lower wins where two claim the same bytes.
    fn rank(self) -> u8 {
        match self {
            Form::NamedVtable | Form::NamedText | Form::NamedTable => 0,
            Form::Location | Form::LocationPath => 1,
            Form::Vtable | Form::OffsetTable | Form::AddressTable => 2,
            Form::Template => 3,
            Form::Slice | Form::Terminated | Form::Whole | Form::Plain => 4,
        }
    }
}

/// All forms found, as a partition of the line.
pub(super) struct Forms {
    pub by_form: Partition<Form>,
    /// What it was resolved from.
    pub claims: Vec<Claim<Form>>,
}

impl Forms {
    /// Nothing recognised, on a line of `len` bytes.
    pub fn none(len: u64) -> Forms {
        Forms { by_form: Partition::resolve(len, &mut [], Form::Plain), claims: Vec::new() }
    }
}

/// Recognises all that is recognised.
///
/// *Cost*: O(n log n) in pointers and references, linear in the size of the data.
pub(super) fn build(facts: &Facts<'_, '_>, locations: &[Location<'_>], named: Named<'_>) -> Forms {
    let finders: [&(dyn Fn() -> Vec<Claim<Form>> + Sync); 5] = [
        &|| by_name(facts, &named),
        &|| panics::claims(facts, locations),
        &|| if named.has_rust { vtables::claims(facts) } else { Vec::new() },
        &|| jumps::claims(facts),
        &|| strings::claims(facts),
    ];
    let claims = parallel::map(&finders, 1, |find| find());
    let mut claims: Vec<Claim<Form>> = claims.into_iter().flatten().collect();
    let by_form = Partition::resolve(facts.image.line.len(), &mut claims, Form::Plain);
    Forms { by_form, claims }
}

/// Names of symbols, and what they are of.
#[derive(Clone, Copy)]
pub(super) struct Named<'n> {
    pub symbols: &'n Symbols,
    pub names: &'n Names,
    pub has_rust: bool,
}

fn claim(start: u64, end: u64, form: Form) -> Claim<Form> {
    Claim { start, end, rank: form.rank(), label: form }
}

/// Data whose symbol says what it is.
fn by_name(facts: &Facts<'_, '_>, named: &Named<'_>) -> Vec<Claim<Form>> {
    let form = |symbol: SymbolId| {
        let row = named.symbols.rows.get(symbol.get()?).filter(|r| r.sort.is_symbol())?;
        of_name(row.plain_name(named.names))
    };
    facts.symbols().filter_map(|(span, symbol)| Some(claim(span.start, span.end, form(symbol)?))).collect()
}

/// What a name says of the data it stands for.
fn of_name(name: &str) -> Option<Form> {
    if name.strip_prefix("_ZT").is_some_and(|rest| rest.starts_with(['V', 'C', 'T']))
        || name.starts_with("??_7")
    {
        return Some(Form::NamedVtable);
    }
    if name.starts_with("??_C@_") {
        return Some(Form::NamedText);
    }
    match constant(name)? {
        Constant::VTable => Some(Form::NamedVtable),
        Constant::Text => Some(Form::NamedText),
        Constant::SwitchTable { .. } | Constant::JumpTable => Some(Form::NamedTable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_compilers_tell_forms() {
        for (name, form) in [
            ("_ZTVN10__cxxabiv117__class_type_infoE", Some(Form::NamedVtable)),
            ("_ZTC9ostringstream0_So", Some(Form::NamedVtable)),
            ("??_7Shape@@6B@", Some(Form::NamedVtable)),
            ("vtable.7", Some(Form::NamedVtable)),
            ("??_C@_05CJBACGMB@hello?$AA@", Some(Form::NamedText)),
            (".L.str.3", Some(Form::NamedText)),
            ("switch.table.main", Some(Form::NamedTable)),
            // Type information, a name of one, a function and a static.
            ("_ZTI5Shape", None),
            ("_ZTS5Shape", None),
            ("_ZN5Shape4areaEv", None),
            ("vtable", None),
        ] {
            assert_eq!(of_name(name), form, "{name}");
        }
    }
}
