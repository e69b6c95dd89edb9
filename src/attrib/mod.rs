//! Facts to the model: who owns each byte.
//!
//! The passes run one after another and are parallel inside. Each is a function
//! from values to values; the order below is the order of dependence.

mod charges;
mod code;
mod contents;
mod duplicates;
mod explain;
mod forms;
mod infer;
mod krate;
mod leaves;
#[cfg(feature = "tui")]
mod listing;
mod operands;
mod padding;
mod references;
mod sections;
mod symbols;
mod units;
mod vtables;

pub use contents::{Unread, contents};
pub use duplicates::duplicates;
pub use explain::{ClaimAt, Reasons, Referrer, reasons};
#[cfg(feature = "tui")]
pub use listing::{Instruction, has_call, listing};
pub use vtables::vtables;

use std::ops::Range;

use crate::error::Diagnostic;
use crate::format::Image;
use crate::input::Input;
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::{Build, Facts, MemberRow, Model, SymbolId};
use crate::order;
use crate::partition::Partition;
use crate::project::Packages;
use crate::timing::phase;

/// Works out who owns each byte.
///
/// `packages` may be in the binary, besides those it lists itself.
/// `input` is what `image` was read from: filler between functions and zeros
/// between sections can only be told from content by looking at them.
///
/// *Cost*: O(n log n) in the number of facts.
pub fn attribute(input: &Input, image: &Image<'_>, packages: &Packages) -> Model {
    release_facts(input, image);
    Passes::run(input, image, Some(packages)).into_model(input, image)
}

/// What can be told without asking whose the bytes are: for questions of which all dimensions are
/// [places](crate::model::view::Dim::is_place).
///
/// The model has the segments, sections, symbols, units, functions and lines that [`attribute`] finds. It has nothing
/// else to say: all bytes are of one crate that stands for any, their kinds are those of sections, and
/// [`Facts::has_rust`] is not looked into.
///
/// *Cost*: O(n log n) in the number of facts; content is looked at for filler alone.
pub fn places(input: &Input, image: &Image<'_>) -> Model {
    release_facts(input, image);
    Passes::run(input, image, None).into_model(input, image)
}

/// Gives back the memory of what facts were read from: all that is still wanted of debug information, most of many
/// files, is a name.
fn release_facts(input: &Input, image: &Image<'_>) {
    [Kind::Debug, Kind::Unwind, Kind::Relocations].into_iter().for_each(|kind| release(input, image, kind));
}

/// Gives back the memory of all sections of a kind, which are hardly looked at any more.
fn release(input: &Input, image: &Image<'_>, kind: Kind) {
    let of_kind = image.sections.iter().filter(|s| s.kind == kind);
    let mut spans: Vec<Range<u64>> = of_kind.map(|s| s.span.clone()).collect();
    order::merge(&mut spans);
    spans.into_iter().for_each(|span| input.release(span));
}

/// What bytes are at, before anybody asks whose they are.
#[derive(Clone, Copy)]
struct Placed<'p> {
    layout: &'p sections::Layout,
    symbols: &'p symbols::Symbols,
    by_symbol: &'p Partition<SymbolId>,
    units: &'p units::Units,
}

/// Whose bytes are, and what data is.
struct Owners {
    references: references::References,
    crates: krate::Crates,
    forms: forms::Forms,
    inferred: infer::Inferred,
}

impl Owners {
    fn find(
        input: &Input,
        image: &Image<'_>,
        packages: &Packages,
        placed: &Placed<'_>,
        names: &mut Names,
    ) -> Owners {
        let Placed { layout, symbols, by_symbol, units } = *placed;
        let bytes = input.bytes();
        let references =
            phase("references", || references::References::read(image, bytes, layout, by_symbol, symbols));
        let data = phase("data", || {
            forms::Facts::new(&forms::Given { image, bytes, layout, by_symbol, references: &references })
        });
        let places = forms::locations(&data);
        let crates = phase("crates", || {
            // Only where nothing better is left: names and units beat them everywhere.
            let is_bare = image.header.stripped && image.units.is_empty();
            let locations = if is_bare { places.as_slice() } else { &[] };
            krate::build(image, symbols, units, &krate::Told { packages, locations }, names)
        });
        // Of names there are copies.
        release(input, image, Kind::Symbols);
        let forms = phase("forms", || {
            forms::build(&data, &places, forms::Named { symbols, names, has_rust: crates.has_rust })
        });
        let inferred = phase("inference", || {
            infer::build(&infer::Known {
                image,
                layout,
                symbols,
                by_symbol,
                units,
                crates: &crates,
                names,
                references: &references,
                forms: &forms,
                bytes,
            })
        });
        Owners { references, crates, forms, inferred }
    }

    /// Nobody's, on a line of `len` bytes.
    fn unasked(len: u64, names: &mut Names) -> Owners {
        Owners {
            references: references::References::default(),
            crates: krate::unasked(names),
            forms: forms::Forms::none(len),
            inferred: infer::Inferred::none(len),
        }
    }
}

/// All that the passes yield.
struct Passes {
    layout: sections::Layout,
    symbols: symbols::Symbols,
    by_symbol: Partition<SymbolId>,
    units: units::Units,
    owners: Owners,
    accounts: Partition<charges::Account>,
    names: Names,
    diagnostics: Vec<Diagnostic>,
}

