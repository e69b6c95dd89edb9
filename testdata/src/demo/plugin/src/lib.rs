//! A shared library with a C interface.
#![no_std]

extern crate alloc;

mod runtime;

use shapes::{Rectangle, Shape, Store};

/// The area of a rectangle.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_area(width: u32, height: u32) -> u32 {
    Rectangle { width, height }.area()
}

/// The largest of some numbers, 0 when there are none.
///
/// # Safety
///
/// `numbers` points to `count` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn plugin_largest(numbers: *const i16, count: usize) -> i16 {
    let mut store = Store::new();
    for i in 0..count {
        // SAFETY: the caller promises that there are `count` of them.
        store.insert(unsafe { *numbers.add(i) });
    }
    store.sorted().last().copied().unwrap_or(0)
}
