//! The station: reads measurements like `wind=12`, scales them and makes a report.

mod task;

use std::sync::atomic::{AtomicU32, Ordering};

use report::{Commas, Sink, Table, summary};
use series::{Curve, Linear, Scale, Series};

/// How often a report was made: memory that starts as zero.
static REPORTS: AtomicU32 = AtomicU32::new(0);
/// A setting that can change: memory that starts with a value.
static WIDTH: AtomicU32 = AtomicU32::new(16);

/// A sine of 256 steps in thousandths, as a table: constants that belong to this crate.
pub static SINE: [i16; 256] = sine();

static WIND_CHILL: [(i64, i64); 4] = [(0, 0), (5, 3), (15, 11), (40, 37)];

/// By a recurrence of rotations, because constants cannot call the library.
const fn sine() -> [i16; 256] {
    let mut table = [0; 256];
    let (mut x, mut y) = (1_000_000_000_i64, 0_i64);
    let mut i = 0;
    while i < 256 {
        table[i] = (y / 1_000_000) as i16;
        let turned = x - y * 24541 / 1_000_000 - x * 301 / 1_000_000;
        y = y + x * 24541 / 1_000_000 - y * 301 / 1_000_000;
        x = turned;
        i += 1;
    }
    table
}

#[cfg(feature = "native")]
unsafe extern "C" {
    fn checksum(bytes: *const u8, count: usize) -> u32;
}

/// A number that stands for the text, from the C part where there is one.
#[inline(never)]
pub fn fingerprint(text: &str) -> u32 {
    #[cfg(feature = "native")]
    // SAFETY: the pointer and the length are those of one slice.
    return unsafe { checksum(text.as_ptr(), text.len()) };
    #[cfg(not(feature = "native"))]
    return text.bytes().fold(1, |sum: u32, byte| sum.rotate_left(5) ^ u32::from(byte));
}

/// One measurement: its name and its value.
#[inline(never)]
pub fn parse(word: &str) -> Option<(&str, i64)> {
    let at = memchr::memchr(b'=', word.as_bytes())?;
    Some((&word[..at], word[at + 1..].parse().ok()?))
}

/// The head of a report.
#[cfg(not(feature = "v2"))]
#[inline(never)]
pub fn banner(out: &mut String) {
    out.push_str("station report, first version\n");
}

/// What is said of one scale.
#[inline(never)]
pub fn describe(scale: &dyn Scale, values: &[i64]) -> String {
    let mut text = String::from(scale.unit());
    for value in values {
        text.push(' ');
        text.push_str(itoa::Buffer::new().format(scale.apply(*value)));
    }
    #[cfg(feature = "v2")]
    {
        text.push_str(" between ");
        let scaled: Vec<i64> = values.iter().map(|value| scale.apply(*value)).collect();
        for value in [scaled.iter().min(), scaled.iter().max()].into_iter().flatten() {
            text.push_str(itoa::Buffer::new().format(*value));
            text.push_str(if *value < 0 { " (below zero) " } else { " " });
        }
    }
    text
}

/// Which way the values go, in steps of the sine.
#[cfg(feature = "v2")]
#[inline(never)]
pub fn trend(values: &[i64]) -> String {
    let mut steps: Series<u16> = Series::new();
    for pair in values.windows(2) {
        steps.push(SINE[(pair[1] - pair[0]).unsigned_abs() as usize % SINE.len()].unsigned_abs());
    }
    let mut bytes = Vec::new();
    for step in steps.values() {
        bytes.extend(step.to_be_bytes());
    }
    bytes.extend(steps.median().unwrap_or(0).to_be_bytes());
    hex::encode(bytes)
}

/// Takes a sample in a later turn, as code that waits does.
async fn sample(index: usize, raw: i64) -> i64 {
    task::pause().await;
    let swing = i64::from(SINE[index % SINE.len()]);
    task::pause().await;
    raw + swing / 100
}

/// All samples one after another.
async fn samples(raw: &[i64]) -> Series<i64> {
    let mut series = Series::new();
    for (index, value) in raw.iter().enumerate() {
        series.push(sample(index, *value).await);
    }
    series
}

/// Makes the whole report.
#[inline(never)]
pub fn run(input: &str) -> String {
    let mut raw = Vec::new();
    let mut lengths: Series<u8> = Series::new();
    let mut out = String::new();
    #[cfg(not(feature = "v2"))]
    banner(&mut out);
    for word in input.split(' ') {
        lengths.push(word.len() as u8);
        match parse(word) {
            Some((name, value)) => {
                let scale: Box<dyn Scale> = match series::UNITS.iter().find(|(known, _)| *known == name) {
                    Some(("wind", _)) => Box::new(Curve(&WIND_CHILL)),
                    Some((name, _)) => Box::new(Linear { name, factor: 900, shift: -3 }),
                    None => continue,
                };
                out.push_str(&describe(scale.as_ref(), &[value, value / 2]));
                out.push('\n');
                raw.push(value);
            }
            None => out.push_str("not a measurement\n"),
        }
    }
    let series = task::block_on(samples(&raw));
    let width = WIDTH.load(Ordering::Relaxed) as usize;
    let mut sink: Box<dyn Sink> =
        if raw.len() > 3 { Box::new(Commas::default()) } else { Box::new(Table::new(width)) };
    summary(sink.as_mut(), &series);
    sink.row("longest word", &report::number(lengths.extremes().map_or(0, |(_, high)| i64::from(high))));
    sink.row("fingerprint", &report::number(i64::from(fingerprint(input))));
    sink.row("reports", &report::number(i64::from(REPORTS.fetch_add(1, Ordering::Relaxed))));
    #[cfg(feature = "v2")]
    sink.row("trend", &trend(series.values()));
    out.push_str(&sink.finish());
    out
}

/// The station for C and for wasm: the number of bytes of the report.
///
/// # Safety
///
/// `text` points to `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn station_run(text: *const u8, count: usize) -> usize {
    // SAFETY: the caller promises it.
    let bytes = unsafe { std::slice::from_raw_parts(text, count) };
    run(std::str::from_utf8(bytes).unwrap_or("")).len()
}

/// The same with the types and under a name that a component's interface can have.
#[cfg(target_family = "wasm")]
#[unsafe(export_name = "measure")]
pub extern "C" fn measure(text: u32, count: u32) -> u32 {
    // SAFETY: the host has written `count` bytes there.
    unsafe { station_run(text as *const u8, count as usize) as u32 }
}
