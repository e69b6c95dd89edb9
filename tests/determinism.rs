//! Equal bytes come out whatever the number of threads, and every time.

mod program;
mod subjects;

use std::path::{Path, PathBuf};

use program::{bloat, run};
use subjects::{fixture, self_exe};

/// The questions asked, without the file.
const QUESTIONS: [&[&str]; 6] = [
    &["show", "--by", "crate,symbol", "--format", "json", "-n", "0"],
    &["show", "--by", "module,generic", "--format", "csv", "-n", "0"],
    &["ledger", "--format", "csv"],
    &["ledger", "--format", "parquet"],
    &["save", "--commit", "0123abc", "--features", "b,a"],
    &["show", "--color", "never"],
];

fn answer(question: &[&str], file: &Path, threads: &str) -> Vec<u8> {
    let output = run(bloat().args(question).arg(file).args(["--threads", threads]));
    assert_eq!(output.status.code(), Some(0), "{question:?} {}", file.display());
    assert!(output.stdout.len() > 100, "{question:?} {}: hardly an answer", file.display());
    output.stdout
}

fn check(file: &Path) {
    for question in QUESTIONS {
        let first = answer(question, file, "1");
        for threads in ["1", "2", "8"] {
            // Not `assert_eq`: nobody wants to see both outputs.
            let same = answer(question, file, threads) == first;
            assert!(same, "{question:?} {}: differs with --threads {threads}", file.display());
        }
    }
}

#[test]
fn fixtures_answer_the_same_with_any_number_of_threads() {
    let names = [
        "demo-x86_64-dwarf4",
        "demo-x86_64-dwarf5-zstd",
        "demo-x86_64-v0",
        "demo-x86_64-stripped",
        "stack-x86_64",
        "overlap-x86_64",
        "unit-s390x.o",
        "bare-ppc64",
    ];
    let files: Vec<PathBuf> = names.map(fixture).to_vec();
    files.iter().for_each(|file| check(file));
}

/// Large enough that work is divided between threads, which fixtures are not.
#[test]
fn this_program_answers_the_same_with_any_number_of_threads() {
    check(&self_exe());
}
