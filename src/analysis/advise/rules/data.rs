//! Tables that are compiled in.

use super::{Context, proof};
use crate::analysis::advise::sums::source;
use crate::analysis::advise::{Advice, Basis, Change};
use crate::kind::Kind;
use crate::model::view::{Dim, Measure, Sort, View, tree_where};
use crate::model::{CrateId, Leaf, Source, SymbolId};

/// What is known of crates that are mostly data.
const KNOWN: [(&str, &str); 4] = [
    ("regex_syntax", "without the `unicode` features of regex its tables of Unicode go"),
    ("webpki_roots", "rustls-platform-verifier and rustls-native-certs use the certificates of the system"),
    ("chrono_tz", "its feature `filter-by-regex` keeps the time zones that CHRONO_TZ_TIMEZONE_FILTER names"),
    ("idna_adapter", "its version decides which tables of Unicode `idna` and `url` come with"),
];

/// Most objects that are listed of a crate.
const OBJECTS: usize = 3;
/// Most crates.
const CRATES: usize = 5;

/// Crates with large tables.
pub(super) fn tables(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    let is_table = |leaf: &Leaf| matches!(leaf.kind, Kind::Rodata | Kind::Data) && leaf.in_file;
    let view = View {
        dims: vec![Dim::Crate, Dim::Symbol],
        filter: None,
        measure: Measure::File,
        sort: Sort::Size,
        first: None,
        only: None,
        names_only: false,
    };
    let tree = tree_where(model, &view, is_table);
    let least = (context.sums.shipped / 100).max(4096);
    let mut found = Vec::new();
    for node in tree.roots.iter().take_while(|node| node.sizes.file >= least).take(CRATES) {
        let krate = CrateId(node.key);
        if matches!(source(model, krate), None | Some(Source::Std)) {
            continue;
        }
        let Some(row) = krate.get().and_then(|i| model.crates.get(i)) else { continue };
        let (name, label) = (model.names.get(row.name), model.names.get(row.label));
        let mut all = vec![proof(format!("constants and data of {label}"), node.sizes.file)];
        let objects = node.children.iter().filter(|n| tree.keys[1].symbol(n.key).is_some());
        for object in objects.filter(|n| n.sizes.file >= least / 4).take(OBJECTS) {
            all.push(proof(model.symbol_label(SymbolId(object.key)), object.sizes.file));
        }
        let hint = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, hint)| *hint);
        found.push(Advice {
            rule: "embedded-data",
            title: format!("look at the tables of {name}"),
            finding: format!("large tables, or files that are included, come with {label}"),
            proof: all,
            saving: Some(context.shipped(
                0,
                if hint.is_some() { node.sizes.file / 2 } else { 0 },
                node.sizes.file,
                Basis::Bytes,
            )),
            change: Change::Look(match hint {
                Some(hint) => hint.to_string(),
                None => "compress them, load them at run time, or switch off the feature that brings them"
                    .to_string(),
            }),
            cost: "what the tables are for",
            unfit: &[],
        });
    }
    found
}
