//! Series of measurements: generic code that whoever uses it makes copies of, and a table of units.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

/// Units by the name of what is measured.
pub static UNITS: [(&str, &str); 10] = [
    ("temperature", "degrees Celsius"),
    ("pressure", "hectopascals"),
    ("humidity", "per cent"),
    ("wind", "metres per second"),
    ("rain", "millimetres"),
    ("radiation", "watts per square metre"),
    ("visibility", "kilometres"),
    ("snow", "centimetres"),
    ("clouds", "eighths"),
    ("dew", "degrees Celsius"),
];

/// How values of one kind are brought to a common scale.
pub trait Scale {
    /// The unit behind it.
    fn unit(&self) -> &'static str;
    /// A raw value on the common scale.
    fn apply(&self, raw: i64) -> i64;
}

/// A factor and a shift.
pub struct Linear {
    /// What is measured.
    pub name: &'static str,
    /// Thousandths to multiply with.
    pub factor: i64,
    /// What to add afterwards.
    pub shift: i64,
}

/// A table of points with straight lines between them.
pub struct Curve(pub &'static [(i64, i64)]);

impl Scale for Linear {
    fn unit(&self) -> &'static str {
        unit_of(self.name).unwrap_or("units")
    }

    fn apply(&self, raw: i64) -> i64 {
        raw.saturating_mul(self.factor) / 1000 + self.shift
    }
}

impl Scale for Curve {
    fn unit(&self) -> &'static str {
        "points"
    }

    fn apply(&self, raw: i64) -> i64 {
        for pair in self.0.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            if raw < x1 {
                return y0 + (raw - x0).saturating_mul(y1 - y0) / (x1 - x0).max(1);
            }
        }
        self.0.last().map_or(raw, |point| point.1)
    }
}

/// The unit of a quantity.
#[inline(never)]
pub fn unit_of(name: &str) -> Option<&'static str> {
    UNITS.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
}

/// Values in the order in which they came.
pub struct Series<T> {
    values: Vec<T>,
}

impl<T: Copy + PartialOrd> Series<T> {
    /// An empty one.
    pub const fn new() -> Series<T> {
        Series { values: Vec::new() }
    }

    /// Adds a value.
    #[inline(never)]
    pub fn push(&mut self, value: T) {
        self.values.push(value);
    }

    /// The smallest and the largest value.
    #[inline(never)]
    pub fn extremes(&self) -> Option<(T, T)> {
        let first = *self.values.first()?;
        Some(self.values.iter().fold((first, first), |(low, high), value| {
            (if *value < low { *value } else { low }, if *value > high { *value } else { high })
        }))
    }

    /// The value in the middle.
    #[inline(never)]
    pub fn median(&self) -> Option<T> {
        let mut sorted: Vec<T> = self.values.clone();
        for end in (1..sorted.len()).rev() {
            for i in 0..end {
                if sorted[i] > sorted[i + 1] {
                    sorted.swap(i, i + 1);
                }
            }
        }
        sorted.get(sorted.len() / 2).copied()
    }

    /// All values.
    pub fn values(&self) -> &[T] {
        &self.values
    }
}

impl<T: Copy + PartialOrd> Default for Series<T> {
    fn default() -> Series<T> {
        Series::new()
    }
}
