//! Which crate owns a run of bytes, and on what evidence.
//!
//! Three notions are kept apart. *Defined in*: the crate whose source has the
//! item. *Instantiated by*: the crate whose codegen unit has the code. *Owner*:
//! the definer, unless that is the toolchain; then the instantiator, because a
//! program can do nothing about `Vec` but can about its own use of it.

mod book;
mod compiled;
mod linked;
mod mentions;
mod path;
mod rules;
mod voices;

use std::borrow::Cow;
use std::collections::BTreeSet;

use self::book::{Book, Draft};
use self::mentions::Mentions;
use super::forms::Location;
use super::symbols::Symbols;
use super::units::Units;
use crate::format::{DEAD_UNWIND_DATA, Format, Image};
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::{CrateId, CrateRow, Evidence, Owner, Source, SymbolId, SymbolSort, UnitId};
use crate::names;
use crate::project::{Package, Packages};

/// What is known of crates per symbol and per unit.
pub(super) struct Crates {
    pub rows: Vec<CrateRow>,
    pub has_rust: bool,
    /// Whether any name is of the new mangling.
    pub has_new_names: bool,
    /// Whether any object file of Rust is known: after fat LTO those of C may be all that are.
    pub has_rust_files: bool,
    /// Places in source that panics name: position of the record, crate; sorted.
    pub locations: Vec<(u64, CrateId)>,
    of_unit: Vec<Option<OfUnit>>,
    of_symbol: Vec<OfSymbol>,
    buckets: Buckets,
    toolchain: Vec<bool>,
}

/// The crate of a unit or file.
#[derive(Debug, Clone, Copy)]
struct OfUnit {
    krate: CrateId,
    evidence: Evidence,
    /// It holds other crates as well, and is evidence only for what has no name of Rust.
    is_merged: bool,
}

/// What a symbol says of itself.
#[derive(Debug, Clone, Copy)]
struct OfSymbol {
    defined_in: CrateId,
    suffix: CrateId,
    scheme: names::Scheme,
    /// As it is spelt, whether it says anything or not.
    mangling: names::Scheme,
    /// The bucket that has it whatever else is known.
    bucket: CrateId,
    is_runtime: bool,
    is_local: bool,
    /// No object file of the program is known, so nothing but names tells who instantiated it.
    has_only_name: bool,
    /// Its name is one that compilers give to what they make themselves.
    is_generated: bool,
    /// Its name is not one of Rust, so it may be of another language.
    may_be_foreign: bool,
    is_defined_by_toolchain: bool,
}

const NO_SYMBOL: OfSymbol = OfSymbol {
    defined_in: CrateId::NONE,
    suffix: CrateId::NONE,
    scheme: names::Scheme::Plain,
    mangling: names::Scheme::Plain,
    bucket: CrateId::NONE,
    is_runtime: false,
    is_local: false,
    has_only_name: false,
    is_generated: false,
    may_be_foreign: false,
    is_defined_by_toolchain: false,
};

/// Crates that stand for bytes no crate owns.
#[derive(Debug, Clone, Copy)]
struct Buckets {
    by_kind: [CrateId; Kind::ALL.len()],
    runtime: CrateId,
    /// C, C++ and assembly of no package.
    foreign: CrateId,
}

/// What is told of crates besides units, files and names.
pub(super) struct Told<'t> {
    /// Packages that may be in the file.
    pub packages: &'t Packages,
    /// Places in source that panics name; empty if there is better evidence.
    pub locations: &'t [Location<'t>],
}

/// One bucket that has all bytes, where nobody asks whose they are.
pub(super) fn unasked(text: &mut Names) -> Crates {
    let mut book = Book::default();
    let any = book.bucket("any crate", None);
    let (rows, ids) = book.finish(text);
    let any = ids[any.index()];
    Crates {
        rows,
        has_rust: false,
        has_new_names: false,
        has_rust_files: false,
        locations: Vec::new(),
        of_unit: Vec::new(),
        of_symbol: Vec::new(),
        buckets: Buckets { by_kind: [any; Kind::ALL.len()], runtime: any, foreign: any },
        toolchain: Vec::new(),
    }
}

