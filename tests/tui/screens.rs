//! Whole screens, as they were drawn when a person last looked at them.
//!
//! They hold where things stand and what is said; whether numbers are right is for `numbers`.
//! `BLOAT_UPDATE=1 cargo test --test tui screens` writes them anew: look at each before you keep it.

use std::path::{Path, PathBuf};

use crate::journey::Journey;

const DEMO: &str = "demo-x86_64-dwarf4";
const LTO: &str = "demo-x86_64-lto";

/// A screen: its name, the file, what it is compared with, its size, and the keys that lead to it.
type Shot = (&'static str, &'static str, Option<&'static str>, (u16, u16), &'static str);

const SHOTS: [Shot; 45] = [
    ("crates", DEMO, None, (100, 30), ""),
    ("crates-small", DEMO, None, (60, 15), "j"),
    ("crates-large", DEMO, None, (250, 80), "e"),
    ("symbols", DEMO, None, (100, 30), "2"),
    ("sections", DEMO, None, (100, 30), "3"),
    ("segments", DEMO, None, (100, 30), "4"),
    ("kinds", DEMO, None, (100, 30), "5"),
    ("units", DEMO, None, (100, 30), "6"),
    ("generics", DEMO, None, (100, 30), "7"),
    ("files", DEMO, None, (100, 30), "8"),
    ("lines", DEMO, None, (100, 30), "8j<Enter>"),
    ("inlined", DEMO, None, (100, 30), "9"),
    ("files-unknown", "demo-x86_64-symtab", None, (60, 15), "8"),
    ("drilled", DEMO, None, (100, 30), "1<Enter><Enter>j"),
    ("leaves", DEMO, None, (100, 30), "3j<Enter><Enter><Enter>"),
    ("regrouped", DEMO, None, (100, 30), "b<C-u>source,evidence<Enter><Enter>"),
    ("regrouping", DEMO, None, (100, 30), "b<C-u>ki"),
    ("memory", DEMO, None, (100, 30), "4m"),
    ("stripped", DEMO, None, (100, 30), "5p"),
    ("exact-by-name", DEMO, None, (100, 30), "5esss"),
    ("details-of-a-crate", DEMO, None, (150, 40), "ji"),
    ("details-of-a-symbol", DEMO, None, (150, 60), "2/^shapes::<Enter>i"),
    ("details-small", DEMO, None, (60, 15), "2/^shapes::<Enter>i"),
    ("claims", DEMO, None, (150, 130), "2/^shapes::<Enter>ic"),
    ("treemap", DEMO, None, (100, 30), "tl"),
    ("treemap-small", DEMO, None, (60, 15), "5t"),
    ("searching", DEMO, None, (100, 30), "2/fmt"),
    ("search", DEMO, None, (100, 30), "2/fmt<Enter>nn"),
    ("filtering", DEMO, None, (100, 30), "fkind=cod<Enter>"),
    ("filter", DEMO, None, (100, 30), "fkind=code and not crate=std<Enter>"),
    ("marks", DEMO, None, (100, 30), "<Space>j<Space>3<Space>1"),
    ("exporting", DEMO, None, (100, 30), "x"),
    ("help", DEMO, None, (100, 60), "?"),
    ("tree", DEMO, None, (100, 30), "T"),
    ("tree-small", DEMO, None, (60, 15), "T<Enter>j<Enter>"),
    ("tree-exact", DEMO, None, (100, 30), "Te<Enter>s"),
    ("tree-unknown", LTO, None, (60, 15), "T"),
    ("details-of-a-package", DEMO, None, (150, 40), "T<Enter>ji"),
    ("duplicates", DEMO, None, (100, 30), "D"),
    ("duplicates-small", DEMO, None, (60, 15), "D<Enter>"),
    ("details-of-a-copy", DEMO, None, (150, 40), "D<Enter><Enter>ji"),
    ("details-of-copies", DEMO, None, (60, 24), "Di"),
    ("changes", DEMO, Some(LTO), (100, 30), "<Enter>"),
    ("changes-in-sections", DEMO, Some(LTO), (150, 30), "3"),
    ("changes-treemap", DEMO, Some(LTO), (100, 30), "t"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tui/screens")
}

#[test]
fn screens_are_those_that_were_looked_at() {
    // By the path that is on the screen: tests run in the folder of the package.
    let file = |name: &str| Path::new("testdata/bin").join(name);
    let update = std::env::var("BLOAT_UPDATE").is_ok_and(|value| value == "1");
    let mut wrong = Vec::new();
    for (name, new, old, (width, height), keys) in SHOTS {
        let mut journey = match old {
            Some(old) => Journey::two(&file(old), &file(new)),
            // Of one program it is known what it is made of.
            None if new == DEMO => Journey::listed(&file(new), Path::new("tests/tui/demo.lock")),
            None => Journey::file(&file(new)),
        };
        let screen = journey.resize(width, height).keys(keys).screen();
        let path = folder().join(format!("{name}.txt"));
        let shown = format!("{}\n", screen.trim_end());
        if update {
            std::fs::create_dir_all(folder()).expect("the folder can be made");
            std::fs::write(&path, &shown).expect("writable");
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != shown {
            wrong.push(format!("--- {name}, {keys:?}:\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "{} screens are others now:\n{}", wrong.len(), wrong.join("\n"));
    // Nothing is kept that is no longer looked at.
    let kept = std::fs::read_dir(folder()).expect("the folder is there").count();
    assert_eq!(kept, SHOTS.len());
}
