//! No input makes the library panic, and whatever it answers is complete.
//!
//! Every fixture is cut at each boundary its headers name and at points chosen by
//! a fixed seed, and its bytes are flipped, overwritten and moved. What can still
//! be read has to pass all checks and sum to the length of what is left.

mod plain_elf;
mod subjects;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bloat::input::Input;

use plain_elf::PlainElf;
use subjects::fixtures;

/// Larger fixtures would take the time of many small ones.
const LARGEST: u64 = 80_000;
/// Changed copies of each fixture.
const CHANGES: u64 = 200;
/// Where to stop on a slow machine.
const BUDGET: Duration = Duration::from_secs(6);

/// Marsaglia's xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

fn small_fixtures() -> Vec<(String, Vec<u8>)> {
    let name = |path: &std::path::Path| path.file_name().expect("a file").to_string_lossy().into_owned();
    let all = fixtures().into_iter().map(|path| (name(&path), std::fs::read(&path).expect("readable")));
    all.filter(|(_, bytes)| bytes.len() as u64 <= LARGEST).collect()
}

/// Analyses bytes; says whether there was an answer.
fn check(bytes: Vec<u8>, what: &dyn Fn() -> String) -> bool {
    let len = bytes.len() as u64;
    let input = Input::from_bytes("changed", bytes);
    let result = catch_unwind(AssertUnwindSafe(|| bloat::analyze(&input)));
    let Ok(result) = result else { panic!("{}: the analysis panics", what()) };
    let Ok(model) = result else { return false };
    assert_eq!(model.check(), Ok(()), "{}", what());
    assert_eq!(model.leaves.iter().map(|l| l.sizes().file).sum::<u64>(), len, "{}", what());
    assert_eq!(model.total().file, len, "{}", what());
    true
}

/// Every edge that the headers state, within the file.
fn edges(bytes: &[u8]) -> Vec<u64> {
    let elf = PlainElf::read(bytes);
    let mut edges = vec![elf.header.end];
    for table in [&elf.program_headers, &elf.section_headers] {
        edges.extend([table.start, table.end, (table.start + table.end) / 2]);
    }
    for s in &elf.sections {
        edges.extend([s.offset, s.offset + s.size]);
    }
    for s in &elf.segments {
        edges.extend([s.offset, s.offset + s.file_size]);
    }
    edges.sort_unstable();
    edges.dedup();
    edges.retain(|&e| e <= bytes.len() as u64);
    edges
}

#[test]
fn a_file_cut_anywhere_is_read_as_far_as_it_goes() {
    let start = Instant::now();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut answers = 0;
    for (name, bytes) in small_fixtures() {
        let mut cuts: Vec<u64> = (0..40).map(|_| random.below(bytes.len() as u64)).collect();
        cuts.extend(0..70);
        cuts.extend(edges(&bytes).iter().flat_map(|&edge| [edge.saturating_sub(1), edge, edge + 1]));
        for cut in cuts.into_iter().filter(|&c| c <= bytes.len() as u64) {
            let cut_bytes = bytes[..cut as usize].to_vec();
            let header = PlainElf::read(&bytes).header.end;
            let answered = check(cut_bytes, &|| format!("{name} cut at {cut:#x}"));
            // With its header complete, a file always has an answer.
            assert_eq!(answered, cut >= header, "{name} cut at {cut:#x}");
            answers += u64::from(answered);
            if start.elapsed() > BUDGET {
                break;
            }
        }
    }
    assert!(answers > 100, "only {answers} cut files were read");
}

/// Changes a few bytes, at places that matter more often than elsewhere.
fn change(bytes: &mut [u8], edges: &[u64], random: &mut Random) {
    let len = bytes.len() as u64;
    for _ in 0..1 + random.below(4) {
        let near = edges[random.below(edges.len() as u64) as usize].min(len - 1);
        let anywhere = random.below(len);
        let at = match random.below(3) {
            0 => (near + random.below(64)).min(len - 1),
            1 => random.below(len.min(1024)),
            _ => anywhere,
        } as usize;
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 0xff, 0x7f, 0x80][random.below(4) as usize],
            2 => {
                // A number as large as there is.
                let end = (at + 8).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
            _ => {
                let run = random.below(64).min(len - at as u64).min(len - anywhere) as usize;
                bytes.copy_within(anywhere as usize..anywhere as usize + run, at);
            }
        }
    }
}

#[test]
fn changed_bytes_never_break_the_sums() {
    let start = Instant::now();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let fixtures = small_fixtures();
    let edges: Vec<Vec<u64>> = fixtures.iter().map(|(_, bytes)| edges(bytes)).collect();
    let mut answers = 0;
    for round in 0..CHANGES {
        for ((name, bytes), edges) in fixtures.iter().zip(&edges) {
            let seed = random.0;
            let mut changed = bytes.clone();
            change(&mut changed, edges, &mut random);
            answers += u64::from(check(changed, &|| format!("{name}, round {round}, state {seed:#x}")));
        }
        if start.elapsed() > BUDGET {
            break;
        }
    }
    assert!(answers > 100, "only {answers} changed files were read");
}

/// The ends of one file behind the beginnings of another.
#[test]
fn halves_of_different_files_are_read() {
    let fixtures = small_fixtures();
    for pair in fixtures.windows(2) {
        let ((first, a), (second, b)) = (&pair[0], &pair[1]);
        let mut joined = a[..a.len() / 2].to_vec();
        joined.extend_from_slice(&b[b.len() / 2..]);
        assert!(check(joined, &|| format!("{first} with the end of {second}")));
    }
}