/// Reads all evidence on crates that units, files and names give.
pub(super) fn build(
    image: &Image<'_>,
    symbols: &Symbols,
    units: &Units,
    told: &Told<'_>,
    text: &mut Names,
) -> Crates {
    let mut book = Book::default();
    let paths = linked::written_paths(image, symbols, units);
    let mentions = Mentions::read(symbols, &paths, text);
    let compiled = compiled::read(image, symbols, units, (&mentions, text), told.packages, &mut book);
    let drafts = compiled.by_unit;
    let in_units: Vec<Draft> = drafts.iter().flatten().map(|(draft, _)| *draft).collect();
    mentions.suppose_toolchain(&in_units, &mut book);
    let all = mentions.crates.iter();
    let mentioned: Vec<Draft> =
        all.map(|m| if m.id.is_some() { book.exact(m) } else { book.bare(&m.name) }).collect();
    for draft in drafts.iter().flatten().map(|(draft, _)| draft).chain(&mentioned) {
        book.suppose_toolchain(*draft);
    }
    let has_names = mentions.has(names::Scheme::RustLegacy) || mentions.has(names::Scheme::RustV0);
    let of_places = if has_names { Vec::new() } else { places(told.locations, &mut book) };
    book.complete(told.packages);
    book.join_slices(&slices(image, symbols, &mentions, &mentioned));
    book.join(told.packages);

    let kinds = Kind::ALL.map(|kind| book.bucket(bucket_name(kind), None));
    let imports = book.bucket("imports", None);
    let dead = book.bucket(DEAD_UNWIND_DATA, None);
    let runtime = book.bucket("C runtime", Some(Source::C));
    let foreign = book.bucket("C/C++", Some(Source::C));
    let (rows, ids) = book.finish(text);
    let id = |draft: Draft| ids[draft.index()];
    let toolchain: Vec<bool> = rows.iter().map(|r| r.source == Some(Source::Std)).collect();
    let of_unit = |(index, draft): (usize, &Option<(Draft, Evidence)>)| {
        let (draft, evidence) = (*draft)?;
        let is_merged = compiled.is_merged.get(index) == Some(&true);
        Some(OfUnit { krate: id(draft), evidence, is_merged })
    };
    let of_unit: Vec<Option<OfUnit>> = drafts.iter().enumerate().map(of_unit).collect();
    let single = drafts.iter().zip(&compiled.is_merged).filter(|(_, is_merged)| !**is_merged);
    let has_files = single.filter_map(|(draft, _)| *draft).any(|(_, e)| e == Evidence::SymbolFile);
    let has_units = drafts.iter().flatten().any(|(_, e)| *e == Evidence::Unit);
    let of_symbol = (0..symbols.rows.len())
        .map(|row| {
            let (Some(&said), Some(facts)) = (mentions.said.get(row), symbols.rows.get(row)) else {
                return NO_SYMBOL;
            };
            let crate_of = |m: Option<u32>| m.map_or(CrateId::NONE, |m| id(mentioned[m as usize]));
            let fact = image.symbols.get(symbols.fact_of[row] as usize);
            let defined_in = crate_of(said.defined_in);
            OfSymbol {
                is_defined_by_toolchain: defined_in.get().and_then(|i| toolchain.get(i)) == Some(&true),
                defined_in,
                suffix: crate_of(said.suffix),
                scheme: said.scheme,
                mangling: said.mangling,
                bucket: match facts.sort {
                    SymbolSort::Import => id(imports),
                    SymbolSort::Structure if text.get(facts.name) == DEAD_UNWIND_DATA => id(dead),
                    _ => CrateId::NONE,
                },
                is_generated: facts.sort != SymbolSort::Function
                    && names::constant(facts.plain_name(text)).is_some(),
                may_be_foreign: facts.sort.is_symbol()
                    && said.scheme != names::Scheme::RustLegacy
                    && may_be_foreign(said.mangling, facts.plain_name(text)),
                has_only_name: !has_files,
                is_runtime: fact.is_some_and(|f| rules::is_runtime(f.plain_name())),
                is_local: fact.is_some_and(|f| {
                    // A linker makes hidden symbols local and lists them behind all files.
                    let unnamed = |file: u32| image.files.get(file as usize).is_none_or(|n| n.is_empty());
                    let hidden = has_files && f.file.is_none_or(unnamed);
                    // A path states all arguments, those of its type too: without any there are no copies.
                    let single = paths.get(row) == Some(&true) && !f.name.contains(&b'<');
                    f.binding == crate::format::Binding::Local && !hidden && !single
                }),
            }
        })
        .collect();
    Crates {
        has_rust: compiled.has_rust || has_names || !of_places.is_empty(),
        has_rust_files: has_files || has_units,
        locations: of_places.into_iter().map(|(pos, draft)| (pos, id(draft))).collect(),
        has_new_names: mentions.has(names::Scheme::RustV0),
        rows,
        of_unit,
        of_symbol,
        buckets: Buckets { by_kind: kinds.map(id), runtime: id(runtime), foreign: id(foreign) },
        toolchain,
    }
}

