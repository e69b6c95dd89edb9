//! Kinds of data against what other sources say of the same bytes: the program's
//! own source, its debug information, its symbols, and the disassembler.
//!
//! `BLOAT_KINDS=PROGRAM` compares a program of your choice, which must have debug information.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures and skips are to be seen")]

mod disassembly;
mod dwarf;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use bloat::kind::Kind;
use bloat::model::Model;

const SOURCE: &str = include_str!("subject.rs");

/// A program, what it is analysed as, and its bytes.
struct Subject {
    path: PathBuf,
    model: Model,
    bytes: Vec<u8>,
}

impl Subject {
    fn of(path: PathBuf) -> Subject {
        let input = bloat::input::Input::open(&path).expect("the subject can be read");
        let model = bloat::analyze(&input).expect("the subject can be analysed");
        Subject { bytes: std::fs::read(&path).expect("the subject can be read"), path, model }
    }

    /// Runs of one kind, as file offsets; leaves that touch are one run.
    fn runs(&self, kind: Kind) -> Vec<Range<u64>> {
        let mut runs: Vec<Range<u64>> = Vec::new();
        for leaf in self.model.leaves.iter().filter(|l| l.kind == kind) {
            match runs.last_mut() {
                Some(last) if last.end == leaf.start => last.end += leaf.len,
                _ => runs.push(leaf.start..leaf.start + leaf.len),
            }
        }
        runs
    }

    fn kind_at(&self, pos: u64) -> Kind {
        self.model.leaves.at(pos).expect("the position is in the file").kind
    }

    fn position(&self, address: u64) -> u64 {
        self.model.leaves.position(address).expect("the address is mapped")
    }

    fn address(&self, pos: u64) -> u64 {
        self.model.leaves.address(pos).expect("the position is mapped")
    }

    /// The little-endian number of `N` bytes at `pos`.
    fn number<const N: usize>(&self, pos: u64) -> u64 {
        let bytes = &self.bytes[pos as usize..pos as usize + N];
        bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
    }

    /// Where `needle` is in what is loaded and no code.
    fn places_of(&self, needle: &[u8]) -> Vec<u64> {
        let all = self.bytes.windows(needle.len()).enumerate().filter(|(_, w)| *w == needle);
        let data = all.map(|(at, _)| at as u64).filter(|&at| {
            let leaf = self.model.leaves.at(at).expect("the position is in the file");
            leaf.in_memory && leaf.kind.is_data()
        });
        data.collect()
    }
}

/// Whether the tests can run here: their subject is built by rustc for this machine.
fn can_run() -> bool {
    let can = cfg!(all(target_os = "linux", target_pointer_width = "64", target_endian = "little"))
        && cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    if !can {
        eprintln!("SKIPPED: the subject is an ELF program whose instructions are read");
    }
    can
}

/// Builds the subject with `flags` besides optimisation.
fn build(name: &str, flags: &[&str]) -> Subject {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kinds");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let path = folder.join(name);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2024", "-Copt-level=2", "-Ccodegen-units=4", "-o"])
        .arg(&path)
        .args(flags)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds/subject.rs"))
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Subject::of(path)
}

/// How many bytes agree with what else is known of them.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    /// Bytes that another source says are of the kind.
    stated: u64,
    /// Those of them that were found.
    found: u64,
    /// Bytes found that the other source does not allow to be of the kind.
    wrong: u64,
}

/// Tables of trait objects, against debug information. That has only tables which code asks
/// for, and in the standard library none; others must at least start with a pointer to what the
/// symbol table calls drop glue, or with the zero that stands for none.
fn vtables(subject: &Subject) -> Score {
    let heads = dwarf::Heads::read(&subject.bytes);
    let stated: Vec<Range<u64>> = dwarf::vtables(&subject.bytes)
        .into_iter()
        // Tables that the linker dropped keep an address of zero.
        .filter(|s| s.start > 0)
        .map(|s| subject.position(s.start)..subject.position(s.start) + (s.end - s.start))
        .collect();
    let mut score = Score::default();
    for table in &stated {
        let found = table.clone().filter(|&at| subject.kind_at(at) == Kind::Vtables).count() as u64;
        score.stated += table.end - table.start;
        score.found += found;
        if found < table.end - table.start {
            println!("  {table:x?}: {found} bytes found");
        }
    }
    for run in subject.runs(Kind::Vtables) {
        let mut at = run.start;
        let mut has_head = false;
        while at < run.end {
            let next = stated.partition_point(|s| s.end <= at);
            if let Some(table) = stated.get(next).filter(|s| s.start <= at) {
                (at, has_head) = (table.end, false);
                continue;
            }
            let address = subject.address(at);
            let is_zero = subject.number::<8>(at) == 0 && !heads.relocated.contains(&address);
            has_head |= is_zero || heads.drop_glue.contains(&address);
            if !has_head {
                println!("  {at:#x}: not in a table");
                score.wrong += 8;
            }
            at += 8;
        }
    }
    println!("{}: vtables {score:?}", subject.path.display());
    score
}

/// Jump tables, against the instructions that use them. Where a table ends they do not say.
fn jump_tables(subject: &Subject) -> Option<Score> {
    let used = disassembly::jump_tables(&subject.path, "")?;
    let mut score = Score::default();
    for &address in &used.certain {
        score.stated += 1;
        if subject.kind_at(subject.position(address)) == Kind::JumpTables {
            score.found += 1;
        } else {
            println!("  {address:#x}: no table found");
        }
    }
    // Any that starts elsewhere is wrong; those that touch are one run.
    let runs = subject.runs(Kind::JumpTables);
    for run in runs.iter().filter(|r| !used.possible.contains(&subject.address(r.start))) {
        println!("  {:#x}: not used by a jump", subject.address(run.start));
        score.wrong += 1;
    }
    println!("{}: jump tables {score:?} of {} runs", subject.path.display(), runs.len());
    Some(score)
}

