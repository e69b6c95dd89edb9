//! What a program holds more than once.

use serde::Serialize;

use super::unmatched::unless_any_passes;
use super::{Head, Issue, ListSource, head, issues, several_architectures};
use crate::analysis::duplicates::{
    Distinction, Equals, Member, NearEquals, Order, Repeated, Scope, Shape, Version, equals, near_equals,
    repeated,
};
use crate::analysis::tree::Needs;
use crate::model::{CrateId, Duplicates, Model, PieceForm, SymbolId};

/// The answer to `duplicates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("duplicates")))]
pub struct DuplicatesReport {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// Functions and constants of fewer bytes are left out.
    pub min_size: u64,
    /// Which list tells what needs each version; absent if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<ListSource>,
    /// Crates in several versions.
    pub crates: List<RepeatedCrate>,
    /// Crates of one name whose versions are not known and that the compiler told apart: several versions, or the
    /// library and the program of one package.
    pub same_name: List<RepeatedCrate>,
    /// Crates in one version beside a copy that the toolchain has for itself, which nothing can unite with it.
    pub toolchain_copies: List<RepeatedCrate>,
    /// Functions that are equal. Absent for a snapshot, as are the other lists of functions and constants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions: Option<List<EqualGroup>>,
    /// Functions that would be equal if exception tables and constants were folded as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_apart: Option<List<EqualGroup>>,
    /// Constants that are equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constants: Option<List<EqualGroup>>,
    /// Functions that differ only in what some operands refer to, by generic item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similar: Option<List<SimilarGroup>>,
    /// Functions and objects that have several names: what is folded already.
    pub folded: Folded,
    /// What could not be understood or compared.
    pub diagnostics: Vec<Issue>,
}

/// Groups of one kind, and what all of them come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List<T> {
    /// How many groups there are.
    pub groups: u64,
    /// How many copies they have.
    pub copies: u64,
    /// Bytes of the file in all copies.
    pub size: u64,
    /// Bytes of the file that sharing would save.
    pub saved: Saving,
    /// The groups, in order.
    pub rows: Vec<T>,
    /// The sum of the groups that a limit left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
}

/// What sharing would save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Saving {
    /// Bytes of the file: all copies but one, with the padding behind them.
    pub all: u64,
    /// The same without functions whose address is a value; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe: Option<u64>,
    /// Unwind records of the functions left out, which are not in `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unwind: Option<u64>,
    /// Whether these are estimates.
    pub estimated: bool,
}

/// Groups that a limit left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rest {
    /// How many.
    pub rest: u64,
    /// How many copies they have.
    pub copies: u64,
    /// Bytes of the file in all copies.
    pub size: u64,
    /// What sharing would save.
    pub saved: u64,
}

/// A crate in several versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepeatedCrate {
    /// Its name.
    pub name: String,
    /// Bytes of the file in all versions.
    pub size: u64,
    /// What one copy of each item that several versions have would leave out: all but the largest copy.
    pub saved: Saving,
    /// The versions, largest first; then what may be of any of them, and last those of the toolchain.
    pub versions: Vec<CrateVersion>,
    /// Versions that the list of packages has and none of `versions` is known to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<ListedVersion>,
}

/// A version that a list of packages has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListedVersion {
    /// `name@version`.
    pub name: String,
    /// Packages that need it, as `name@version`.
    pub needed_by: Vec<String>,
}

/// One version of a crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrateVersion {
    /// `name@version`.
    pub name: String,
    /// Version, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it is known to be another than all others; else its bytes are of one of them, and not known of which.
    pub told_apart: bool,
    /// Packages that need it, as `name@version`; absent where it is not known which package it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<Vec<String>>,
    /// Where it comes from.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::source"))]
    pub source: &'static str,
    /// Bytes of the file it owns, as in `show --by crate`.
    pub file: u64,
    /// Bytes of memory it owns.
    pub memory: u64,
    /// Symbols that start in them.
    pub symbols: u64,
    /// Bytes of the file in items that another version has as well.
    pub same_items: u64,
    /// Bytes of the file in all else.
    pub other_items: u64,
}

