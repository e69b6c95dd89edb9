//! Generic code whose copies are made by whoever uses it, and some that is not generic.
#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

/// Anything with an area.
pub trait Shape {
    /// Its name, padded.
    fn name(&self) -> String;
    /// Its area in whole units.
    fn area(&self) -> u32;
}

/// A circle.
pub struct Circle {
    /// Half of its width.
    pub radius: u32,
}

/// A rectangle.
pub struct Rectangle {
    /// How wide it is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
}

impl Shape for Circle {
    fn name(&self) -> String {
        pad::left("circle", 10)
    }

    fn area(&self) -> u32 {
        self.radius.pow(2).saturating_mul(355) / 113
    }
}

impl Shape for Rectangle {
    fn name(&self) -> String {
        pad::both("rectangle", 10)
    }

    fn area(&self) -> u32 {
        self.width.saturating_mul(self.height)
    }
}

/// A bag of values that can be sorted.
pub struct Store<T> {
    values: Vec<T>,
}

impl<T: Ord> Store<T> {
    /// An empty one.
    pub fn new() -> Store<T> {
        Store { values: Vec::new() }
    }

    /// Adds a value.
    #[inline(never)]
    pub fn insert(&mut self, value: T) {
        self.values.push(value);
    }

    /// The largest value.
    #[inline(never)]
    pub fn largest(&self) -> Option<&T> {
        self.values.iter().max()
    }

    /// All values in order.
    #[inline(never)]
    pub fn sorted(mut self) -> Vec<T> {
        for end in (1..self.values.len()).rev() {
            for i in 0..end {
                if self.values[i] > self.values[i + 1] {
                    self.values.swap(i, i + 1);
                }
            }
        }
        self.values
    }
}

impl<T: Ord> Default for Store<T> {
    fn default() -> Store<T> {
        Store::new()
    }
}
