//! Flash and RAM of a program without an operating system.
//!
//! A segment is stored at its physical address and runs at its virtual one. Where
//! the two differ (`.data` is copied at start), it takes up both.

use std::ops::Range;

use crate::model::{Model, SegmentRow};

/// A region of memory that a linker script names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its name: `FLASH`.
    pub name: String,
    /// First address.
    pub origin: u64,
    /// Length in bytes.
    pub length: u64,
}

/// How much of a region a program takes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Name of the region; `flash` and `RAM` where no script names any.
    pub name: String,
    /// First address and length in bytes, where a script states them.
    pub extent: Option<(u64, u64)>,
    /// Bytes taken up.
    pub used: u64,
}

/// Bytes of each region that the segments of `model` take up.
///
/// Empty for a program that an operating system loads. What lies in no region is
/// listed last, as `elsewhere`.
pub fn usage(model: &Model, regions: &[Region]) -> Vec<Use> {
    let loads: Vec<Loaded> = model.segments.iter().filter_map(Loaded::of).collect();
    if loads.is_empty() {
        return Vec::new();
    }
    if regions.is_empty() {
        let flash = loads.iter().map(|l| length(&l.stored)).sum();
        let ram = loads.iter().filter_map(|l| l.runs.as_ref()).map(length).sum();
        let named = |name: &str, used| Use { name: name.to_string(), extent: None, used };
        return vec![named("flash", flash), named("RAM", ram)];
    }
    let places = || loads.iter().flat_map(|l| [Some(&l.stored), l.runs.as_ref()]).flatten();
    let mut uses: Vec<Use> = Vec::new();
    for region in regions {
        let extent = region.origin..region.origin.saturating_add(region.length);
        let used = places().map(|place| overlap(place, &extent)).sum();
        uses.push(Use { name: region.name.clone(), extent: Some((region.origin, region.length)), used });
    }
    let all: u64 = places().map(length).sum();
    let elsewhere = all.saturating_sub(uses.iter().map(|u| u.used).sum());
    if elsewhere > 0 {
        uses.push(Use { name: "elsewhere".to_string(), extent: None, used: elsewhere });
    }
    uses
}

/// Puts the name of its region in front of the name of each segment that is stored in one.
pub fn name_segments(model: &mut Model, regions: &[Region]) {
    for index in 0..model.segments.len() {
        let row = &model.segments[index];
        let Some(load) = Loaded::of(row) else { continue };
        let stored_at = if load.stored.is_empty() { row.address } else { load.stored.start };
        let holds = |r: &&Region| stored_at.checked_sub(r.origin).is_some_and(|into| into < r.length);
        let Some(region) = regions.iter().find(holds) else { continue };
        let name = format!("{} {}", region.name, model.names.get(row.name));
        model.segments[index].name = model.names.intern(&name);
    }
}

/// Where a segment lies.
struct Loaded {
    /// In the memory that the program is stored in.
    stored: Range<u64>,
    /// In the memory it runs from, if that is another.
    runs: Option<Range<u64>>,
}

impl Loaded {
    fn of(row: &SegmentRow) -> Option<Loaded> {
        let physical = row.physical?;
        let span = |start: u64, len: u64| start..start.saturating_add(len);
        let runs = (physical != row.address || row.writable).then(|| span(row.address, row.memory_size));
        // Zero-fill is stored nowhere.
        let stored = span(physical, if physical == row.address && row.writable { 0 } else { row.file_size });
        Some(Loaded { stored, runs })
    }
}

