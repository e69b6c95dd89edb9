//! Searching and filtering.

use bloat::model::filter::Filter;
use bloat::model::view::{View, tree};

use crate::demo;

#[test]
fn a_search_moves_as_it_is_typed_and_goes_on() {
    let mut journey = demo();
    journey.keys("2");
    let names = journey.names();
    let hits: Vec<&String> = names.iter().filter(|n| n.to_lowercase().contains("fmt")).collect();
    assert!(hits.len() > 3);
    journey.keys("/fmt");
    assert_eq!(&journey.selected(), hits[0]);
    journey.sees(&format!("{} found", hits.len())).keys("<Enter>");
    for hit in hits.iter().skip(1).chain([&hits[0]]) {
        journey.keys("n");
        assert_eq!(&journey.selected(), *hit);
    }
    journey.keys("N");
    assert_eq!(&journey.selected(), hits[hits.len() - 1]);
    journey.sees(&format!("match {} of {}", hits.len(), hits.len()));
    journey.keys("<Esc>");
    assert!(journey.explorer().search.pattern.is_none());
}

#[test]
fn a_search_given_up_goes_back() {
    let mut journey = demo();
    journey.keys("2jj");
    let before = journey.selected();
    journey.keys("/core");
    assert_ne!(journey.selected(), before);
    journey.keys("<Esc>");
    assert_eq!(journey.selected(), before);
    journey.keys("n").sees("press /");
}

#[test]
fn searches_are_regular_expressions_and_mind_capitals_only_if_typed() {
    let mut journey = demo();
    journey.keys("2");
    let found = |journey: &mut crate::journey::Journey, text: &str| {
        journey.keys(&format!("/{text}<Enter>"));
        let lines = journey.explorer().search.lines.clone();
        journey.keys("<Esc>");
        lines.map_or(0, |l| l.len())
    };
    let count = |test: &dyn Fn(&str) -> bool, journey: &crate::journey::Journey| {
        journey.names().iter().filter(|n| test(n)).count()
    };
    let plain = count(&|n| n.to_lowercase().contains("display"), &journey);
    let capital = count(&|n| n.contains("Display"), &journey);
    let anchored = count(&|n| n.starts_with("core::") || n.starts_with("alloc::"), &journey);
    assert!(plain > 0 && anchored > 0);
    assert_eq!(found(&mut journey, "display"), plain);
    assert_eq!(found(&mut journey, "Display"), capital);
    assert_eq!(found(&mut journey, "^(core|alloc)::"), anchored);
    assert_eq!(found(&mut journey, "no such name"), 0);
    journey.keys("/no such name<Enter>").sees("no name on this level matches");
    // What cannot be read stays, with what is wrong with it.
    journey.keys("/fmt(");
    let error = journey.explorer().prompt.as_ref().and_then(|p| p.error.clone()).expect("it is told");
    journey.sees(&error).keys("<Enter>");
    assert!(journey.explorer().prompt.is_some());
}

#[test]
fn a_filter_is_that_of_the_command_line() {
    let mut journey = demo();
    journey.keys("fkind=cod<Enter>").sees("unknown kind `cod`");
    journey.keys("e and symbol~fmt<Enter>").sees("filter: kind=code and symbol~fmt");
    let filter = Filter::parse("kind=code and symbol~fmt").expect("it can be read");
    let view = View { filter: Some(filter), ..View::default() };
    let total = tree(&journey.shared.new.model, &view).total.file;
    let explorer = journey.explorer();
    assert_eq!(explorer.table.as_ref().expect("it is counted").row(0).now.sizes.file, total);
    assert!(total > 0);
    // It holds in every view, until it is taken back.
    journey.keys("3").sees("filter:");
    assert_eq!(journey.names(), [".text"]);
    journey.keys("fcrate=nobody<Enter>").sees("nothing passes the filter");
    journey.keys("f<C-u><Enter>");
    assert!(journey.names().len() > 5);
}

#[test]
fn what_ships_is_told_by_a_toggle() {
    let mut journey = demo();
    journey.keys("5");
    assert!(journey.names().contains(&"debug".to_string()));
    journey.keys("p").sees("without symbols and debug information");
    let names = journey.names();
    assert!(!names.contains(&"debug".to_string()) && !names.contains(&"symbols".to_string()));
}

#[test]
fn answers_that_come_too_late_change_nothing() {
    let mut journey = demo();
    journey.keys("2");
    journey.is_held = true;
    journey.keys("/zzzz<Back><Back><Back><Back>fmt<Enter>");
    // What is typed goes on meanwhile, and each search was asked for.
    assert!(journey.queue.len() >= 7);
    journey.work();
    let names = journey.names();
    let found = journey.explorer().search.lines.clone().expect("the last search is answered");
    assert!(found.iter().all(|&line| names[line as usize].to_lowercase().contains("fmt")));
    assert_eq!(journey.selected(), names[found[0] as usize]);
    // The same for the order and the filter of a level that was left.
    journey.keys("<Esc>sfkind=code<Enter>1<Enter>");
    journey.work();
    let explorer = journey.explorer();
    assert!(!explorer.is_outdated() && explorer.crumbs().is_empty());
    assert!(!journey.app.is_busy());
}
