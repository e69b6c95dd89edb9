//! How often attribution agrees with what the linker knows.
//!
//! Each subject is a program and the map its linker wrote. The program is
//! analysed without the map, then every byte that the map traces to a crate is
//! compared. `tests/accuracy/run` builds large subjects and prints the table;
//! `cargo test` does the same with a small program.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the result")]

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
        // Exception tables of functions that the linker dropped are in the map, but nobody's.
        let bucket = &model.crates[model.owner(leaf.owner).krate.0 as usize];
        let is_dead = model.names.get(bucket.name) == "[dead unwind data]";
        if leaf.kind == bloat::kind::Kind::Padding || is_dead {
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

/// Shares of bytes that may not fall, by output section: for LLD, and for GNU ld,
/// which lists hidden symbols apart from their files.
const RECORDED: [(&str, f64, f64); 5] = [
    (".text", 99.9, 98.0),
    (".rodata", 99.0, 95.0),
    (".data.rel.ro", 99.0, 95.0),
    (".eh_frame", 99.5, 95.0),
    (".gcc_except_table", 99.0, 95.0),
];

/// Builds the small program of this folder and has its linker write a map.
fn small_subject(name: &str, flags: &str) -> (std::path::PathBuf, std::path::PathBuf) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accuracy/subject");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("accuracy").join(name);
    let map = target.join("app.map");
    std::fs::create_dir_all(&target).expect("the folder can be made");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["rustc", "--release", "--offline", "--locked", "--package", "app", "--bin", "app"])
        .arg("--manifest-path")
        .arg(source.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(["--", &format!("-Clink-arg=-Wl,-Map={}", map.display())])
        .args(flags.split_whitespace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (target.join("release/app"), map)
}

fn check(name: &str, flags: &str) {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        eprintln!("SKIPPED: the recorded shares are of x86-64 Linux");
        return;
    }
    let (binary, map) = small_subject(name, flags);
    let result = measure(&binary, &map);
    print(name, &result);
    let text = result.by_section.get(".text").copied().unwrap_or_default();
    assert!(text.known > 100_000, "the map was read: {text:?}");
    let is_lld = std::fs::read_to_string(&map).is_ok_and(|text| map::is_lld(&text));
    for (section, lld, gnu) in RECORDED {
        let least = if is_lld { lld } else { gnu };
        let score = result.by_section.get(section).copied().unwrap_or_default();
        assert!(score.share() >= least, "{name} {section}: {:.3}% of {} bytes", score.share(), score.known);
    }
}

#[test]
fn default_release_without_debug_information() {
    check("plain", "");
}

#[test]
fn line_tables() {
    check("lines", "-Cdebuginfo=line-tables-only");
}

/// Every `NAME.map` in the folder that `BLOAT_ACCURACY` names, with the program `NAME` beside it;
/// and every `NAME.stripped`, compared with what its debug information says in `NAME`.
#[test]
fn large_subjects() {
    let Some(folder) = std::env::var_os("BLOAT_ACCURACY") else {
        eprintln!("SKIPPED: BLOAT_ACCURACY names no folder of large subjects; see tests/accuracy/run");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder can be listed")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    for file in files {
        let whole = file.with_extension("");
        let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match file.extension().and_then(|e| e.to_str()) {
            Some("map") => {
                let result = measure(&whole, &file);
                print(&name, &result);
                let is_lld = std::fs::read_to_string(&file).is_ok_and(|text| map::is_lld(&text));
                let (_, lld, gnu) = RECORDED[0];
                let text = result.by_section.get(RECORDED[0].0).copied().unwrap_or_default();
                assert!(text.known > 100_000, "the map of {name} was read: {text:?}");
                assert!(text.share() >= if is_lld { lld } else { gnu }, "{name}: {:.3}%", text.share());
            }
            Some("stripped") => {
                print(&format!("{name} without debug information, against it"), &against(&whole, &file));
            }
            _ => {}
        }
    }
}

/// The same program with and without debug information: how often the second agrees with the first.
fn against(whole: &Path, stripped: &Path) -> Result {
    let analyse = |path: &Path| {
        let input = bloat::input::Input::open(path).expect("the subject can be read");
        bloat::analyze(&input).expect("the subject can be analysed")
    };
    let truth = analyse(whole);
    let placed = truth.leaves.iter().filter_map(|leaf| {
        let owner = truth.owner(leaf.owner);
        let address = truth.leaves.address(leaf.start)?;
        let by_unit = owner.instantiated_evidence == bloat::model::Evidence::Unit && leaf.kind.is_content();
        let row = owner.instantiated_by.get().filter(|_| by_unit).map(|i| &truth.crates[i])?;
        let section = &truth.sections[leaf.section.get()?];
        Some(Placed {
            section: truth.names.get(section.name).to_string(),
            span: address..address + leaf.len,
            origin: Origin::Crate {
                name: truth.names.get(row.name).to_string(),
                toolchain: row.source == Some(Source::Std),
            },
        })
    });
    compare(&analyse(stripped), placed.collect())
}