fn length(span: &Range<u64>) -> u64 {
    span.end - span.start
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> u64 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

/// Why a linker script could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScriptError(String);

/// Reads the `MEMORY` blocks of a linker script (GNU ld manual, "MEMORY Command").
///
/// Origins and lengths are numbers with the suffixes `K` and `M`, and sums and
/// differences of them.
///
/// *Errors*: [`ScriptError`] if there is no block, or a region that cannot be read.
pub fn parse(script: &str) -> Result<Vec<Region>, ScriptError> {
    let text = without_comments(script);
    let mut regions: Vec<Region> = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("MEMORY") {
        rest = rest.get(at + "MEMORY".len()..).unwrap_or_default();
        let Some(body) = rest.trim_start().strip_prefix('{') else { continue };
        let Some((block, after)) = body.split_once('}') else {
            return Err(ScriptError("the MEMORY block does not end".to_string()));
        };
        block_regions(block, &mut regions)?;
        rest = after;
    }
    if regions.is_empty() {
        return Err(ScriptError("it has no MEMORY block with regions".to_string()));
    }
    Ok(regions)
}

fn without_comments(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        out.push(' ');
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Reads `NAME (ATTRIBUTES) : ORIGIN = EXPR, LENGTH = EXPR` as often as it occurs.
fn block_regions(block: &str, regions: &mut Vec<Region>) -> Result<(), ScriptError> {
    let mut rest = block.trim_start();
    while let Some((head, tail)) = rest.split_once(':') {
        let name = head.split('(').next().unwrap_or_default().trim().to_string();
        let wrong = |what: &str| ScriptError(format!("region `{name}`: {what}"));
        let (origin, tail) =
            tail.split_once(',').ok_or_else(|| wrong("a comma is missing behind its origin"))?;
        let origin =
            value(origin, &["ORIGIN", "org", "o"]).ok_or_else(|| wrong("its origin is no number"))?;
        // The length ends where the next region's name starts: at the end of its line.
        let tail = tail.trim_start();
        let end = tail.find('\n').unwrap_or(tail.len());
        let (length, after) = tail.split_at(end);
        let length =
            value(length, &["LENGTH", "len", "l"]).ok_or_else(|| wrong("its length is no number"))?;
        regions.push(Region { name, origin, length });
        rest = after.trim_start();
    }
    Ok(())
}

/// The value behind one of `words` and `=`.
fn value(text: &str, words: &[&str]) -> Option<u64> {
    let (word, expression) = text.split_once('=')?;
    if !words.contains(&word.trim()) {
        return None;
    }
    let mut sum = 0u64;
    let mut rest = expression.trim();
    let mut is_minus = false;
    loop {
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        let (term, after) = rest.split_at(end);
        let term = number(term.trim())?;
        sum = if is_minus { sum.checked_sub(term)? } else { sum.checked_add(term)? };
        let Some(sign) = after.chars().next() else { return Some(sum) };
        is_minus = sign == '-';
        rest = after.get(1..)?.trim_start();
    }
}

fn number(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => text.strip_suffix(['M', 'm']).map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    value.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(script: &str) -> Vec<(String, u64, u64)> {
        let all = parse(script).expect("a MEMORY block");
        all.into_iter().map(|r| (r.name, r.origin, r.length)).collect()
    }

    #[test]
    fn memory_blocks_name_regions() {
        let script = "/* board */\nMEMORY\n{\n  FLASH (rx) : ORIGIN = 0x08000000 + 16K, LENGTH = 256K - 16K // rest\n  RAM : org = 0x20000000, len = 0x10000\n}\nENTRY(Reset);";
        assert_eq!(
            regions(script),
            [("FLASH".into(), 0x0800_4000, 240 << 10), ("RAM".into(), 0x2000_0000, 64 << 10)]
        );
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let why = |script| parse(script).unwrap_err().to_string();
        assert!(why("SECTIONS { }").contains("no MEMORY block"));
        assert!(why("MEMORY { FLASH : ORIGIN = 0, LENGTH = 1K").contains("does not end"));
        assert!(why("MEMORY { FLASH : ORIGIN = start, LENGTH = 1K }").contains("`FLASH`"));
        assert!(why("MEMORY { FLASH : ORIGIN = 0 }").contains("comma"));
        assert!(why("MEMORY { FLASH : ORIGIN = 0, LENGTH = 0xffffffffffffffffM }").contains("length"));
    }
}