/// Which crates the names of symbols mention in which slices of a universal file.
fn slices(
    image: &Image<'_>,
    symbols: &Symbols,
    mentions: &Mentions,
    mentioned: &[Draft],
) -> BTreeSet<(Draft, usize)> {
    let is_universal = image.header.format == Format::MachO && image.members.len() > 1;
    let said = if is_universal { mentions.said.as_slice() } else { &[] };
    // A slice can be an archive, whose members are named behind its own name.
    let name = |member: usize| image.members[member].name.split('/').next();
    let mut slice_of: Vec<usize> = (0..image.members.len()).collect();
    for member in 1..slice_of.len() {
        if name(member) == name(member - 1) {
            slice_of[member] = slice_of[member - 1];
        }
    }
    let in_slice = |(said, &pos): (&mentions::Said, &u64)| {
        let crates = [said.defined_in, said.suffix].into_iter().flatten();
        let slice = image.member_at(pos).map(|member| slice_of[member]);
        crates.filter_map(move |m| Some((*mentioned.get(m as usize)?, slice?))).collect::<Vec<_>>()
    };
    said.iter().zip(&symbols.pos_of).flat_map(in_slice).collect()
}

/// Most packages that are taken from source files; programs have some hundreds.
const MOST_PACKAGES: usize = 4096;

/// The packages of the program that source files lie in, as far as their paths have versions.
///
/// Those that the toolchain was built from are left out: a bare name never means one.
pub(super) fn packages_of_sources(sources: &[Cow<'_, str>]) -> Packages {
    let mut known: BTreeSet<(&str, &str, Source)> = BTreeSet::new();
    for package in sources.iter().filter_map(|file| path::package(file, None)) {
        if let (Some(name), Some(version), true) =
            (package.name, package.version, package.source != Source::Std)
        {
            known.insert((name, version, package.source));
        }
    }
    let package = |(name, version, source): (&str, &str, Source)| Package {
        name: name.to_string(),
        version: version.to_string(),
        source,
        crates: Vec::new(),
        root: None,
    };
    Packages { list: known.into_iter().take(MOST_PACKAGES).map(package).collect() }
}

/// The crates of places in source, as far as their paths name one.
fn places(locations: &[Location<'_>], book: &mut Book) -> Vec<(u64, Draft)> {
    let of_path = |path: &str, book: &mut Book| {
        let package = path::package_of_source(path)?;
        if package.source == Source::Std && package.version.is_none() {
            let draft = book.bare(package.name?);
            book.suppose(draft, Source::Std);
            return Some(draft);
        }
        book.of_package(&package)
    };
    locations.iter().filter_map(|l| of_path(l.path, book).map(|draft| (l.pos, draft))).collect()
}

/// Name of the bucket for bytes of a kind that no crate owns.
fn bucket_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Code
        | Kind::Rodata
        | Kind::Strings
        | Kind::JumpTables
        | Kind::Data
        | Kind::Vtables
        | Kind::PanicLocations
        | Kind::Bss => "unknown",
        Kind::Unwind => "unwind tables",
        Kind::Relocations => "relocations",
        Kind::Symbols => "symbol tables",
        Kind::Dynamic => "dynamic linking",
        Kind::Debug => "debug info",
        Kind::Headers => "headers",
        Kind::Padding => "padding",
        Kind::Metadata => "metadata",
        Kind::Unmapped => "unmapped",
    }
}

impl Crates {
    /// The attribution of bytes of `kind` that no crate owns.
    pub fn nobody(&self, kind: Kind) -> Owner {
        let evidence = if kind.is_content() { Evidence::None } else { Evidence::Format };
        bucket(self.buckets.by_kind[kind as usize], evidence)
    }

    /// The attribution of bytes of `kind` that belong to `symbol` and `unit`, if these say anything.
    pub fn owner(&self, symbol: SymbolId, unit: UnitId, kind: Kind) -> Option<Owner> {
        if kind == Kind::Padding {
            return Some(self.nobody(kind));
        }
        // An entry of a symbol table without a symbol is that of the file itself.
        let names_file = symbol == SymbolId::NONE && kind == Kind::Symbols;
        let nameless = OfSymbol { is_generated: names_file, ..NO_SYMBOL };
        let facts = symbol.get().and_then(|i| self.of_symbol.get(i)).copied().unwrap_or(nameless);
        let unit = unit.get().and_then(|i| self.of_unit.get(i)).copied().flatten();
        let unit =
            unit.filter(|u| !u.is_merged || kind == Kind::Code && facts.scheme == names::Scheme::Plain);
        if facts.bucket != CrateId::NONE {
            return Some(bucket(facts.bucket, Evidence::Format));
        }
        let (instantiated_by, instantiated_evidence) = rules::instantiated_by(&facts, unit);
        let defined = rules::defined_in(&facts, (instantiated_by, instantiated_evidence));
        if defined.0 == CrateId::NONE {
            return facts.is_runtime.then(|| bucket(self.buckets.runtime, Evidence::Format));
        }
        Some(self.compose(facts.scheme, defined, (instantiated_by, instantiated_evidence)))
    }

