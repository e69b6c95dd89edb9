//! Stacks in the formats that viewers of flame graphs read.

use std::io::{self, Write};

use serde::Serialize;

use super::escape::for_terminal;
use super::json::JsonLines;
use crate::report::Flame;

/// Writes a line for each stack: names joined by `;`, a space, and bytes.
///
/// This is what `inferno-flamegraph` and `flamegraph.pl` read. A `;` inside a name becomes `:`,
/// as these tools' own collectors do.
pub fn folded(flame: &Flame, out: &mut dyn Write) -> io::Result<()> {
    let clean = |name: &String| for_terminal(name).replace(';', ":");
    let names: Vec<String> = flame.names.iter().map(clean).collect();
    for stack in &flame.stacks {
        for (level, &name) in stack.names.iter().enumerate() {
            let gap = if level > 0 { ";" } else { "" };
            write!(out, "{gap}{}", names.get(name as usize).map_or("", String::as_str))?;
        }
        writeln!(out, " {}", stack.bytes)?;
    }
    Ok(())
}

/// What <https://www.speedscope.app> reads: its schema of files, with one profile of samples.
#[derive(Serialize)]
struct File<'f> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'static str,
    name: &'f str,
    #[serde(rename = "activeProfileIndex")]
    active: u32,
    shared: Shared<'f>,
    profiles: [Profile<'f>; 1],
}

#[derive(Serialize)]
struct Shared<'f> {
    frames: Vec<Frame<'f>>,
}

#[derive(Serialize)]
struct Frame<'f> {
    name: &'f str,
}

#[derive(Serialize)]
struct Profile<'f> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'f str,
    unit: &'static str,
    #[serde(rename = "startValue")]
    start: u64,
    #[serde(rename = "endValue")]
    end: u64,
    samples: Vec<&'f [u32]>,
    weights: Vec<u64>,
}

/// Writes one JSON object in speedscope's format, on one line.
pub fn speedscope(flame: &Flame, out: &mut dyn Write) -> io::Result<()> {
    let weights: Vec<u64> = flame.stacks.iter().map(|stack| stack.bytes).collect();
    let profile = Profile {
        kind: "sampled",
        name: &flame.path,
        unit: "bytes",
        start: 0,
        end: weights.iter().sum(),
        samples: flame.stacks.iter().map(|stack| stack.names.as_slice()).collect(),
        weights,
    };
    let file = File {
        schema: "https://www.speedscope.app/file-format-schema.json",
        exporter: concat!("bloat ", env!("CARGO_PKG_VERSION")),
        name: &flame.path,
        active: 0,
        shared: Shared { frames: flame.names.iter().map(|name| Frame { name }).collect() },
        profiles: [profile],
    };
    JsonLines::new(out).write(&file)
}
