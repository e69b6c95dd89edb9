//! Where code comes from: files, lines and inlined functions, read when they are first asked for.

use bloat::tui::app::Code;
use bloat::tui::details::Entry;

use crate::demo;
use crate::journey::Journey;
use crate::subjects::fixture;

#[test]
fn files_are_read_when_they_are_first_asked_for() {
    let mut journey = demo();
    let leaves = journey.shared.new.model.leaves.len();
    journey.keys("jj<Enter>j<Space>");
    let (place, crumbs) = (journey.selected(), journey.explorer().crumbs());
    let marked = journey.explorer().marked;
    assert_eq!(journey.explorer().code, Code::Unread);
    journey.is_held = true;
    // Nothing is read twice, other views work meanwhile, and nobody waits.
    journey.keys("8").sees("reading which file and line");
    journey.keys("jG<Enter><Space>it/x<Esc>s89t");
    assert!(journey.must_read && journey.app.is_busy());
    journey.keys("1");
    assert_eq!((journey.selected(), journey.explorer().crumbs()), (place.clone(), crumbs.clone()));
    journey.keys("8");
    journey.is_held = false;
    journey.work();
    assert_eq!(journey.explorer().code, Code::Read);
    assert!(!journey.app.is_busy());
    assert!(journey.shared.new.model.leaves.len() > leaves);
    journey.sees("main.rs");
    // File, lines of it, symbols, runs of bytes.
    let names = journey.names();
    let at = names.iter().position(|name| name.ends_with("main.rs")).expect("the program has a file");
    journey.keys("g").keys(&"j".repeat(at));
    let file = journey.selected();
    journey.keys("<Enter>");
    assert!(journey.names().iter().all(|line| line.starts_with(&file)), "{:?}", journey.names());
    journey.keys("<Enter><Enter>");
    assert!(journey.explorer().is_at_leaves() && journey.explorer().count() > 0);
    journey.keys("i");
    let details = journey.explorer().details.as_ref().expect("they are open");
    let is_source = |entry: &Entry| matches!(entry, Entry::Fact("source", at) if at.starts_with(&file));
    assert!(details.entries.iter().any(is_source), "{:#?}", details.entries);
    // What was marked before, and where one was, is still there.
    journey.keys("i1");
    assert_eq!((journey.selected(), journey.explorer().crumbs()), (place, crumbs));
    assert_eq!(journey.explorer().marked, marked);
    journey.keys("9");
    assert!(journey.names().iter().any(|name| name.contains("::")), "{:?}", journey.names());
}

#[test]
fn a_file_that_does_not_tell_is_refused_with_the_reason() {
    let mut journey = Journey::file(&fixture("demo-x86_64-symtab"));
    const REASON: &str = "does not say where code comes from";
    journey.keys("8").sees(REASON);
    journey.keys("t").sees(REASON).keys("t<Enter><Space>ayiGs/x<Esc>nc");
    // Asked for once: what is typed is told at once.
    journey.keys("b<C-u>crate,line<Enter>").sees(REASON).keys("<Esc>");
    journey.keys("f<C-u>file~main<Enter>").sees(REASON).keys("<Esc>");
    assert!(journey.explorer().filter.is_none());
    journey.keys("1").sees("crate");
    assert!(journey.names().len() > 3);
}

#[test]
fn a_filter_of_files_reads_them_and_is_taken_back_if_they_are_not_known() {
    let mut journey = demo();
    journey.keys("ffile~main.rs<Enter>");
    assert_eq!(journey.explorer().code, Code::Read);
    assert!(!journey.names().is_empty());
    journey.sees("filter: file~main.rs");
    let mut journey = Journey::file(&fixture("demo-x86_64-symtab"));
    let names = journey.names();
    journey.keys("ffile~main.rs<Enter>").sees("does not say where code comes from");
    assert!(journey.explorer().filter.is_none());
    assert_eq!(journey.names(), names);
}

#[test]
fn files_of_two_programs_are_compared() {
    let mut journey = Journey::two(&fixture("list-x86_64-dwarf4"), &fixture("demo-x86_64-dwarf4"));
    journey.keys("8").sees("change");
    assert!(journey.names().iter().any(|name| name.ends_with("main.rs")), "{:?}", journey.names());
    let table = journey.explorer().table.clone().expect("it is counted");
    let sum: i64 = table.children(0).map(|row| table.delta(row)).sum();
    assert_eq!(sum, table.delta(0));
}
