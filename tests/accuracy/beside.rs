//! The crates that `cargo bloat` gives to functions of the same file, against the same truth.

use std::collections::HashMap;
use std::path::Path;

use object::{Object, ObjectSymbol, SymbolKind};

use crate::score::Score;
use crate::truth::{Origin, Placed};

/// Compares what `cargo bloat -n 0 --split-std --full-fn --message-format json` printed.
///
/// It gives names and sizes but no addresses; functions with both alike are counted once.
pub fn compare(json: &str, binary: &Path, truth: &[Placed]) -> Score {
    let report: serde_json::Value = serde_json::from_str(json).expect("cargo bloat printed JSON");
    let bytes = std::fs::read(binary).expect("the subject can be read");
    let file = object::File::parse(&*bytes).expect("the subject is an object file");
    let mut places: HashMap<(String, u64), u64> = HashMap::new();
    for symbol in file.symbols().filter(|s| s.kind() == SymbolKind::Text && s.size() > 0) {
        let name = rustc_demangle::demangle(symbol.name().unwrap_or_default()).to_string();
        places.insert((name, symbol.size()), symbol.address());
    }
    let mut score = Score::default();
    for function in report["functions"].as_array().expect("it lists functions") {
        let size = function["size"].as_u64().unwrap_or_default();
        let name = function["name"].as_str().unwrap_or_default().to_string();
        let Some(address) = places.remove(&(name, size)) else { continue };
        let first = truth.partition_point(|p| p.span.end <= address);
        let Some(placed) = truth.get(first).filter(|p| p.span.contains(&address)) else { continue };
        let Origin::Crate { name: of_map, .. } = &placed.origin else { continue };
        // A question mark says that it was not sure.
        let said = function["crate"].as_str().unwrap_or_default().trim_end_matches('?');
        score.known += size;
        score.agree += if said.replace('-', "_") == *of_map { size } else { 0 };
    }
    score
}