/// Functions or constants that are equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EqualGroup {
    /// The generic item that most copies are instances of; of a constant without a name its text or size.
    pub name: String,
    /// How many other generic items there are among the copies.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_items: u64,
    /// How many copies there are.
    pub copies: u64,
    /// Bytes of all copies.
    pub size: u64,
    /// What sharing them would save.
    pub saved: Saving,
    /// The copies, in order of position.
    pub members: Vec<Twin>,
    /// How many copies a limit left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_members: u64,
}

/// Functions that differ only in what some operands refer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SimilarGroup {
    /// The generic item that most functions are instances of.
    pub name: String,
    /// How many functions there are, one of each kind of equals.
    pub copies: u64,
    /// Bytes of all of them.
    pub size: u64,
    /// What one body for each shape would save.
    pub saved: Saving,
    /// The shapes in which the item occurs, what saves most first.
    pub shapes: Vec<SimilarShape>,
    /// How many shapes a limit left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_shapes: u64,
}

/// Functions that one body could stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SimilarShape {
    /// How many other generic items there are among the functions.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_items: u64,
    /// How many functions there are.
    pub copies: u64,
    /// Operands in which they differ.
    pub operands: u64,
    /// Bytes of all of them.
    pub size: u64,
    /// What one body would save, with code in front for each that passes what differs.
    pub saved: Saving,
    /// The functions, in order of position.
    pub members: Vec<Twin>,
    /// How many functions a limit left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_members: u64,
}

/// One of several equals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Twin {
    /// Symbol, demangled; absent for a constant without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Symbol, as in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mangled: Option<String>,
    /// Label of the crate that owns it, or a bucket in brackets.
    #[serde(rename = "crate")]
    pub krate: String,
    /// Virtual address, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Offset in the file.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// Whether its address is a value somewhere; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_taken: Option<bool>,
    /// Whether the owner is a guess.
    pub estimated: bool,
}

/// Functions and objects that have several names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Folded {
    /// Places with more than one name.
    pub places: u64,
    /// Names beyond the first of each.
    pub names: u64,
    /// Bytes that copies of their own would take.
    pub size: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How to answer `duplicates`.
#[derive(Debug, Clone, Default)]
pub struct DuplicatesOptions {
    /// What to look at.
    pub scope: Scope,
    /// Order of groups.
    pub order: Order,
    /// Groups per list, and members per group; all if none.
    pub limit: Option<usize>,
}

/// What of a program is not in its file.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'l> {
    /// Who needs whom.
    pub needs: &'l Needs<'l>,
    /// Who says so.
    pub source: &'l ListSource,
}

/// Answers `duplicates`; without `found`, of crates alone. What needs a crate is known only where it is `listed`.
pub fn duplicates(
    model: &Model,
    found: Option<&Duplicates>,
    listed: Option<Listed<'_>>,
    options: &DuplicatesOptions,
) -> DuplicatesReport {
    let all = repeated(model, &options.scope, options.order);
    let needs = listed.map(|listed| listed.needs);
    let writer = Writer { model, options, needs, knows_taken: found.is_some_and(|f| f.knows_taken) };
    let told_apart = |by: Distinction| {
        let groups: Vec<Repeated> = all.iter().filter(|r| r.distinction == by).cloned().collect();
        writer.list(&groups, |r| writer.repeated(r))
    };
    let equal = |groups: fn(&Duplicates) -> &[crate::model::Identical], form: PieceForm| {
        found.map(|found| {
            let groups = equals(model, found, groups(found), form, &options.scope, options.order);
            writer.list(&groups, |g| writer.equal_group(g))
        })
    };
    let mut diagnostics = issues(model);
    diagnostics.extend(several_architectures(model).iter().map(Issue::from));
    diagnostics.extend(unless_any_passes(options.scope.filter.as_ref(), model));
    diagnostics.extend(found.iter().flat_map(|f| f.diagnostics.iter().map(Issue::from)));
    DuplicatesReport {
        head: head(model, "duplicates"),
        min_size: options.scope.min_size,
        packages: listed.map(|listed| listed.source.clone()),
        crates: told_apart(Distinction::Version),
        same_name: told_apart(Distinction::Id),
        toolchain_copies: told_apart(Distinction::Toolchain),
        functions: equal(|f| &f.identical, PieceForm::Function),
        kept_apart: equal(|f| &f.kept_apart, PieceForm::Function),
        constants: equal(|f| &f.identical, PieceForm::Constant),
        similar: found.map(|found| {
            let groups = near_equals(model, found, &options.scope, options.order);
            writer.list(&groups, |g| writer.similar(g))
        }),
        folded: folded(model),
        diagnostics,
    }
}

