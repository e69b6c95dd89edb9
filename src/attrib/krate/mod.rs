//! Which crate owns a run of bytes, and on what evidence.
//!
//! Three notions are kept apart. *Defined in*: the crate whose source has the
//! item. *Instantiated by*: the crate whose codegen unit has the code. *Owner*:
//! the definer, unless that is the toolchain; then the instantiator, because a
//! program can do nothing about `Vec` but can about its own use of it.

mod book;
mod path;
mod rules;

use std::collections::HashMap;

use rayon::prelude::*;

use self::book::{Book, Draft, Mention};
use super::charges::file_of;
use super::symbols::Symbols;
use super::units::Units;
use crate::format::{DEAD_UNWIND_DATA, Image};
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::{CrateId, CrateRow, Evidence, Owner, Source, SymbolId, SymbolSort, UnitId};
use crate::names;
use crate::project::Packages;

/// `DW_LANG_Rust`, DWARF 5 section 7.12.
const LANGUAGE_RUST: u16 = 0x1c;

/// Names are read in runs of this many, whatever the number of threads.
const CHUNK: usize = 8 * 1024;

/// What is known of crates per symbol and per unit.
pub(super) struct Crates {
    pub rows: Vec<CrateRow>,
    pub has_rust: bool,
    /// Whether any name is of the new mangling.
    pub has_new_names: bool,
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
}

/// What a symbol says of itself.
#[derive(Debug, Clone, Copy)]
struct OfSymbol {
    defined_in: CrateId,
    suffix: CrateId,
    scheme: names::Scheme,
    /// The bucket that has it whatever else is known.
    bucket: CrateId,
    is_runtime: bool,
    is_local: bool,
}

const NO_SYMBOL: OfSymbol = OfSymbol {
    defined_in: CrateId::NONE,
    suffix: CrateId::NONE,
    scheme: names::Scheme::Plain,
    bucket: CrateId::NONE,
    is_runtime: false,
    is_local: false,
};

/// Crates that stand for bytes no crate owns.
#[derive(Debug, Clone, Copy)]
struct Buckets {
    by_kind: [CrateId; Kind::ALL.len()],
    runtime: CrateId,
}

/// What names mention, by symbol row, before crates have numbers.
#[derive(Debug, Clone, Copy)]
struct Said {
    defined_in: Option<u32>,
    suffix: Option<u32>,
    scheme: names::Scheme,
}

