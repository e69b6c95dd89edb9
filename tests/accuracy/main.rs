//! How often attribution agrees with what others know: the linker, the debug
//! information that `bloat` does not read, lock files.
//!
//! Each subject is a program and the map its linker wrote. The program is
//! analysed without the map, then every byte that the map traces to a crate is
//! compared. Where a program has debug information its namespaces say who
//! defines what, and what is said of the same program without debug information
//! is compared with that. `tests/accuracy/run` builds large subjects and prints
//! the table; `cargo test` does the same with a small program.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the result")]

mod beside;
mod dwarf;
mod explain;
mod map;
mod recorded;
mod score;
mod truth;
mod versions;

use std::path::{Path, PathBuf};

use bloat::input::companion::Search;
use bloat::model::{Evidence, Model, Source};
use bloat::project::Packages;
use score::Notion;
use truth::{Origin, Placed};

/// The file itself is what is measured: debug information beside it is not looked for.
fn analyse(path: &Path, packages: &Packages) -> Model {
    let input = bloat::input::Input::open(path).expect("the subject can be read");
    bloat::analyze_with(&input, packages, &Search::nowhere()).expect("the subject can be analysed")
}

/// What the linker knows. Unloaded sections have no address, and thread-local zero-fill shares its addresses.
fn linked(map: &Path) -> Vec<Placed> {
    let text = String::from_utf8_lossy(&std::fs::read(map).expect("the map can be read")).into_owned();
    let mut placed = map::parse(&text);
    placed.retain(|p| p.span.start > 0 && p.section != ".tbss" && !p.section.starts_with(".debug"));
    placed.sort_by_key(|p| p.span.start);
    placed
}

/// What the units of debug information say, where no map tells more.
fn compiled(model: &Model) -> Vec<Placed> {
    let of_leaf = |leaf: bloat::model::Leaf| {
        let owner = model.owner(leaf.owner);
        let address = model.leaves.address(leaf.start)?;
        let by_unit = owner.instantiated_evidence == Evidence::Unit && leaf.kind.is_content();
        let row = owner.instantiated_by.get().filter(|_| by_unit).map(|i| &model.crates[i])?;
        let section = &model.sections[leaf.section.get()?];
        Some(Placed {
            section: model.names.get(section.name).to_string(),
            span: address..address + leaf.len,
            origin: Origin::Crate {
                name: model.names.get(row.name).to_string(),
                toolchain: row.source == Some(Source::Std),
            },
        })
    };
    let mut placed: Vec<Placed> = model.leaves.iter().filter_map(of_leaf).collect();
    placed.sort_by_key(|p| p.span.start);
    placed
}

/// Measures one file and returns what fell below the recorded shares.
///
/// `whole` is the same program with its debug information, if there is one; `packages`
/// are those that may be in it.
fn measure(
    name: &str,
    file: &Path,
    map: Option<&Path>,
    whole: Option<&Path>,
    packages: &Packages,
) -> Vec<String> {
    println!("{name}");
    let model = analyse(file, packages);
    let mut least = recorded::Least::of(name);
    let by = match (map, whole) {
        (Some(map), _) => linked(map),
        (None, Some(whole)) => compiled(&analyse(whole, &Packages::default())),
        (None, None) => Vec::new(),
    };
    least.check(&model, Notion::InstantiatedBy, &by);
    if let Some(whole) = whole {
        let told = dwarf::read(whole);
        if !told.defined_in.is_empty() {
            least.check(&model, Notion::DefinedIn, &told.defined_in);
            least.check(&model, Notion::Owner, &truth::owners(&told.defined_in, &by));
        }
        if file == whole
            && let Some(lock) = lock_of(file)
        {
            least.below.extend(versions::check(&model, &lock, &told.units));
        }
    }
    if let Ok(json) = std::fs::read_to_string(file.with_extension("cargo-bloat.json")) {
        let score = beside::compare(&json, file, &by);
        println!(" cargo bloat, instantiated by: {:.3}% of {} bytes", score.share(), score.known);
        assert!(score.known > 100_000, "its functions were found: {score:?}");
    }
    least.check_coverage(&model);
    least.below.iter().map(|line| format!("{name}: {line}")).collect()
}

/// The lock file of a large subject: `PROGRAM.lock` beside `PROGRAM-CONFIGURATION`.
fn lock_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?.split('-').next()?;
    std::fs::read_to_string(file.with_file_name(format!("{name}.lock"))).ok()
}

/// Builds the small program of this folder and has its linker write a map.
///
/// `debug` is how much debug information all of its crates get.
fn small_subject(name: &str, debug: &str) -> (PathBuf, PathBuf) {
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
        .env("CARGO_PROFILE_RELEASE_DEBUG", debug)
        .args(["--", &format!("-Clink-arg=-Wl,-Map={}", map.display())])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (target.join("release/app"), map)
}

fn check(name: &str, debug: &str) {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        eprintln!("SKIPPED: the recorded shares are of x86-64 Linux");
        return;
    }
    let (binary, map) = small_subject(name, debug);
    let is_lld = std::fs::read_to_string(&map).is_ok_and(|text| map::is_lld(&text));
    let name = if is_lld { name } else { "small-gnu-ld" };
    let whole = (debug == "full").then_some(&*binary);
    let below = measure(name, &binary, Some(&map), whole, &Packages::default());
    assert!(below.is_empty(), "{}", below.join("\n"));
}

#[test]
fn default_release_without_debug_information() {
    check("small-plain", "none");
}

#[test]
fn line_tables() {
    check("small-lines", "line-tables-only");
}

#[test]
fn full_debug_information() {
    check("small-debug", "full");
}

/// Every `NAME.map` in the folder that `BLOAT_ACCURACY` names, with the program `NAME` beside it;
/// and every `NAME.stripped` and `NAME.bare`, compared with the map or the debug information of `NAME`.
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
    let mut below = Vec::new();
    for file in files {
        let whole = file.with_extension("");
        let map = Some(whole.with_extension("map")).filter(|m| m.exists());
        let subject = match file.extension().and_then(|e| e.to_str()) {
            Some("map") => &whole,
            Some("stripped" | "bare") => &file,
            _ => continue,
        };
        let name = subject.file_name().unwrap_or_default().to_string_lossy().into_owned();
        below.extend(measure(&name, subject, map.as_deref(), Some(&whole), &Packages::default()));
        // What `bloat` is told where it builds the package, or with `--manifest-path`.
        if let Some(lock) = lock_of(subject).filter(|_| recorded::is_better_with_packages(&name)) {
            let name = format!("{name}{}", recorded::WITH_PACKAGES);
            let packages = versions::packages(&lock);
            below.extend(measure(&name, subject, map.as_deref(), Some(&whole), &packages));
        }
    }
    assert!(below.is_empty(), "{}", below.join("\n"));
}
