//! Facts to the model: who owns each byte.
//!
//! The passes run one after another and are parallel inside. Each is a function
//! from values to values; the order below is the order of dependence.

mod charges;
mod infer;
mod krate;
mod leaves;
mod padding;
mod sections;
mod shipped;
mod symbols;
mod units;

use crate::error::Diagnostic;
use crate::format::Image;
use crate::input::Input;
use crate::intern::Names;
use crate::model::{Facts, Model};
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
    let bytes = input.bytes();
    let len = image.line.len();
    let mut names = Names::default();
    let mut diagnostics = image.diagnostics.clone();
    let packages = with_embedded(packages, image, &mut diagnostics);

    let layout = phase("layout", || sections::build(image, bytes, &mut names));
    let mut symbols = phase("symbol claims", || symbols::build(image, &mut names));
    let units = phase("unit claims", || units::build(image, &mut names));
    let by_symbol = phase("resolve symbols", || {
        let none = crate::model::SymbolId::NONE;
        let first = Partition::resolve(len, &mut symbols.claims, none);
        let filler = leaves::filler(image, bytes, &layout, &first, symbols.padding);
        if filler.is_empty() {
            return first;
        }
        symbols.claims.extend(filler);
        Partition::resolve(len, &mut symbols.claims, none)
    });
    let crates = phase("crates", || krate::build(image, &symbols, &units, &packages, &mut names));
    let inferred = phase("references", || {
        infer::build(&infer::Known {
            image,
            bytes,
            layout: &layout,
            symbols: &symbols,
            by_symbol: &by_symbol,
            units: &units,
            crates: &crates,
            names: &names,
        })
    });
    let accounts = phase("charges", || {
        let of_file = |file| units.of_file(file);
        charges::build(image, &symbols, &by_symbol, &units.by_unit, &inferred.by_place, of_file)
    });
    let table = phase("leaves", || {
        let parts = leaves::Parts {
            layout: &layout,
            symbols: &symbols,
            by_symbol: &by_symbol,
            units: &units,
            accounts: &accounts,
            crates: &crates,
            inferred: &inferred,
        };
        leaves::build(image, &parts)
    });

    let header = &image.header;
    let facts = Facts {
        path: input.path().to_string_lossy().into_owned(),
        format: header.format.as_str(),
        file_type: header.file_type,
        arch: header.arch.to_string(),
        bits: header.bits,
        endian: header.endian.as_str(),
        file_size: image.line.file_len(),
        memory_size: image.line.memory_len(),
        build_id: header.build_id.clone(),
        stripped: header.stripped,
        debug_info: header.debug_info.map(|d| format!("dwarf{}", d.version)),
        debug_link: header.debug_link.clone(),
        needed: header.needed.clone(),
        toolchain: header.toolchain.clone(),
        has_rust: crates.has_rust,
        stripped_size: shipped::stripped_size(image),
    };
    let model = Model {
        facts,
        leaves: table.leaves,
        segments: layout.segments,
        sections: layout.sections,
        symbols: symbols.rows,
        units: units.rows,
        crates: crates.rows,
        owners: table.owners,
        names,
        diagnostics,
    };
    debug_assert_eq!(model.check(), Ok(()));
    model
}

/// The packages that a caller knows of and those that the file lists.
fn with_embedded(packages: &Packages, image: &Image<'_>, diagnostics: &mut Vec<Diagnostic>) -> Packages {
    let mut all = packages.clone();
    match image.header.packages.as_deref().map(Packages::from_auditable) {
        None => {}
        Some(Ok(embedded)) => all.join(embedded),
        Some(Err(why)) => {
            let text = format!("the embedded list of packages is not read: {why}");
            diagnostics.push(Diagnostic::warning("package-list-unread", text));
        }
    }
    all
}
