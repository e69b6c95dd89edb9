//! What code without `std` brings itself: memory and the end of a panic.

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

#[link(name = "c")]
unsafe extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut u8;
    fn free(memory: *mut u8);
    fn abort() -> !;
}

struct System;

// SAFETY: the C library hands out memory of the size and alignment asked for.
unsafe impl GlobalAlloc for System {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { aligned_alloc(layout.align(), layout.size().next_multiple_of(layout.align())) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _layout: Layout) {
        unsafe { free(memory) }
    }
}

#[global_allocator]
static SYSTEM: System = System;

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    unsafe { abort() }
}

/// Named by the unwind tables of the prebuilt `core` and `alloc`.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
