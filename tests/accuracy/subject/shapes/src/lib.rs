//! Figures in the plane, behind one trait.

use std::fmt::Debug;
use std::rc::Rc;

use tally::Tally;

/// Something with an area and a name.
pub trait Shape: Debug {
    fn area(&self) -> f64;
    fn name(&self) -> &'static str;
    fn scaled(&self, by: f64) -> Box<dyn Shape>;
}

#[derive(Debug, Clone)]
pub struct Circle(pub f64);

#[derive(Debug, Clone)]
pub struct Polygon {
    pub corners: Vec<(f64, f64)>,
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.0 * self.0 * std::f64::consts::PI
    }
    fn name(&self) -> &'static str {
        "circle of the accuracy subject"
    }
    fn scaled(&self, by: f64) -> Box<dyn Shape> {
        Box::new(Circle(self.0 * by))
    }
}

impl Shape for Polygon {
    fn area(&self) -> f64 {
        let next = self.corners.iter().cycle().skip(1);
        let twice: f64 = self.corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
        twice.abs() / 2.0
    }
    fn name(&self) -> &'static str {
        match self.corners.len() {
            3 => "triangle of the accuracy subject",
            4 => "quadrangle of the accuracy subject",
            5 => "pentagon of the accuracy subject",
            _ => "polygon of the accuracy subject",
        }
    }
    fn scaled(&self, by: f64) -> Box<dyn Shape> {
        let corners = self.corners.iter().map(|&(x, y)| (x * by, y * by)).collect();
        Box::new(Polygon { corners })
    }
}

/// Sorts by any key and groups equal neighbours.
pub fn grouped<T: Clone, K: PartialOrd + Clone>(all: &[T], key: impl Fn(&T) -> K) -> Vec<Vec<T>> {
    let mut sorted = all.to_vec();
    sorted.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in sorted {
        match groups.last_mut() {
            Some(group) if group.first().map(&key) == Some(key(&item)) => group.push(item),
            _ => groups.push(vec![item]),
        }
    }
    groups
}

/// How many shapes there are of each name.
pub fn census(shapes: &[Rc<dyn Shape>]) -> Tally<&'static str> {
    let mut tally = Tally::new();
    for shape in shapes {
        tally.add(shape.name());
    }
    tally
}