impl Passes {
    /// Owners are not asked for where no packages are given.
    fn run(input: &Input, image: &Image<'_>, packages: Option<&Packages>) -> Passes {
        let bytes = input.bytes();
        let mut names = Names::default();
        let mut diagnostics = image.diagnostics.clone();
        let embedded = embedded(image, &mut diagnostics);
        let packages = packages.map(|packages| {
            let mut all = packages.clone();
            all.join(krate::packages_of_sources(&image.sources));
            embedded.into_iter().for_each(|list| all.join(list));
            all
        });

        let layout = phase("layout", || sections::build(image, bytes, &mut names));
        let mut symbols = phase("symbol claims", || symbols::build(image, &mut names));
        let units = phase("unit claims", || units::build(image, &symbols, &mut names));
        let by_symbol = phase("resolve symbols", || {
            let len = image.line.len();
            let first = Partition::resolve(len, &mut symbols.claims, SymbolId::NONE);
            let filler = leaves::filler(image, bytes, &layout, &first, symbols.padding);
            if filler.is_empty() {
                return first;
            }
            let all = first.overlaid(&filler);
            symbols.claims.extend(filler);
            all
        });
        let owners = match &packages {
            Some(packages) => {
                let placed =
                    Placed { layout: &layout, symbols: &symbols, by_symbol: &by_symbol, units: &units };
                Owners::find(input, image, packages, &placed, &mut names)
            }
            None => Owners::unasked(image.line.len(), &mut names),
        };
        // What is left follows from facts. Whoever asks what a symbol holds looks again.
        input.release(0..u64::MAX);
        let accounts = phase("charges", || {
            charges::build(&charges::Owners {
                image,
                symbols: &symbols,
                by_symbol: &by_symbol,
                units: &units,
                by_place: &owners.inferred.by_place,
            })
        });
        Passes { layout, symbols, by_symbol, units, owners, accounts, names, diagnostics }
    }

    /// What inference starts from.
    fn known<'k, 'data>(&'k self, bytes: &'k [u8], image: &'k Image<'data>) -> infer::Known<'k, 'data> {
        infer::Known {
            image,
            layout: &self.layout,
            symbols: &self.symbols,
            by_symbol: &self.by_symbol,
            units: &self.units,
            crates: &self.owners.crates,
            names: &self.names,
            references: &self.owners.references,
            forms: &self.owners.forms,
            bytes,
        }
    }

    fn into_model(mut self, input: &Input, image: &Image<'_>) -> Model {
        let code = image.code.as_ref();
        let code = code.map(|facts| {
            let symbols = code::Symbols { by_symbol: &self.by_symbol, rows: &self.symbols.rows };
            phase("code", || code::build(facts, image.line.len(), &symbols, &mut self.names))
        });
        let table = phase("leaves", || {
            let parts = leaves::Parts {
                layout: &self.layout,
                symbols: &self.symbols,
                by_symbol: &self.by_symbol,
                units: &self.units,
                accounts: &self.accounts,
                forms: &self.owners.forms,
                crates: &self.owners.crates,
                inferred: &self.owners.inferred,
                code: code.as_ref(),
            };
            leaves::build(image, &parts)
        });
        let mut names = self.names;
        let members = image.members.iter().map(|m| MemberRow {
            name: names.intern(if m.name.is_empty() { "[whole file]" } else { &m.name }),
            file: m.file.clone(),
            zero: m.zero.clone(),
        });
        let members = members.collect();
        let model = Model {
            facts: facts(input, image, self.owners.crates.has_rust),
            leaves: table.leaves,
            members,
            segments: self.layout.segments,
            sections: self.layout.sections,
            symbols: self.symbols.rows,
            units: self.units.rows,
            crates: self.owners.crates.rows,
            owners: table.owners,
            code: code.map(|code| code.rows),
            names,
            diagnostics: self.diagnostics,
        };
        debug_assert_eq!(model.check(), Ok(()));
        model
    }
}

fn facts(input: &Input, image: &Image<'_>, has_rust: bool) -> Facts {
    let header = &image.header;
    Facts {
        path: input.path().to_string_lossy().into_owned(),
        format: header.format.as_str().into(),
        file_type: header.file_type.into(),
        arch: header.arch.to_string(),
        bits: header.bits,
        endian: header.endian.as_str().into(),
        file_size: image.line.file_len(),
        memory_size: image.line.memory_len(),
        build_id: header.build_id.clone(),
        stripped: header.stripped,
        debug_info: header.debug_info.map(|d| d.to_string()),
        debug_files: image.elsewhere.files.clone(),
        needed: header.needed.clone(),
        toolchain: header.toolchain.clone(),
        has_rust,
        stripped_size: header.stripped_size,
        build: Build::default(),
    }
}

/// The packages that a file lists itself.
fn embedded(image: &Image<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<Packages> {
    match Packages::from_auditable(image.header.packages.as_deref()?) {
        Ok(embedded) => Some(embedded),
        Err(why) => {
            let text = format!("the embedded list of packages is not read: {why}");
            diagnostics.push(Diagnostic::warning("package-list-unread", text));
            None
        }
    }
}