/// Reads all evidence on crates that units, files and names give.
pub(super) fn build(
    image: &Image<'_>,
    symbols: &Symbols,
    units: &Units,
    packages: &Packages,
    text: &mut Names,
) -> Crates {
    let mut book = Book::default();
    let mut drafts: Vec<Option<(Draft, Evidence)>> = vec![None; units.rows.len()];
    rust_units(image, &mut book, &mut drafts);
    foreign_units(image, &mut book, &mut drafts);
    let has_rust_unit = drafts.iter().any(Option::is_some);
    files(image, units, &mut book, &mut drafts);

    let (mentions, said) = names_of(symbols, text);
    let has = |scheme| said.iter().any(|s| s.scheme == scheme);
    let (legacy, v0) = (has(names::Scheme::RustLegacy), has(names::Scheme::RustV0));
    toolchain_ids(&mentions, &said, legacy && v0, &mut book);
    let mentioned: Vec<Draft> =
        mentions.iter().map(|m| if m.id.is_some() { book.exact(m) } else { book.bare(&m.name) }).collect();
    for &(draft, _) in drafts.iter().flatten() {
        book.suppose_toolchain(draft);
    }
    for &draft in &mentioned {
        book.suppose_toolchain(draft);
    }

    book.complete(packages);

    let kinds = Kind::ALL.map(|kind| book.bucket(bucket_name(kind), None));
    let imports = book.bucket("imports", None);
    let dead = book.bucket(DEAD_UNWIND_DATA, None);
    let runtime = book.bucket("C runtime", Some(Source::C));
    let (rows, ids) = book.finish(text);
    let id = |draft: Draft| ids[draft.index()];
    let of_unit: Vec<Option<OfUnit>> =
        drafts.iter().map(|d| d.map(|(draft, evidence)| OfUnit { krate: id(draft), evidence })).collect();
    let has_files = drafts.iter().flatten().any(|(_, e)| *e == Evidence::SymbolFile);
    let of_symbol = (0..symbols.rows.len())
        .map(|row| {
            let (Some(&said), Some(facts)) = (said.get(row), symbols.rows.get(row)) else { return NO_SYMBOL };
            let crate_of = |m: Option<u32>| m.map_or(CrateId::NONE, |m| id(mentioned[m as usize]));
            let fact = image.symbols.get(symbols.fact_of[row] as usize);
            OfSymbol {
                defined_in: crate_of(said.defined_in),
                suffix: crate_of(said.suffix),
                scheme: said.scheme,
                bucket: match facts.sort {
                    SymbolSort::Import => id(imports),
                    SymbolSort::Structure if text.get(facts.name) == DEAD_UNWIND_DATA => id(dead),
                    _ => CrateId::NONE,
                },
                is_runtime: fact.is_some_and(|f| rules::is_runtime(f.name)),
                is_local: fact.is_some_and(|f| {
                    // A linker makes hidden symbols local and lists them behind all files.
                    let unnamed = |file: u32| image.files.get(file as usize).is_none_or(|n| n.is_empty());
                    let hidden = has_files && f.file.is_none_or(unnamed);
                    f.binding == crate::format::Binding::Local && !hidden
                }),
            }
        })
        .collect();
    let toolchain = rows.iter().map(|r| r.source == Some(Source::Std)).collect();
    Crates {
        has_rust: has_rust_unit && image.units.iter().any(|u| u.language == LANGUAGE_RUST) || legacy || v0,
        has_new_names: v0,
        rows,
        of_unit,
        of_symbol,
        buckets: Buckets { by_kind: kinds.map(id), runtime: id(runtime) },
        toolchain,
    }
}

/// Units that name a codegen unit of rustc.
fn rust_units(image: &Image<'_>, book: &mut Book, drafts: &mut [Option<(Draft, Evidence)>]) {
    for (unit, slot) in image.units.iter().zip(drafts) {
        let Some(cgu) = names::cgu(&unit.name) else { continue };
        let draft = book.exact(&Mention { name: cgu.krate.to_string(), id: cgu.id });
        let root = cgu.path.unwrap_or_default();
        let package = path::package(root).map(|p| refine(p, root, &unit.comp_dir));
        if let Some(package) = package {
            book.describe(draft, &package);
        }
        *slot = Some((draft, Evidence::Unit));
    }
}

/// A relative root path says less than the directory it is relative to.
fn refine<'u>(package: path::Package<'u>, root: &str, comp_dir: &'u str) -> path::Package<'u> {
    let relative = !root.starts_with(['/', '\\']) && root.as_bytes().get(1) != Some(&b':');
    match path::package(comp_dir) {
        Some(outer) if relative && outer.source == Source::Std => {
            path::Package { name: None, version: None, ..outer }
        }
        Some(outer) if relative && outer.version.is_some() => outer,
        _ => package,
    }
}

/// Units of C, C++ and assembly: the package they were compiled in, if it is one of Cargo's.
fn foreign_units(image: &Image<'_>, book: &mut Book, drafts: &mut [Option<(Draft, Evidence)>]) {
    for (unit, slot) in image.units.iter().zip(drafts) {
        if slot.is_some() || unit.language == 0 && unit.name.is_empty() {
            continue;
        }
        let of_cargo = |p: &path::Package<'_>| p.name.is_some() && p.version.is_some();
        let package = path::package(&unit.comp_dir)
            .filter(of_cargo)
            .or_else(|| path::package(&unit.name).filter(of_cargo));
        let draft = match package.and_then(|p| book.of_package(&p)) {
            Some(draft) => draft,
            // Rust of a compiler too old to name codegen units, and no package: unknown.
            None if unit.language == LANGUAGE_RUST => continue,
            None => book.bucket("C/C++", Some(Source::C)),
        };
        *slot = Some((draft, Evidence::Unit));
    }
}

