//! What the fuzzer found stays fixed, and no file that was cut or changed breaks a promise.
//!
//! The promises are in `targets/`, the same that `fuzz/` attacks. Here they are held to every fixture of
//! every format: whole, cut at each edge of its structures, and changed in ways that a seed decides.

mod mutation;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bloat::attrib::{attribute, places};
use bloat::format::{Detail, pdb, read_detailed_with};
use bloat::hash::Hash;
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::project::Packages;
use rayon::prelude::*;

use mutation::{Change, Original, Random};
use targets::analysis::alike;
use targets::{named, pair};

/// Larger fixtures would take the time of many small ones.
const LARGEST: u64 = 80_000;
/// Bytes of all changed copies of a fixture: there are more copies of small ones.
const CHANGED: usize = 200_000;
/// Where each test stops on a slow machine.
const BUDGET: Duration = Duration::from_secs(20);

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("the folder is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// Small fixtures of every format: binaries, program databases, what separate files hold.
fn fixtures() -> Vec<Original> {
    let data = targets::root().join("testdata");
    let mut files = Vec::new();
    for folder in ["apart", "archive", "bin", "coff", "debuginfo", "elf", "macho", "pe", "wasm"] {
        walk(&data.join(folder), &mut files);
    }
    files.retain(|file| file.metadata().expect("it is there").len() <= LARGEST);
    let all: Vec<Original> = files
        .par_iter()
        .map(|file| {
            let name = file.strip_prefix(&data).expect("it lies there").display().to_string();
            Original::new(name, std::fs::read(file).expect("readable"))
        })
        .collect();
    assert!(all.len() > 100, "only {} fixtures", all.len());
    all
}

/// Analyses bytes and adds up; says whether there was an answer.
fn holds(bytes: &[u8], what: &dyn Fn() -> String) -> bool {
    let run = || {
        if pdb::is_database(bytes) {
            (named("pdb").run)(bytes);
            return true;
        }
        let input = Input::from_bytes("changed", bytes.to_vec());
        let read = bloat::analyze_with(&input, &Packages::default(), &Search::nowhere());
        let Ok(model) = read else { return false };
        assert_eq!(model.check(), Ok(()));
        assert_eq!(model.leaves.iter().map(|l| l.sizes().file).sum::<u64>(), bytes.len() as u64);
        assert_eq!(model.total().file, bytes.len() as u64);
        true
    };
    // What it panics with is on standard error; this says of which file.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| panic!("{}", what()))
}

/// Runs `check` on all until the time is over; a slow machine does less of it.
fn until_late<T: Sync>(all: &[T], check: impl Fn(&T) + Sync) {
    let start = Instant::now();
    all.par_iter().for_each(|one| {
        if start.elapsed() < BUDGET {
            check(one);
        }
    });
}

/// The inputs that once broke a target, in `fuzz/regressions/TARGET/`.
#[test]
fn what_was_found_stays_fixed() {
    let folder = targets::root().join("fuzz/regressions");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    files.retain(|file| file.parent() != Some(&folder));
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        let target = file.parent().and_then(Path::file_name).expect("a folder a target").to_string_lossy();
        let bytes = std::fs::read(&file).expect("readable");
        let run = catch_unwind(|| (named(&target).run)(&bytes));
        assert!(run.is_ok(), "{} is broken again", file.display());
    }
}

/// Of any size, and with debug information of this very program.
#[test]
fn what_is_where_does_not_depend_on_owners() {
    let mut files = Vec::new();
    walk(&targets::root().join("testdata"), &mut files);
    files.push(std::env::current_exe().expect("a test knows its own path"));
    let asked = AtomicU64::new(0);
    files.par_iter().for_each(|file| {
        let input = Input::open(file).expect("readable");
        let read = read_detailed_with(&input, &Search::nowhere(), Detail::Code, |image| {
            alike(&attribute(&input, image, &Packages::default()), &places(&input, image));
        });
        asked.fetch_add(u64::from(read.is_ok()), Relaxed);
    });
    assert!(asked.load(Relaxed) > 150, "only {asked:?}");
}

/// Whole files, and one behind the other as what belongs together, through every target that reads files.
#[test]
fn fixtures_keep_every_promise() {
    let all = fixtures();
    let readers = ["analysis", "archive", "elf", "macho", "pdb", "pe", "threads", "wasm"].map(named);
    let small: Vec<&Original> = all.iter().filter(|f| f.bytes.len() < 12_000).collect();
    until_late(&small, |file| {
        for target in readers {
            let run = catch_unwind(|| (target.run)(&file.bytes));
            assert!(run.is_ok(), "{} breaks {}", file.name, target.name);
        }
    });
    let pairs: Vec<&[&Original]> = small.windows(2).step_by(3).collect();
    until_late(&pairs, |files| {
        let bytes = pair::join(&files[0].bytes, &files[1].bytes);
        for target in ["diff", "companion"].map(named) {
            let run = catch_unwind(|| (target.run)(&bytes));
            assert!(run.is_ok(), "{} and {} break {}", files[0].name, files[1].name, target.name);
        }
    });
}

#[test]
fn a_file_cut_anywhere_is_read_as_far_as_it_goes() {
    let answers = AtomicU64::new(0);
    until_late(&fixtures(), |file| {
        let mut random = Random::new(Hash::of(file.name.as_bytes()));
        let near = file.edges.iter().flat_map(|&edge| [edge.saturating_sub(1), edge, edge + 1]);
        let mut cuts: Vec<usize> = near.collect();
        // Of large files and those with many members, some of the edges.
        while cuts.len() > (2 * CHANGED / file.bytes.len().max(1)).clamp(20, 150) {
            cuts.swap_remove(random.below(cuts.len() as u64) as usize);
        }
        cuts.extend((0..10).map(|_| random.below(file.bytes.len() as u64) as usize).chain(0..70));
        for cut in cuts.into_iter().filter(|&cut| cut <= file.bytes.len()) {
            let answered = holds(&file.bytes[..cut], &|| format!("{} cut at {cut:#x}", file.name));
            answers.fetch_add(u64::from(answered), Relaxed);
            // With its header complete (64 bytes at most), an ELF file always has an answer.
            let is_elf = file.bytes.starts_with(b"\x7fELF");
            assert!(answered || !is_elf || cut < 64, "{} cut at {cut:#x} has no answer", file.name);
        }
    });
    assert!(answers.into_inner() > 10);
}

#[test]
fn changed_bytes_never_break_the_sums() {
    let all = fixtures();
    let places: Vec<usize> = (0..all.len()).collect();
    let answers = AtomicU64::new(0);
    until_late(&places, |&place| {
        let file = &all[place];
        for round in 0..(CHANGED / file.bytes.len().max(1)).clamp(4, 40) as u64 {
            let seed = Hash::of(file.name.as_bytes()) ^ round;
            let mut random = Random::new(seed);
            let change = Change::ALL[random.below(Change::ALL.len() as u64) as usize];
            let other = &all[random.below(all.len() as u64) as usize];
            let bytes = file.changed(change, other, &mut random);
            let answered = holds(&bytes, &|| format!("{}: {change:?}, seed {seed:#x}", file.name));
            answers.fetch_add(u64::from(answered), Relaxed);
        }
    });
    assert!(answers.into_inner() > 10);
}
