//! Memory: what has to be there before anything else, and an allocator that only gives.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{addr_of_mut, null_mut};
use core::sync::atomic::{AtomicUsize, Ordering};

unsafe extern "C" {
    static mut data_start: u32;
    static mut data_end: u32;
    static data_image: u32;
    static mut bss_start: u32;
    static mut bss_end: u32;
}

const SIZE: usize = 24 * 1024;
static mut HEAP: [u64; SIZE / 8] = [0; SIZE / 8];
static NEXT: AtomicUsize = AtomicUsize::new(0);

struct Bump;

// SAFETY: every block lies behind the last one and within the heap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let wanted = layout.size() + layout.align();
        let start = NEXT.fetch_add(wanted, Ordering::Relaxed);
        if start.saturating_add(wanted) > SIZE {
            return null_mut();
        }
        let block = unsafe { addr_of_mut!(HEAP).cast::<u8>().add(start) };
        unsafe { block.add(block.align_offset(layout.align())) }
    }

    unsafe fn dealloc(&self, _memory: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump;

/// Copies data from flash and clears what starts as zero.
///
/// # Safety
///
/// Nothing may use that memory before.
pub unsafe fn start() {
    let (mut from, mut to) = (&raw const data_image, addr_of_mut!(data_start));
    unsafe {
        while to < addr_of_mut!(data_end) {
            to.write_volatile(from.read());
            (from, to) = (from.add(1), to.add(1));
        }
        let mut zero = addr_of_mut!(bss_start);
        while zero < addr_of_mut!(bss_end) {
            zero.write_volatile(0);
            zero = zero.add(1);
        }
    }
}
