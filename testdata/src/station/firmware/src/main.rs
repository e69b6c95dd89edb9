//! The station on a microcontroller: no operating system, constants in flash, data copied to RAM.
#![no_std]
#![no_main]

extern crate alloc;

mod memory;

use core::ptr::{addr_of_mut, read_volatile, write_volatile};

use report::{Sink, Table};
use series::{Curve, Scale, Series};

/// Samples that the device writes: zero at the start, in the block of RAM apart.
#[unsafe(link_section = ".ccram")]
static mut SAMPLES: [u16; 512] = [0; 512];
/// What was measured when the device was made: in flash and in RAM.
static mut CALIBRATION: [i32; 48] = [1021; 48];
/// Never changes: in flash only.
static PRESSURE: [(i64, i64); 6] = [(0, 300), (200, 512), (400, 711), (600, 903), (800, 1002), (1023, 1100)];

/// The entry behind the initial stack pointer.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".vector_table")]
pub static VECTORS: [unsafe extern "C" fn() -> !; 3] = [reset, fault, fault];

const OUTPUT: *mut u8 = 0x4000_4404 as *mut u8;

/// What the processor calls first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reset() -> ! {
    // SAFETY: nothing else runs yet.
    unsafe { memory::start() };
    loop {
        let sum = measure();
        // SAFETY: the address is that of a register of the device.
        unsafe { write_volatile(OUTPUT, sum as u8) };
    }
}

/// What the processor calls when something is wrong.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fault() -> ! {
    loop {}
}

#[inline(never)]
fn measure() -> u32 {
    let mut series: Series<i64> = Series::new();
    let scale: &dyn Scale = &Curve(&PRESSURE);
    for i in 0..512 {
        // SAFETY: one thread of control, and the indices are within bounds.
        let raw = unsafe { read_volatile(addr_of_mut!(SAMPLES[i])) };
        let gain = unsafe { read_volatile(addr_of_mut!(CALIBRATION[i % 48])) };
        series.push(scale.apply(i64::from(raw)) * i64::from(gain) / 1024);
    }
    let mut table = Table::new(12);
    report::summary(&mut table, &series);
    let text = table.finish();
    #[cfg(feature = "v2")]
    let extra = smooth(series.values());
    #[cfg(not(feature = "v2"))]
    let extra = 0;
    memchr::memchr(b'-', text.as_bytes()).unwrap_or(text.len()) as u32 + extra
}

/// The middle of neighbours, summed.
#[cfg(feature = "v2")]
#[inline(never)]
fn smooth(values: &[i64]) -> u32 {
    let mut middles: Series<u16> = Series::new();
    for three in values.windows(3) {
        middles.push(((three[0] + 2 * three[1] + three[2]) / 4) as u16);
    }
    middles.median().map_or(0, u32::from)
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
