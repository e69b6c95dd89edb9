//! What a key costs in the terminal UI over a file of a million leaves: the state and the drawing.
//!
//! What the worker does meanwhile is measured apart: no key waits for it.

#[path = "../tests/tui/journey.rs"]
mod journey;
#[path = "../tests/tui/made.rs"]
mod made;

use std::sync::OnceLock;

use bloat::model::Model;
use bloat::tui::app::Event;
use bloat::tui::jobs::Job;
use divan::Bencher;
use journey::{Journey, parse};

fn main() {
    divan::main();
    weights();
}

/// Says what the UI keeps besides the model: the tables of the views.
#[expect(clippy::print_stdout, reason = "it is what the benchmark is run for")]
fn weights() {
    let mut journey = Journey::made(model(), (250, 80));
    for view in 1..=7 {
        journey.keys(&view.to_string());
        let table = journey.explorer().table.as_ref().expect("it is counted");
        let title = &journey.explorer().open().title;
        println!("{title}: {} rows, {} MiB", table.len() - 1, table.weight() >> 20);
    }
}

/// Names of the length that generics have.
fn model() -> Model {
    static MADE: OnceLock<Model> = OnceLock::new();
    let name = |i: usize| {
        format!("_ZN7crate_{}6module4item28_$u7b$$u7b$closure$u7d$$u7d$17h{i:016x}E", i / 100 % made::CRATES)
    };
    MADE.get_or_init(|| made::model(1_000_000, name)).clone()
}

/// A key and the next, state and screen, after the view was counted: each has to be done in 16 ms.
#[divan::bench(args = [
    "2: j", "2: k", "2: G", "2: g", "2: <PgDn>", "2: <C-d>", "2: <Space>", "2: s", "2: r", "2: t", "2: i",
    "2: /", "2: n", "2: m", "2: p", "2: e", "2: ?", "1: a", "2: y", "2: 1", "1: <Enter>", "2t: l", "2t: j",
    "3<Enter><Enter>a: j", "3<Enter><Enter>a: <Space>", "3<Enter><Enter>: a", "2ss: j", "2ss: G", "2/item<Enter>: n", "2/item<Enter>: j",
])]
fn key(bencher: Bencher<'_, '_>, keys: &str) {
    let (before, key) = keys.split_once(": ").expect("what comes before, and the key");
    let mut journey = Journey::made(model(), (250, 80));
    journey.keys(before);
    journey.is_held = true;
    let key = parse(key)[0];
    bencher.bench_local(|| {
        journey.update(Event::Key(key));
        journey.queue.clear();
        journey.draw(true)
    });
}

/// What the worker does before a view can be seen.
#[divan::bench(max_time = 3, args = ["2", "3", "6", "7", "2s", "2ss", "2/item", "2ma"])]
fn work(bencher: Bencher<'_, '_>, keys: &str) {
    let model = model();
    bencher.with_inputs(|| Journey::made(model.clone(), (250, 80))).bench_local_values(|mut journey| {
        journey.keys(keys);
        journey
    });
}

/// What the worker does before the first level of a view can be seen.
#[divan::bench(max_time = 1)]
fn first_answer(bencher: Bencher<'_, '_>) {
    let mut journey = Journey::made(model(), (250, 80));
    journey.is_held = true;
    journey.keys("3");
    let first = journey.queue.iter().find(|job| matches!(job, Job::Table { depth: 1, .. })).cloned();
    bencher.bench_local(|| {
        journey.queue.extend(first.clone());
        journey.work();
    });
}