    /// The attribution that follows from the definer and the instantiator of something
    /// whose name is of `scheme`.
    fn compose(
        &self,
        scheme: names::Scheme,
        mut defined: (CrateId, Evidence),
        instantiated: (CrateId, Evidence),
    ) -> Owner {
        // A legacy name has no version; where it is compiled tells which one is meant.
        if scheme == names::Scheme::RustLegacy && self.same_name(defined.0, instantiated.0) {
            defined.0 = instantiated.0;
        }
        let is_toolchain = defined.0.get().and_then(|i| self.toolchain.get(i)) == Some(&true);
        let by_instantiator = is_toolchain && instantiated.0 != CrateId::NONE;
        // A copy of the toolchain's code that nobody is known to have made.
        let is_orphan = is_toolchain && !by_instantiator && scheme == names::Scheme::RustLegacy;
        let (krate, evidence) = match (by_instantiator, is_orphan) {
            (true, _) => instantiated,
            (_, true) => (defined.0, Evidence::NoObjectFile),
            _ => defined,
        };
        Owner {
            krate,
            evidence,
            defined_in: defined.0,
            instantiated_by: instantiated.0,
            defined_evidence: defined.1,
            instantiated_evidence: instantiated.1,
        }
    }

    /// The attribution of a symbol whose place tells that `krate` instantiated it.
    pub fn placed(&self, symbol: SymbolId, known: &Owner, krate: CrateId, evidence: Evidence) -> Owner {
        let scheme =
            symbol.get().and_then(|i| self.of_symbol.get(i)).map_or(names::Scheme::Plain, |s| s.scheme);
        let defined = (known.defined_in, known.defined_evidence);
        self.compose(scheme, defined, (krate, evidence))
    }

    /// The crate of a file that the symbol table names.
    pub fn of_file(&self, unit: UnitId) -> Option<CrateId> {
        unit.get().and_then(|i| self.of_unit.get(i)).copied().flatten().map(|u| u.krate)
    }

    /// Who has something without a crate in its name that lies in object files of `krate`.
    ///
    /// The toolchain's own crates have no C in them but for `compiler_builtins`, so
    /// a C function among them is of a C library that was linked with them.
    pub fn host(&self, krate: CrateId, symbol: SymbolId, text: &Names) -> CrateId {
        let row = krate.get().and_then(|i| self.rows.get(i));
        let is_toolchain =
            row.is_some_and(|r| r.source == Some(Source::Std) && text.get(r.name) != "compiler_builtins");
        let facts = symbol.get().and_then(|i| self.of_symbol.get(i));
        if is_toolchain && facts.is_some_and(|f| f.may_be_foreign) { self.buckets.foreign } else { krate }
    }

    /// Whether it is the bucket of C, C++ and assembly of no package.
    pub fn is_foreign(&self, krate: CrateId) -> bool {
        krate == self.buckets.foreign
    }

    /// Whether a crate is the toolchain's.
    pub fn is_toolchain(&self, krate: CrateId) -> bool {
        krate.get().and_then(|i| self.toolchain.get(i)) == Some(&true)
    }

    /// Whether the name of a symbol says that the toolchain defines it.
    pub fn is_defined_by_toolchain(&self, symbol: SymbolId) -> bool {
        symbol.get().and_then(|i| self.of_symbol.get(i)).is_some_and(|s| s.is_defined_by_toolchain)
    }

    /// The mangling of the name of a symbol.
    pub fn mangling(&self, symbol: SymbolId) -> names::Scheme {
        let facts = symbol.get().and_then(|i| self.of_symbol.get(i));
        facts.map_or(names::Scheme::Plain, |s| s.mangling)
    }

    fn same_name(&self, a: CrateId, b: CrateId) -> bool {
        let name = |id: CrateId| id.get().and_then(|i| self.rows.get(i)).map(|r| r.name);
        a != b && name(a).is_some() && name(a) == name(b)
    }
}

/// Whether a name can be of a language other than Rust.
fn may_be_foreign(mangling: names::Scheme, name: &str) -> bool {
    let is_rust = matches!(mangling, names::Scheme::RustV0 | names::Scheme::RustLegacy);
    !is_rust && !["rust_", "__rust", "__rdl_", "__rg_"].iter().any(|p| name.starts_with(p))
}

/// An attribution to a named bucket.
fn bucket(krate: CrateId, evidence: Evidence) -> Owner {
    Owner {
        krate,
        defined_in: CrateId::NONE,
        instantiated_by: CrateId::NONE,
        evidence,
        defined_evidence: Evidence::None,
        instantiated_evidence: Evidence::None,
    }
}
