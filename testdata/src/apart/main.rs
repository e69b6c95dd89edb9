//! A program without the standard library: units of its own and of one other crate, and no more.

#![no_std]
#![no_main]

use parts::{Shape, Square};

struct Oblong(u32, u32);

impl Shape for Oblong {
    #[inline(never)]
    fn area(&self) -> u32 {
        self.0.wrapping_mul(self.1)
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let (square, oblong) = (Square(7), Oblong(2, 3));
    let sum = parts::total(&[&square, &oblong]);
    let most = parts::largest(&[Oblong(1, 2), Oblong(5, 6)]);
    loop {
        core::hint::black_box(sum.wrapping_add(most));
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
