//! A program of generics, whose copies can be counted by reading it.

use std::fmt::Display;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Waker};

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String;
    fn twice(&self) -> f64 {
        self.area() * 2.0
    }
}

struct Square(f64);
struct Circle(f64, String);
struct Scaled<T>(T, f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn name(&self) -> String {
        String::from("square")
    }
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.0 * 3.0
    }
    fn name(&self) -> String {
        self.1.clone()
    }
}

impl<T: Shape> Shape for Scaled<T> {
    fn area(&self) -> f64 {
        self.0.area() * self.1
    }
    fn name(&self) -> String {
        self.0.name()
    }
}

trait Describe {
    fn describe(&self) -> String;
}

/// The Self type of each copy is another one, and all of them were a parameter.
impl<T: Display + ?Sized> Describe for T {
    fn describe(&self) -> String {
        format!("<{self}>")
    }
}

struct Grid<const N: usize>([u32; N]);

impl<const N: usize> Grid<N> {
    /// The closure has as many copies as the function.
    fn sum(&self) -> u32 {
        self.0.iter().fold(0, |sum, n| sum + n)
    }
}

struct Mark(u64);

/// Two impls that differ in their argument only.
impl From<u8> for Mark {
    fn from(value: u8) -> Mark {
        Mark(u64::from(value))
    }
}

impl From<u16> for Mark {
    fn from(value: u16) -> Mark {
        Mark(u64::from(value) << 1)
    }
}

fn largest<T: PartialOrd + Copy>(all: &[T]) -> Option<T> {
    let mut best = None;
    for &one in all {
        if best.is_none_or(|best| one > best) {
            best = Some(one);
        }
    }
    best
}

async fn later<T: Display>(value: T) -> usize {
    let text = value.describe();
    std::future::ready(()).await;
    text.len()
}

fn wait(future: impl Future<Output = usize>) -> bool {
    let mut future = pin!(future);
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn main() {
    let shapes: Vec<Box<dyn Shape>> = vec![
        Box::new(Square(1.0)),
        Box::new(Circle(2.0, String::from("circle"))),
        Box::new(Scaled(Square(1.0), 3.0)),
        Box::new(Scaled(Circle(1.0, String::new()), 3.0)),
    ];
    for shape in &shapes {
        black_box((shape.area(), shape.name(), shape.twice()));
    }
    black_box((7u32.describe(), "text".describe(), String::from("more").describe()));
    black_box((Grid([1; 2]).sum(), Grid([2; 3]).sum()));
    black_box((Mark::from(1u8).0, Mark::from(1u16).0));
    black_box((largest(&[1u8, 2]), largest(&[1.0, 2.0]), largest(&['a', 'b'])));
    black_box((wait(later(1u8)), wait(later("a")), wait(later('a'))));
}
