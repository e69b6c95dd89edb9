//! Reads numbers, makes shapes of them, and says what it saw.

use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use shapes::{Circle, Polygon, Shape, census, grouped};
use tally::Tally;

fn shape(numbers: &[f64]) -> Option<Rc<dyn Shape>> {
    match numbers {
        [] => None,
        [radius] => Some(Rc::new(Circle(*radius))),
        all => {
            let corners = all.chunks(2).map(|c| (c[0], c.get(1).copied().unwrap_or(0.0))).collect();
            Some(Rc::new(Polygon { corners }))
        }
    }
}

fn letters(text: String) -> Vec<(char, u64)> {
    let (send, receive) = mpsc::channel();
    let worker = thread::spawn(move || {
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            if send.send(c).is_err() {
                break;
            }
        }
    });
    let mut tally = Tally::new();
    for c in receive {
        tally.add(c);
    }
    worker.join().expect("the worker does not panic");
    tally.ranked()
}

fn main() {
    let text: Vec<String> = std::env::args().skip(1).collect();
    let mut shapes = Vec::new();
    for line in &text {
        match tally::numbers(line, 1e6) {
            Ok(numbers) => shapes.extend(shape(&numbers)),
            Err(error) => eprintln!("skipped: {error} ({error:?})"),
        }
    }
    for (name, count) in census(&shapes).ranked() {
        println!("{count} {name}");
    }
    for group in grouped(&shapes, |s| (s.area() * 10.0).round()) {
        let scaled: Vec<f64> = group.iter().map(|s| s.scaled(2.0).area()).collect();
        println!("{group:?} {scaled:?}");
    }
    println!("{}", weigh_sys::weigh(&text.concat()));
    let words = grouped(&text, |line| line.len());
    println!("{words:?} {:?} {:?}", tally::index(&text.join("\n")), letters(text.concat()));
}