/// The pieces of text that literals of the source start with, up to what is not taken literally.
fn texts() -> Vec<&'static str> {
    let literals = SOURCE.match_indices("\"text: ").map(|(at, _)| &SOURCE[at + 1..]);
    literals.filter_map(|rest| rest.split(['"', '{', '\\']).next()).collect()
}

#[test]
fn tables_of_trait_objects_are_found() {
    if !can_run() {
        return;
    }
    let whole = build("debug", &["-Cdebuginfo=2"]);
    let score = vtables(&whole);
    // Three shapes and a closure; their methods are two and one.
    assert!(score.stated >= 3 * 5 * 8 + 6 * 8, "{score:?}");
    assert_eq!(score.found, score.stated);
    assert_eq!(score.wrong, 0);
    // Names have no part in it. (Of text they say where a static ends.)
    let stripped = build("stripped", &["-Cdebuginfo=2", "-Cstrip=symbols"]);
    for kind in [Kind::Vtables, Kind::PanicLocations, Kind::JumpTables] {
        let bytes = |s: &Subject| s.runs(kind).iter().map(|r| r.end - r.start).sum::<u64>();
        assert_eq!(bytes(&stripped), bytes(&whole), "{kind:?}");
    }
}

#[test]
fn places_that_panics_name_are_found() {
    if !can_run() {
        return;
    }
    let subject = build("plain", &[]);
    let marked: Vec<u64> = SOURCE
        .lines()
        .enumerate()
        .filter(|(_, line)| line.ends_with("// LOCATION"))
        .map(|(index, _)| index as u64 + 1)
        .collect();
    assert_eq!(marked.len(), 3);
    // Each record: a pointer, the length of the path, the line, the column.
    let records = |run: &Range<u64>| run.clone().step_by(24).collect::<Vec<_>>();
    let runs = subject.runs(Kind::PanicLocations);
    let in_records = |run: &&Range<u64>| {
        subject.address(run.start).is_multiple_of(8) && (run.end - run.start).is_multiple_of(24)
    };
    let all: Vec<u64> = runs.iter().filter(in_records).flat_map(records).collect();
    let path_len = subject_path().len() as u64;
    for line in &marked {
        let of_line =
            |&&at: &&u64| subject.number::<8>(at + 8) == path_len && subject.number::<4>(at + 16) == *line;
        assert_eq!(all.iter().filter(of_line).count(), 1, "line {line}");
    }
    // Only records point at the path of this source.
    let paths = subject.places_of(subject_path().as_bytes());
    assert!(!paths.is_empty());
    for at in paths {
        for byte in at..at + path_len {
            assert_eq!(subject.kind_at(byte), Kind::PanicLocations, "{byte:#x}");
        }
    }
}

fn subject_path() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kinds/subject.rs").display().to_string()
}

#[test]
fn text_is_found_and_numbers_are_not_text() {
    if !can_run() {
        return;
    }
    let subject = build("plain-text", &[]);
    let mut seen = 0;
    for text in texts() {
        let places = subject.places_of(text.as_bytes());
        seen += usize::from(!places.is_empty());
        for at in places {
            for byte in at..at + text.len() as u64 {
                assert_eq!(subject.kind_at(byte), Kind::Strings, "{text:?} at {byte:#x}");
            }
        }
    }
    // Short ones may have become operands of instructions.
    assert!(seen >= texts().len() - 2, "{seen} of {}", texts().len());
    let numbers = [0x6461_6562u32, 1, 0x2065_6874, 0, 0xffff_0001].map(u32::to_le_bytes).concat();
    let places = subject.places_of(&numbers);
    assert!(!places.is_empty());
    for at in places {
        assert!((at..at + 32).all(|byte| subject.kind_at(byte) == Kind::Rodata), "{at:#x}");
    }
}

#[test]
fn tables_of_jumps_are_found() {
    if !can_run() {
        return;
    }
    let subject = build("jumps", &[]);
    let Some(score) = jump_tables(&subject) else { return };
    assert!(score.stated > 20, "{score:?}");
    assert_eq!(score.found, score.stated);
    assert_eq!(score.wrong, 0);
    // Ten arms have ten entries.
    let all = disassembly::jump_tables(&subject.path, "").expect("it ran before").certain;
    let own = disassembly::jump_tables(&subject.path, "::dispatch").expect("it ran before").certain;
    let own = *own.first().expect("ten arms of different code are no chain of comparisons");
    let at = subject.position(own);
    let run = subject.runs(Kind::JumpTables).into_iter().find(|r| r.contains(&at)).expect("found above");
    let next = all.range(own + 1..).next().map_or(run.end, |&next| subject.position(next));
    assert_eq!(next.min(run.end) - at, 10 * 4);
}

#[test]
fn a_program_of_choice() {
    let Some(path) = std::env::var_os("BLOAT_KINDS") else {
        eprintln!("SKIPPED: BLOAT_KINDS names no program");
        return;
    };
    let subject = Subject::of(path.into());
    let score = vtables(&subject);
    assert!(score.found * 1000 >= score.stated * 999 && score.wrong * 1000 <= score.stated, "{score:?}");
    if let Some(score) = jump_tables(&subject) {
        assert!(score.found * 1000 >= score.stated * 990 && score.wrong * 1000 <= score.stated, "{score:?}");
    }
}
