//! How often attribution agrees with what the linker knows.
//!
//! Each subject is a program and the map its linker wrote. The program is
//! analysed without the map, then every byte that the map traces to a crate is
//! compared. `tests/accuracy/run` builds large subjects and prints the table;
//! `cargo test` does the same with a small program.

#![expect(clippy::print_stdout, reason = "the table is the result")]

mod map;

use std::collections::BTreeMap;
use std::path::Path;

use bloat::model::{CrateId, Model, Source};
use map::{Origin, Placed};

/// Bytes with a known crate, and those of them that agree.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    known: u64,
    agree: u64,
    /// Bytes with no answer; the others that do not agree are wrong.
    silent: u64,
}

impl Score {
    fn share(self) -> f64 {
        if self.known == 0 { 100.0 } else { self.agree as f64 * 100.0 / self.known as f64 }
    }
}

/// What one subject scored, by output section, and who was taken for whom.
struct Result {
    by_section: BTreeMap<String, Score>,
    mistakes: BTreeMap<(String, String, String), u64>,
}

fn measure(binary: &Path, map: &Path) -> Result {
    let input = bloat::input::Input::open(binary).expect("the subject can be read");
    let model = bloat::analyze(&input).expect("the subject can be analysed");
    let text = String::from_utf8_lossy(&std::fs::read(map).expect("the map can be read")).into_owned();
    compare(&model, map::parse(&text))
}

fn compare(model: &Model, mut placed: Vec<Placed>) -> Result {
    // Unloaded sections have no address, and thread-local zero-fill shares its addresses.
    placed.retain(|p| p.span.start > 0 && p.section != ".tbss" && !p.section.starts_with(".debug"));
    placed.sort_by_key(|p| p.span.start);
    let mut result = Result { by_section: BTreeMap::new(), mistakes: BTreeMap::new() };
    for leaf in model.leaves.iter() {
        let Some(address) = model.leaves.address(leaf.start) else { continue };
        if leaf.kind == bloat::kind::Kind::Padding {
            continue;
        }
        let end = address + leaf.len;
        let first = placed.partition_point(|p| p.span.end <= address);
        for p in placed[first..].iter().take_while(|p| p.span.start < end) {
            let Origin::Crate { name, toolchain } = &p.origin else { continue };
            let bytes = p.span.end.min(end).saturating_sub(p.span.start.max(address));
            let by = model.owner(leaf.owner).instantiated_by;
            let score = result.by_section.entry(p.section.clone()).or_default();
            score.known += bytes;
            if by == CrateId::NONE {
                score.silent += bytes;
            }
            let (said, source) = match by.get().map(|i| &model.crates[i]) {
                Some(row) => (model.names.get(row.name), row.source),
                None => ("nobody", None),
            };
            // The toolchain's copy of a crate is not the program's, whatever it is called.
            if said == name && (source == Some(Source::Std)) == *toolchain {
                score.agree += bytes;
            } else {
                let key = (p.section.clone(), name.clone(), said.to_string());
                *result.mistakes.entry(key).or_default() += bytes;
            }
        }
    }
    result
}

/// Prints the table of a subject, the largest mistakes below it.
fn print(name: &str, result: &Result) {
    println!("{name}");
    for (section, score) in &result.by_section {
        if score.known >= 1000 {
            let (known, share) = (score.known, score.share());
            println!("  {section:<20} {known:>10} bytes  {share:>7.3}%  no answer {}", score.silent);
        }
    }
    let mut mistakes: Vec<_> = result.mistakes.iter().collect();
    mistakes.sort_by_key(|(key, bytes)| (std::cmp::Reverse(**bytes), *key));
    for ((section, truth, said), bytes) in mistakes.into_iter().take(8) {
        println!("    {bytes:>8} of {section}: {truth} taken for {said}");
    }
}

/// Every `NAME.map` in the folder that `BLOAT_ACCURACY` names, with the program `NAME` beside it.
#[test]
fn large_subjects() {
    let Some(folder) = std::env::var_os("BLOAT_ACCURACY") else { return };
    let mut maps: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder can be listed")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "map"))
        .collect();
    maps.sort();
    for map in maps {
        let binary = map.with_extension("");
        print(&binary.file_name().unwrap_or_default().to_string_lossy(), &measure(&binary, &map));
    }
}
