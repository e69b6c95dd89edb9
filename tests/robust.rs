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

/// A name of 200,000 letters, and how many symbols have it: 4 GB if it were read for each.
const LONG_NAME: usize = 200_000;
const SHARERS: usize = 20_000;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn a_name_that_all_symbols_share_is_not_read_for_each() {
    let names = [&[0][..], &vec![b'n'; LONG_NAME], &[0]].concat();

    // 64-bit ELF for x86-64: a symbol table, its names, and the headers of both at the end.
    let entries = words(&[1, 0x0001_0012, 0x1000, 0, 1, 0]).repeat(SHARERS);
    let (symbols_at, names_at) = (64, 64 + entries.len());
    let headers_at = names_at + names.len();
    let header = |kind: usize, at: usize, size: usize, link: usize, entry: usize| {
        let fields = [0, kind, 0, 0, 0, 0, at, 0, size, 0, link, 0, 1, 0, entry, 0];
        words(&fields.map(|field| field as u32))
    };
    let elf = [
        b"\x7fELF\x02\x01\x01".to_vec(),
        vec![0; 9],
        words(&[0x003e_0002, 1, 0, 0, 0, 0, headers_at as u32, 0, 0, 0x0038_0040, 0x0040_0000, 3]),
        entries,
        names.clone(),
        vec![0; 64],
        header(2, symbols_at, names_at - symbols_at, 2, 24),
        header(3, names_at, names.len(), 0, 0),
    ];

    // 64-bit Mach-O for x86-64: one load command, for the symbol table.
    let entries = words(&[1, 0x0000_010f, 0, 0]).repeat(SHARERS);
    let names_at = (56 + entries.len()) as u32;
    let macho = [
        words(&[0xfeed_facf, 0x0100_0007, 3, 2, 1, 24, 0, 0]),
        words(&[2, 24, 56, SHARERS as u32, names_at, names.len() as u32]),
        entries,
        names,
    ];
    for bytes in [elf.concat(), macho.concat()] {
        let len = bytes.len() as u64;
        let model = subjects::analyze_bytes(bytes);
        assert_eq!((model.check(), model.total().file), (Ok(()), len));
        let codes: Vec<_> = model.diagnostics.iter().map(|d| &*d.code).collect();
        assert!(codes.contains(&"symbol-name-out-of-table"), "{:?}", model.diagnostics);
    }
}
