//! Pads text with blanks; the older version.
#![no_std]

extern crate alloc;

use alloc::string::String;

/// The text with blanks before it.
#[inline(never)]
pub fn left(text: &str, width: usize) -> String {
    let mut padded = String::with_capacity(width);
    for _ in text.len()..width {
        padded.push(' ');
    }
    padded.push_str(text);
    padded
}
