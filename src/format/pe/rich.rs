//! The record of tools that Microsoft's linker leaves in front of the PE header.
//!
//! Undocumented by its maker, but the same since 1998: `DanS`, three zeros, pairs of
//! (product and build, count), then `Rich` and the number everything before it is
//! combined with by exclusive or.

use std::ops::Range;

use super::headers::{DOS_HEADER, File};
use crate::format::Endian;
use crate::format::cursor::Cursor;

/// The record, decoded.
pub(super) struct Rich {
    pub span: Range<u64>,
    /// Product, build and how many inputs it made.
    pub entries: Vec<(u16, u16, u32)>,
}

/// No linker leaves more room than this in front of the PE header.
const FURTHEST: u64 = 4096;

/// Finds the record.
pub(super) fn find(file: &File<'_>) -> Option<Rich> {
    let end = file.header_span.start.min(FURTHEST);
    let front = file.bytes(0, end);
    let words: Vec<(u64, u32)> = (DOS_HEADER..end.saturating_sub(3))
        .step_by(4)
        .filter_map(|at| Some((at, Cursor::new(front, Endian::Little, &[]).from(at)?.u32()?)))
        .collect();
    let mark = words.iter().position(|&(_, word)| word == u32::from_le_bytes(*b"Rich"))?;
    let &(mark_at, _) = words.get(mark)?;
    let &(_, key) = words.get(mark + 1)?;
    let head = [u32::from_le_bytes(*b"DanS") ^ key, key, key, key];
    let before = words.get(..mark)?;
    let start = before.windows(4).position(|four| four.iter().map(|&(_, word)| word).eq(head))?;
    let pairs = before.get(start + 4..)?.chunks_exact(2);
    let entries = pairs.filter_map(|pair| {
        let (&(_, id), &(_, count)) = (pair.first()?, pair.get(1)?);
        let (id, count) = (id ^ key, count ^ key);
        Some(((id >> 16) as u16, id as u16, count))
    });
    let &(start_at, _) = before.get(start)?;
    Some(Rich { span: start_at..mark_at + 8, entries: entries.collect() })
}

impl Rich {
    /// What the tools call themselves, as far as it is known, in order, without repeats.
    pub fn tools(&self) -> Vec<String> {
        let mut tools = Vec::new();
        for &(product, build, _) in &self.entries {
            let tool = match product {
                0x00ff => "Microsoft resource compiler",
                0x0102 => "Microsoft linker",
                0x0103 => "Microsoft assembler",
                0x0104 => "Microsoft C",
                0x0105 => "Microsoft C++",
                _ => continue,
            };
            let text = format!("{tool}, build {build}");
            if !tools.contains(&text) {
                tools.push(text);
            }
        }
        tools
    }
}
