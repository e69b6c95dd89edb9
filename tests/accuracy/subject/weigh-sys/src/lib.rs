//! The weight of a text, as a library of C computes it.

unsafe extern "C" {
    fn weigh_bytes(bytes: *const u8, len: usize) -> u32;
}

/// Weighs a text.
#[inline(never)]
pub fn weigh(text: &str) -> u32 {
    // SAFETY: the slice is as long as it says, and is only read.
    unsafe { weigh_bytes(text.as_ptr(), text.len()) }
}
