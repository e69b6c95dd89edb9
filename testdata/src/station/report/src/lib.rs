//! Rows of text: trait objects, a panic with a message, numbers by an old version of `itoa`.
#![no_std]

extern crate alloc;

use alloc::string::String;

use series::Series;

/// Where rows go.
pub trait Sink {
    /// Takes one row.
    fn row(&mut self, name: &str, value: &str);
    /// All that was taken.
    fn finish(&mut self) -> String;
}

/// Columns with blanks between them.
pub struct Table {
    text: String,
    width: usize,
}

/// Values with commas between them.
#[derive(Default)]
pub struct Commas {
    text: String,
}

impl Table {
    /// A table whose first column is this wide.
    ///
    /// # Panics
    ///
    /// If the width is 0.
    #[inline(never)]
    pub fn new(width: usize) -> Table {
        assert!(width > 0, "a table needs a first column of at least one character");
        Table { text: String::new(), width }
    }
}

impl Sink for Table {
    fn row(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        for _ in name.len()..self.width {
            self.text.push(' ');
        }
        self.text.push_str(value);
        self.text.push('\n');
    }

    fn finish(&mut self) -> String {
        core::mem::take(&mut self.text)
    }
}

impl Sink for Commas {
    fn row(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        self.text.push(',');
        self.text.push_str(value);
        self.text.push('\n');
    }

    fn finish(&mut self) -> String {
        core::mem::take(&mut self.text)
    }
}

/// A number as text.
#[inline(never)]
pub fn number(value: i64) -> String {
    let mut text = String::new();
    // The sink is a string, which takes everything.
    let _ = itoa_04::fmt(&mut text, value);
    text
}

/// Writes what is to be said of a series.
#[inline(never)]
pub fn summary(sink: &mut dyn Sink, series: &Series<i64>) {
    if let Some((low, high)) = series.extremes() {
        sink.row("lowest", &number(low));
        sink.row("highest", &number(high));
    }
    if let Some(median) = series.median() {
        sink.row("median", &number(median));
    }
}