fn folded(model: &Model) -> Folded {
    let mut out = Folded::default();
    let mut last = SymbolId::NONE;
    for (index, row) in model.symbols.iter().enumerate() {
        let is_name = row.sort.is_symbol() && row.alias_of != SymbolId::new(index) && row.size > 0;
        if is_name {
            out.places += u64::from(row.alias_of != last);
            out.names += 1;
            // What a symbol table states of sizes need not fit into the file.
            out.size = out.size.saturating_add(row.size);
            last = row.alias_of;
        }
    }
    out
}

/// What a list needs to know of a group.
trait Priced {
    fn copies(&self) -> u64;
    fn size(&self) -> u64;
    fn saving(&self) -> Saving;
}

impl Priced for Repeated {
    fn copies(&self) -> u64 {
        self.told_apart()
    }

    fn size(&self) -> u64 {
        self.versions.iter().map(|v| v.sizes.file).sum()
    }

    fn saving(&self) -> Saving {
        estimate(self.saved)
    }
}

impl Priced for Equals {
    fn copies(&self) -> u64 {
        self.members.len() as u64
    }

    fn size(&self) -> u64 {
        size_of_all(&self.members)
    }

    fn saving(&self) -> Saving {
        let is_function = self.form == PieceForm::Function;
        Saving {
            all: self.saved.all,
            safe: self.saved.safe.filter(|_| is_function),
            unwind: is_function.then_some(self.saved.unwind),
            estimated: true,
        }
    }
}

impl Priced for Shape {
    fn copies(&self) -> u64 {
        self.members.len() as u64
    }

    fn size(&self) -> u64 {
        size_of_all(&self.members)
    }

    fn saving(&self) -> Saving {
        estimate(self.saved)
    }
}

impl Priced for NearEquals {
    fn copies(&self) -> u64 {
        self.copies
    }

    fn size(&self) -> u64 {
        self.shapes.iter().map(Priced::size).sum()
    }

    fn saving(&self) -> Saving {
        estimate(self.saved)
    }
}

fn estimate(all: u64) -> Saving {
    Saving { all, safe: None, unwind: None, estimated: true }
}

fn size_of_all(members: &[Member]) -> u64 {
    members.iter().map(|m| m.piece.len).sum()
}

/// Gives groups their names and numbers.
struct Writer<'w> {
    model: &'w Model,
    options: &'w DuplicatesOptions,
    needs: Option<&'w Needs<'w>>,
    knows_taken: bool,
}