/// Files of the symbol table: codegen units, and what the linker put behind them.
fn files(image: &Image<'_>, units: &Units, book: &mut Book, drafts: &mut [Option<(Draft, Evidence)>]) {
    let cgus: Vec<Option<names::CguName<'_>>> = image.files.iter().map(|f| names::cgu(f)).collect();
    let mut crates: Vec<&str> = cgus.iter().flatten().map(|c| c.krate).collect();
    crates.sort_unstable();
    crates.dedup();
    let named = crates.iter().filter(|c| **c != "compiler_builtins").count();
    // After fat LTO one file holds every crate and says nothing of any of them.
    let merged = named == 1;
    let mut groups: Vec<(Option<Draft>, Vec<usize>)> = vec![(None, Vec::new())];
    for (index, (file, cgu)) in image.files.iter().zip(&cgus).enumerate() {
        let Some(slot) = drafts.get_mut(units.debug + index) else { break };
        match cgu {
            Some(_) if merged => {}
            Some(cgu) => {
                let draft = book.exact(&Mention { name: cgu.krate.to_string(), id: cgu.id });
                *slot = Some((draft, Evidence::SymbolFile));
                groups.push((Some(draft), Vec::new()));
            }
            // Start files of the C library: only their own few names are theirs.
            None if rules::is_runtime_file(file) || file.is_empty() => {}
            None => groups.last_mut().into_iter().for_each(|(_, group)| group.push(index)),
        }
    }
    // Files of other languages that follow one codegen unit are of one archive.
    for (before, group) in groups {
        foreign_files(image, units, &group, before, book, drafts);
    }
}

/// Whose the files of other languages are that lie behind the codegen unit of `before`.
///
/// An archive holds the Rust of a package and what its build script compiled. If
/// none of that Rust was linked, the unit in front is of another package; then
/// the names of files may tell: `sqlite3.c` is of `libsqlite3-sys`.
fn foreign_files(
    image: &Image<'_>,
    units: &Units,
    group: &[usize],
    before: Option<Draft>,
    book: &mut Book,
    drafts: &mut [Option<(Draft, Evidence)>],
) {
    let stems = group.iter().filter_map(|&i| image.files.get(i)).map(|f| f.as_ref());
    let named = stems.filter_map(|file| book.bindings_of(file)).next();
    let answer = match named.or(before) {
        Some(draft) => (draft, Evidence::FileNeighbour),
        None => (book.bucket("C/C++", Some(Source::C)), Evidence::SymbolFile),
    };
    for &index in group {
        if let Some(slot) = drafts.get_mut(units.debug + index) {
            *slot = Some(answer);
        }
    }
}

/// All crates that names mention, and which symbol mentions which.
fn names_of(symbols: &Symbols, text: &Names) -> (Vec<Mention>, Vec<Said>) {
    type Local<'n> = (Vec<(std::borrow::Cow<'n, str>, Option<u64>)>, Vec<Said>);
    let read = |rows: &[crate::model::SymbolRow]| -> Local<'_> {
        let mut local: Vec<(std::borrow::Cow<'_, str>, Option<u64>)> = Vec::new();
        let mut index: HashMap<(std::borrow::Cow<'_, str>, Option<u64>), u32> = HashMap::new();
        let mut number = |c: names::CrateRef<'_>| {
            let key = (c.name.into_owned(), c.id);
            let next = local.len() as u32;
            *index.entry((key.0.into(), key.1)).or_insert_with_key(|k| {
                local.push((k.0.clone(), k.1));
                next
            })
        };
        let said = rows
            .iter()
            .map(|row| {
                if !row.sort.is_symbol() {
                    return Said { defined_in: None, suffix: None, scheme: names::Scheme::Plain };
                }
                let name = text.get(row.name);
                let crates = names::crates(name);
                Said {
                    defined_in: crates.defined_in.map(&mut number),
                    suffix: crates.instantiated_by.map(&mut number),
                    scheme: crates.scheme,
                }
            })
            .collect();
        (local, said)
    };
    let chunks: Vec<Local<'_>> = symbols.rows.par_chunks(CHUNK).map(read).collect();
    let mut mentions: Vec<Mention> = Vec::new();
    let mut index: HashMap<Mention, u32> = HashMap::new();
    let mut all: Vec<Said> = Vec::with_capacity(symbols.rows.len());
    for (local, said) in chunks {
        let global: Vec<u32> = local
            .into_iter()
            .map(|(name, id)| {
                let mention = Mention { name: name.into_owned(), id };
                let next = mentions.len() as u32;
                *index.entry(mention).or_insert_with_key(|m| {
                    mentions.push(m.clone());
                    next
                })
            })
            .collect();
        let map = |m: Option<u32>| m.and_then(|m| global.get(m as usize)).copied();
        all.extend(said.iter().map(|s| Said { defined_in: map(s.defined_in), suffix: map(s.suffix), ..*s }));
    }
    (mentions, all)
}

