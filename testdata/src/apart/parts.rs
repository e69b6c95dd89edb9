//! A crate of its own, so that there are units of two crates.

#![no_std]

pub trait Shape {
    fn area(&self) -> u32;
}

pub struct Square(pub u32);

impl Shape for Square {
    #[inline(never)]
    fn area(&self) -> u32 {
        self.0.wrapping_mul(self.0)
    }
}

#[inline(never)]
pub fn total(shapes: &[&dyn Shape]) -> u32 {
    shapes.iter().fold(0, |sum, shape| sum.wrapping_add(shape.area()))
}

#[inline(never)]
pub fn largest<S: Shape>(shapes: &[S]) -> u32 {
    shapes.iter().map(|shape| shape.area()).max().unwrap_or(0)
}
