//! Pads text with any character; the newer version.
#![no_std]

extern crate alloc;

use alloc::string::String;

/// The text with blanks before it.
#[inline(never)]
pub fn left(text: &str, width: usize) -> String {
    let mut padded = String::with_capacity(width);
    padded.extend(core::iter::repeat_n(' ', width.saturating_sub(text.len())));
    padded.push_str(text);
    padded
}

/// The text with blanks on both sides.
#[inline(never)]
pub fn both(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.len());
    let mut padded = left(text, text.len() + missing / 2);
    padded.extend(core::iter::repeat_n(' ', missing - missing / 2));
    padded
}
