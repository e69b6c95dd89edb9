//! The demo without the standard library: `core`, `alloc`, own crates and C.
#![no_std]
#![no_main]

extern crate alloc;

mod runtime;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicU32, Ordering};

use shapes::{Circle, Rectangle, Shape, Store};

unsafe extern "C" {
    fn checksum_update(state: u16, bytes: *const u8, count: usize) -> u16;
}

static ROUNDS: AtomicU32 = AtomicU32::new(3);
static TABLE: [u64; 64] = table();

const fn table() -> [u64; 64] {
    let mut table = [0; 64];
    let mut i = 0;
    while i < 64 {
        table[i] = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        i += 1;
    }
    table
}

/// Sums what a closure makes of each round.
#[inline(never)]
fn rounds(step: impl Fn(u32) -> u64) -> u64 {
    (0..ROUNDS.load(Ordering::Relaxed)).map(step).fold(0, u64::wrapping_add)
}

#[inline(never)]
fn describe(shapes: &[Box<dyn Shape>]) -> String {
    let mut text = String::new();
    for shape in shapes {
        let _ = writeln!(text, "{} of area {}", shape.name(), shape.area());
    }
    text
}

#[unsafe(no_mangle)]
extern "C" fn main(count: i32, _arguments: *const *const u8) -> i32 {
    let mut numbers: Store<u32> = Store::new();
    let mut wide: Store<u64> = Store::new();
    let mut words: Store<String> = Store::new();
    for i in 0..count.unsigned_abs() {
        numbers.insert(i ^ 5);
        wide.insert(TABLE[i as usize % 64]);
        let mut word = String::new();
        let _ = write!(word, "word {i}");
        words.insert(pad::left(&word, 12));
    }
    let list: Vec<Box<dyn Shape>> =
        alloc::vec![Box::new(Circle { radius: 3 }), Box::new(Rectangle { width: 2, height: count as u32 })];
    let mut text = describe(&list);
    for word in words.sorted() {
        text.push_str(&word);
    }
    // SAFETY: the pointer and the length are those of one slice.
    let sum = unsafe { checksum_update(0, text.as_ptr(), text.len()) };
    let total = rounds(|i| u64::from(i) * u64::from(sum)) + rounds(|i| TABLE[i as usize % 64]);
    (total as i32) ^ numbers.sorted().len() as i32 ^ wide.largest().map_or(0, |w| *w as i32)
}
