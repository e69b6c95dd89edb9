//! Phase times behind `--timings`.
//!
//! Free when off: one relaxed load per phase. The only mutable global state.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static ON: AtomicBool = AtomicBool::new(false);
static PHASES: Mutex<Vec<(&'static str, Duration)>> = Mutex::new(Vec::new());

/// Starts recording phases.
pub fn enable() {
    ON.store(true, Ordering::Relaxed);
}

/// Runs `work` as the phase `name`.
pub fn phase<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    if !ON.load(Ordering::Relaxed) {
        return work();
    }
    let start = Instant::now();
    let result = work();
    let elapsed = start.elapsed();
    if let Ok(mut phases) = PHASES.lock() {
        phases.push((name, elapsed));
    }
    result
}

/// The phases recorded so far, in the order they ended.
pub fn phases() -> Vec<(&'static str, Duration)> {
    PHASES.lock().map(|phases| phases.clone()).unwrap_or_default()
}