impl Writer<'_> {
    /// How many of `count` are shown, and how many are not.
    fn shown(&self, count: usize) -> (usize, u64) {
        let shown = self.options.limit.unwrap_or(usize::MAX).min(count);
        // One row left out is as long as the row that would say so.
        let shown = if shown + 1 == count { count } else { shown };
        (shown, (count - shown) as u64)
    }

    fn list<G: Priced, T>(&self, groups: &[G], row: impl Fn(&G) -> T) -> List<T> {
        let (shown, hidden) = self.shown(groups.len());
        let sum = |groups: &[G]| {
            let saving = groups.iter().map(Priced::saving).reduce(|a, b| Saving {
                all: a.all + b.all,
                safe: a.safe.zip(b.safe).map(|(a, b)| a + b),
                unwind: a.unwind.zip(b.unwind).map(|(a, b)| a + b),
                estimated: a.estimated || b.estimated,
            });
            let copies: u64 = groups.iter().map(Priced::copies).sum();
            (copies, groups.iter().map(Priced::size).sum::<u64>(), saving.unwrap_or_default())
        };
        let (copies, size, saved) = sum(groups);
        let (head, tail) = groups.split_at(shown);
        let rest = (hidden > 0).then(|| {
            let (copies, size, saved) = sum(tail);
            Rest { rest: hidden, copies, size, saved: saved.all }
        });
        List { groups: groups.len() as u64, copies, size, saved, rows: head.iter().map(row).collect(), rest }
    }

    fn repeated(&self, repeated: &Repeated) -> RepeatedCrate {
        let crates: Vec<CrateId> = repeated.versions.iter().map(|v| v.krate).collect();
        let packages = self.needs.map(|needs| needs.packages(self.model, &crates)).unwrap_or_default();
        let package = |index: usize| packages.get(index).copied().flatten();
        let versions = repeated.versions.iter().enumerate();
        RepeatedCrate {
            name: repeated.name.clone(),
            size: repeated.size(),
            saved: repeated.saving(),
            versions: versions.filter_map(|(i, v)| self.version(v, package(i))).collect(),
            listed: self.listed(&repeated.name, &packages),
        }
    }

    /// What needs a package, as `name@version`.
    fn needed_by(&self, package: u32) -> Option<Vec<String>> {
        let needs = self.needs?;
        Some(needs.by(package).into_iter().map(|p| needs.label(p)).collect())
    }

    /// The packages of a name that are not among `known`.
    fn listed(&self, name: &str, known: &[Option<u32>]) -> Vec<ListedVersion> {
        let Some(needs) = self.needs else { return Vec::new() };
        let listed = needs.of_name(name).into_iter().filter(|package| !known.contains(&Some(*package)));
        listed
            .filter_map(|p| Some(ListedVersion { name: needs.label(p), needed_by: self.needed_by(p)? }))
            .collect()
    }

    fn version(&self, version: &Version, package: Option<u32>) -> Option<CrateVersion> {
        let row = version.krate.get().and_then(|i| self.model.crates.get(i))?;
        let stated = self.model.names.get(row.version);
        Some(CrateVersion {
            name: self.label(version.krate),
            version: (!stated.is_empty()).then(|| stated.to_string()),
            told_apart: version.is_told_apart,
            needed_by: package.and_then(|package| self.needed_by(package)),
            source: row.source?.as_str(),
            file: version.sizes.file,
            memory: version.sizes.memory,
            symbols: version.symbols,
            same_items: version.shared,
            other_items: version.own(),
        })
    }

    fn equal_group(&self, group: &Equals) -> EqualGroup {
        let (members, more_members) = self.members(&group.members, group.form);
        EqualGroup {
            name: group.name.clone(),
            other_items: group.others,
            copies: group.copies(),
            size: group.size(),
            saved: group.saving(),
            members,
            more_members,
        }
    }

    fn similar(&self, group: &NearEquals) -> SimilarGroup {
        let (shown, more_shapes) = self.shown(group.shapes.len());
        SimilarGroup {
            name: group.name.clone(),
            copies: group.copies(),
            size: group.size(),
            saved: group.saving(),
            shapes: group.shapes.iter().take(shown).map(|s| self.shape(s)).collect(),
            more_shapes,
        }
    }

    fn shape(&self, shape: &Shape) -> SimilarShape {
        let (members, more_members) = self.members(&shape.members, PieceForm::Function);
        SimilarShape {
            other_items: shape.others,
            copies: shape.copies(),
            operands: shape.operands,
            size: shape.size(),
            saved: shape.saving(),
            members,
            more_members,
        }
    }

    fn members(&self, members: &[Member], form: PieceForm) -> (Vec<Twin>, u64) {
        let (shown, more) = self.shown(members.len());
        let copy = |m: &Member| {
            let (model, symbol) = (self.model, m.piece.symbol);
            let mangled = model.mangled(symbol);
            Twin {
                symbol: (symbol != SymbolId::NONE).then(|| model.symbol_label(symbol)),
                mangled: (!mangled.is_empty()).then(|| mangled.to_string()),
                krate: self.label(m.krate),
                address: model.leaves.address(m.piece.start),
                offset: m.piece.start,
                size: m.piece.len,
                address_taken: (self.knows_taken && form == PieceForm::Function)
                    .then_some(m.piece.address_taken),
                estimated: m.estimated,
            }
        };
        (members.iter().take(shown).map(copy).collect(), more)
    }

    fn label(&self, krate: CrateId) -> String {
        let row = krate.get().and_then(|i| self.model.crates.get(i));
        row.map_or_else(String::new, |row| self.model.names.get(row.label).to_string())
    }
}