/// Which ids belong to the toolchain, where no path says so.
///
/// A program whose own crates use the old mangling has new names from the
/// prebuilt library only, so every id in them is the library's. Elsewhere a
/// crate that the library instantiates is the library's.
fn toolchain_ids(mentions: &[Mention], said: &[Said], mixed: bool, book: &mut Book) {
    let toolchain: Vec<bool> = mentions.iter().map(|m| names::is_toolchain_crate(&m.name)).collect();
    let mut of_std = vec![mixed; mentions.len()];
    for s in said {
        if let (Some(defined), Some(suffix)) = (s.defined_in, s.suffix)
            && toolchain.get(suffix as usize) == Some(&true)
            && let Some(slot) = of_std.get_mut(defined as usize)
        {
            *slot = true;
        }
    }
    for (mention, of_std) in mentions.iter().zip(of_std) {
        if of_std && mention.id.is_some() {
            let draft = book.exact(mention);
            book.suppose(draft, Source::Std);
        }
    }
}

/// Name of the bucket for bytes of a kind that no crate owns.
fn bucket_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Code | Kind::Rodata | Kind::Data | Kind::Bss => "unknown",
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
        let facts = symbol.get().and_then(|i| self.of_symbol.get(i)).copied().unwrap_or(NO_SYMBOL);
        let unit = unit.get().and_then(|i| self.of_unit.get(i)).copied().flatten();
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
        let (krate, evidence) = if by_instantiator { instantiated } else { defined };
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
    pub fn placed(&self, symbol: SymbolId, known: &Owner, krate: CrateId) -> Owner {
        let scheme =
            symbol.get().and_then(|i| self.of_symbol.get(i)).map_or(names::Scheme::Plain, |s| s.scheme);
        let defined = (known.defined_in, known.defined_evidence);
        self.compose(scheme, defined, (krate, Evidence::Neighbours))
    }

    /// The crate of a file that the symbol table names.
    pub fn of_file(&self, unit: UnitId) -> Option<CrateId> {
        unit.get().and_then(|i| self.of_unit.get(i)).copied().flatten().map(|u| u.krate)
    }

    /// Whether the name of a symbol says that the toolchain defines it.
    pub fn is_defined_by_toolchain(&self, symbol: SymbolId) -> bool {
        let defined_in = symbol.get().and_then(|i| self.of_symbol.get(i)).map(|s| s.defined_in);
        defined_in.and_then(CrateId::get).and_then(|i| self.toolchain.get(i)) == Some(&true)
    }

    fn same_name(&self, a: CrateId, b: CrateId) -> bool {
        let name = |id: CrateId| id.get().and_then(|i| self.rows.get(i)).map(|r| r.name);
        a != b && name(a).is_some() && name(a) == name(b)
    }
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

/// The file unit of a symbol, for leaves that no unit of debug information covers.
pub(super) fn file_unit(image: &Image<'_>, symbols: &Symbols, units: &Units, symbol: SymbolId) -> UnitId {
    let is_symbol =
        symbol.get().and_then(|i| symbols.rows.get(i)).is_some_and(|r| r.sort != SymbolSort::Structure);
    let file = if is_symbol { file_of(image, symbols, symbol) } else { None };
    file.map_or(UnitId::NONE, |f| units.of_file(f))
}
