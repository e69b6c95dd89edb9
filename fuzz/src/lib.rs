//! Fuzz targets: what `tests/targets` promises for any bytes, with a count of memory.

#[path = "../../tests/targets/mod.rs"]
pub mod targets;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Counts bytes that are allocated at once.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is the system allocator's; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        // SAFETY: as promised to this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as promised to this function.
        unsafe { System.dealloc(at, layout) }
    }
}

/// The most memory an input of `len` bytes may take: `docs/robustness.md` promises it.
fn allowed(len: usize) -> usize {
    20 * len + (200 << 20)
}

/// The most time of a processor.
const LONGEST: Duration = Duration::from_secs(10);

/// What this process has had of the processors; nothing where the system does not tell.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Its name, in parentheses, may hold anything; the 12th and 13th word behind it are hundredths of seconds.
    let words = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = words.skip(11).take(2).filter_map(|word| word.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// Runs the target of a name, and panics if it takes more time or memory than it may.
pub fn run(name: &str, bytes: &[u8]) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let start = Instant::now();
    (targets::named(name).run)(bytes);
    if start.elapsed() > LONGEST {
        // By the clock a busy machine is slow as well.
        let before = processor_time();
        (targets::named(name).run)(bytes);
        let time = processor_time().saturating_sub(before);
        assert!(time <= LONGEST, "{time:?} for {} bytes of input", bytes.len());
    }
    let taken = PEAK.load(Relaxed).saturating_sub(before);
    assert!(taken <= allowed(bytes.len()), "{taken} bytes of memory for {} of input", bytes.len());
}
