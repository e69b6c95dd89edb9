//! The same numbers in every format.

use super::made::{Part, Program};
use super::subjects::scratch;
use super::{bloat, number, report, stdout};

#[test]
fn formats_agree() {
    let mut p = Program::default();
    for name in ["leaf_a", "leaf_b", "leaf|c"] {
        p.function(name, &[Part::Bytes(&[0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0x48, 0x31, 0xc7, 0xc3])]);
    }
    let path = scratch("formats");
    std::fs::write(&path, p.build()).expect("the file can be written");
    let json = report(&path, &[]);
    let saved = number(&json["functions"]["saved"]["all"]);
    assert_eq!(saved, 2 * 64);
    let ask = |options: &[&str]| stdout(bloat().arg("duplicates").arg(&path).args(options));
    let text = ask(&["--bytes"]);
    assert!(text.contains("3 equal functions in 1 group: sharing all would save ~128 of code"), "{text}");
    assert!(text.contains("~128") && text.contains("0x101040 leaf_b"), "{text}");
    let csv = ask(&["--format", "csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert!(lines[1].starts_with("functions,0,leaf_a,3,128,128,"), "{csv}");
    let columns = |line: &str| line.split(',').count();
    assert!(lines.iter().all(|l| columns(l) == columns(lines[0])), "{csv}");
    let markdown = ask(&["--format", "markdown", "--bytes"]);
    assert!(markdown.contains("| ~128 | 3 | 42 | `leaf_a` and 2 others |"), "{markdown}");
    assert!(markdown.contains("leaf\\|c"), "{markdown}");
    let one = ask(&["-n", "1", "--format", "json"]);
    assert!(one.contains("\"more_members\": 2"), "{one}");
    let threads = ["1", "2", "7"].map(|n| ask(&["--format", "json", "-n", "0", "--threads", n]));
    assert!(threads.iter().all(|t| *t == threads[0]));
    // A snapshot knows crates and no bytes.
    let snapshot = scratch("formats.parquet");
    stdout(bloat().arg("save").arg(&path).arg("-o").arg(&snapshot));
    let of_snapshot = report(&snapshot, &[]);
    assert!(of_snapshot.get("functions").is_none() && of_snapshot["crates"]["groups"] == 0, "{of_snapshot}");
    std::fs::remove_file(&path).expect("the file can be removed");
    std::fs::remove_file(&snapshot).expect("the file can be removed");
}

#[test]
fn a_filter_that_is_none_is_a_usage_error() {
    let output = super::program::run(bloat().args(["duplicates", "nowhere", "--filter", "kind="]));
    assert_eq!(output.status.code(), Some(2));
}
