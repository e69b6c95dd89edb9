//! A program of which the source tells what its data is. The tests read the marks.

use std::hint::black_box;
use std::panic::Location;

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String;
}

struct Square(f64);
struct Circle(f64);
struct Named(String, f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn name(&self) -> String {
        String::from("text: a square has four sides of one length, and as many right angles")
    }
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.0 * self.0 * 3.0
    }
    fn name(&self) -> String {
        "text: circle".to_string()
    }
}

impl Shape for Named {
    fn area(&self) -> f64 {
        self.1
    }
    fn name(&self) -> String {
        format!("text: named {} of area {:>8.2}", self.0, self.1)
    }
}

/// Words of which some look like text, and none is.
static NUMBERS: [u32; 8] = [0x6461_6562, 1, 0x2065_6874, 0, 0xffff_0001, 0x0000_4000, 7, 0x8000_0000];

static WORDS: [&str; 3] = ["text: first", "text: größer als zwei", "text: third\n"];

#[inline(never)]
fn dispatch(n: u32, shapes: &[Box<dyn Shape>]) -> f64 {
    // Arms of a kind that no table of values can stand for.
    match n {
        0 => shapes.iter().map(|s| s.area()).sum(),
        1 => black_box(17.5) * 2.0,
        2 => { println!("text: two"); 1.0 }
        3 => shapes.len() as f64,
        4 => { black_box(n); -1.0 }
        5 => shapes[0].name().len() as f64,
        6 => std::env::args().count() as f64,
        7 => { eprintln!("text: seven {n}"); 7.0 }
        8 => f64::from(black_box(NUMBERS)[n as usize & 7]),
        9 => std::process::id() as f64,
        _ => 0.25,
    }
}

#[inline(never)]
#[track_caller]
fn place() -> u32 {
    black_box(Location::caller()).line()
}

#[inline(never)]
fn places() -> [u32; 3] {
    let first = place(); // LOCATION
    let second = place(); // LOCATION
    [first, second, place()] // LOCATION
}

fn main() {
    let shapes: Vec<Box<dyn Shape>> = vec![
        Box::new(Square(black_box(2.0))),
        Box::new(Circle(black_box(3.0))),
        Box::new(Named("x".repeat(black_box(3)), 1.0)),
    ];
    let errors: Box<dyn Fn(u32) -> String> = Box::new(|n| format!("text: error {n}"));
    for n in 0..black_box(11) {
        println!("{} {}", dispatch(n, &shapes), errors(n));
    }
    for shape in &shapes {
        println!("text: {}", shape.name());
    }
    println!("{:?} {:?}", black_box(&WORDS), places());
    let picked = NUMBERS.iter().find(|n| **n == black_box(7));
    println!("{:?}", black_box(&NUMBERS).iter().position(|n| Some(n) == picked));
}
