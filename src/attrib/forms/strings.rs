//! Text.
//!
//! Bytes are text if they are valid UTF-8 of printable characters, white space and
//! the escape that starts terminal colours, and if something refers to them as text:
//! with a length, up to a zero, or from one referred-to place to the next. Four bytes
//! are the least. Numbers are told by what they repeat: masks of vectors are one byte many
//! times over, and fractions of floating point a few (15.1 is stored as `333333.@`). So
//! without a length text has two different bytes, and five among eight where instructions
//! only read it and take no address.

use std::ops::Range;

use super::facts::Facts;
use super::{Form, claim};
use crate::kind::Kind;
use crate::partition::Claim;

/// What an object has to have to pass for text.
#[derive(Debug, Clone, Copy)]
struct Least {
    bytes: u64,
    different: usize,
}

/// Of text that a length encloses.
const FEWEST: u64 = 4;

/// Of text whose address is taken.
const ADDRESSED: Least = Least { bytes: FEWEST, different: 2 };

/// Of text that instructions only read.
const READ: Least = Least { bytes: 8, different: 5 };

/// Bytes that are looked at for different ones.
const LOOK: usize = 64;

/// Finds all text.
///
/// *Cost*: O(n log n) in pointers and references, linear in the size of the data.
pub(super) fn claims(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let mut all = stated(facts);
    all.extend(slices(facts));
    all.extend(objects(facts));
    all
}

/// Sections that hold nothing else, as the format says.
fn stated(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let sections = facts.image.sections.iter().filter(|s| s.kind == Kind::Strings && !s.span.is_empty());
    sections.map(|s| claim(s.span.start, s.span.end, Form::Terminated)).collect()
}

/// What a pointer and the number behind it enclose.
fn slices(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let mut enclosed: Vec<(u64, u64)> = Vec::new();
    for (index, pointer) in facts.pointers.iter().enumerate() {
        let word = facts.word(pointer.at);
        let Some(behind) = pointer.at.checked_add(word) else { continue };
        let Some(len) = facts.number(behind, facts.word(behind)).filter(|&len| len >= FEWEST) else {
            continue;
        };
        let Some(span) = facts.data_at(pointer.to) else { continue };
        if len <= span.end - pointer.to && facts.is_plain(index, behind) {
            enclosed.push((pointer.to, len));
        }
    }
    // By place, then by length: this sort keeps the order of what is equal.
    radsort::sort_by_key(&mut enclosed, |&(_, len)| len);
    radsort::sort_by_key(&mut enclosed, |&(place, _)| place);
    enclosed.dedup();
    let mut text = Text::default();
    enclosed.retain(|&(start, len)| text.end(facts, start) >= start + len);
    enclosed.into_iter().map(|(start, len)| claim(start, start + len, Form::Slice)).collect()
}

/// Objects that are text as a whole, or a template of text.
fn objects(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let mut all: Vec<Claim<Form>> = Vec::new();
    let mut text = Text::default();
    for &start in facts.meant() {
        let found = template(facts, start).or_else(|| object(facts, start, &mut text, ADDRESSED));
        all.extend(found);
    }
    let mut text = Text::default();
    let mut done = 0;
    let mut taken = all.iter().peekable();
    let mut read: Vec<Claim<Form>> = Vec::new();
    for &start in facts.accessed() {
        while taken.next_if(|c| c.end <= start).is_some() {}
        let is_within = taken.peek().is_some_and(|c| c.start <= start);
        if start < done || is_within {
            continue;
        }
        if let Some(found) = object(facts, start, &mut text, READ) {
            done = found.end;
            read.push(found);
        }
    }
    all.extend(read);
    all
}

/// The text at `start`, if the object there is text.
fn object(facts: &Facts<'_, '_>, start: u64, text: &mut Text, least: Least) -> Option<Claim<Form>> {
    let end = text.end(facts, start);
    // Before any more of it is looked at: many places may be read of what is no text in the end.
    if end - start < least.bytes || !has_different(facts, start..end, least.different) {
        return None;
    }
    let bound = facts.bound(start);
    let is_terminated = facts.byte(end) == Some(0);
    let end = if end < bound && is_terminated {
        terminated(facts, end + 1, bound)
    } else if end >= bound {
        // Text may go on in the next object, which is text as well or not.
        bound
    } else {
        facts.last_start(start, end)?
    };
    let is_long = is_terminated || end - start >= least.bytes;
    let form = if is_terminated { Form::Terminated } else { Form::Whole };
    is_long.then(|| claim(start, end, form))
}

/// Where the last of the texts ends that follow one another from `pos`, each with its zero.
fn terminated(facts: &Facts<'_, '_>, pos: u64, bound: u64) -> u64 {
    let mut done = pos;
    loop {
        let end = text_end(facts.bytes, done, bound);
        if end == done || end >= bound || facts.byte(end) != Some(0) {
            return done;
        }
        done = end + 1;
    }
}

/// Whether the first bytes of `span` are at least so many different ones.
fn has_different(facts: &Facts<'_, '_>, span: Range<u64>, least: usize) -> bool {
    let mut seen: Vec<u8> = Vec::with_capacity(least);
    let bytes = facts.bytes.get(span.start as usize..span.end as usize).unwrap_or_default();
    for &byte in bytes.iter().take(LOOK) {
        if !seen.contains(&byte) {
            seen.push(byte);
        }
        if seen.len() >= least {
            return true;
        }
    }
    false
}

/// The template of `core::fmt::Arguments` at `start`: since Rust 1.93, pieces of text behind
/// their length, placeholders, and a zero.
fn template(facts: &Facts<'_, '_>, start: u64) -> Option<Claim<Form>> {
    let bound = facts.bound(start);
    let byte = |pos: u64| facts.byte(pos).filter(|_| pos < bound).map(u64::from);
    let mut at = start;
    let mut letters = 0;
    loop {
        let first = byte(at)?;
        at += 1;
        let len = match first {
            0 => break,
            0x01..=0x7f => first,
            0x80 => {
                at += 2;
                byte(at - 2)? | byte(at - 1)? << 8
            }
            0xc0..=0xff => {
                // Flags of 32 bits; width, precision and argument of 16.
                at += 4 * (first & 1) + 2 * u64::from((first >> 1 & 7).count_ones());
                continue;
            }
            _ => return None,
        };
        let end = at + len;
        if end > bound || text_end(facts.bytes, at, end) != end {
            return None;
        }
        letters += len;
        at = end;
    }
    (letters >= FEWEST && at <= bound).then(|| claim(start, at, Form::Template))
}

/// The last text looked at, so that no byte is looked at twice.
#[derive(Default)]
struct Text {
    start: u64,
    end: u64,
}

impl Text {
    /// Where the text at `pos` ends; `pos` itself if there is none. Positions must ascend.
    fn end(&mut self, facts: &Facts<'_, '_>, pos: u64) -> u64 {
        let limit = facts.data_at(pos).map_or(pos, |s| s.end);
        if (self.start..self.end).contains(&pos) {
            // A continuation byte starts no character.
            return if facts.byte(pos).is_some_and(|b| b & 0xc0 != 0x80) { self.end } else { pos };
        }
        *self = Text { start: pos, end: text_end(facts.bytes, pos, limit) };
        self.end
    }
}

/// How many of the first bytes surely are printable ASCII: told for eight at once.
fn printable(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The upper bit of a byte is set if it is below a space, above a tilde, or not ASCII. A borrow or a
    // carry comes from such a byte only.
    let is_plain = |chunk: &&[u8; 8]| {
        let word = u64::from_le_bytes(**chunk);
        (word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES)) & (ONES * 0x80) == 0
    };
    8 * bytes.as_chunks().0.iter().take_while(is_plain).count()
}

/// Where text that starts at `pos` ends, at most at `limit`.
fn text_end(bytes: &[u8], pos: u64, limit: u64) -> u64 {
    let all = bytes.get(pos as usize..limit as usize).unwrap_or_default();
    let mut at = printable(all);
    while let Some(&first) = all.get(at) {
        if first.is_ascii() {
            let is_text = matches!(first, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0x1b);
            if !is_text {
                break;
            }
            at += 1;
            continue;
        }
        let width = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => break,
        };
        let character = all.get(at..at + width).and_then(|b| std::str::from_utf8(b).ok());
        if character.and_then(|c| c.chars().next()).is_none_or(char::is_control) {
            break;
        }
        at += width;
    }
    pos + at as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_where_it_is_no_text() {
        let end = |bytes: &[u8]| text_end(bytes, 0, bytes.len() as u64);
        assert_eq!(end(b"plain text\tand\n\0more"), 15);
        assert_eq!(end("größer €5 🦀\u{85}".as_bytes()), "größer €5 🦀".len() as u64);
        assert_eq!(end(b"\x1b[31mred\x07"), 8);
        // A surrogate, an overlong form, a cut character, a byte of no encoding.
        for broken in [&b"ab\xed\xa0\x80"[..], b"ab\xc0\xaf", b"ab\xe2\x82", b"ab\xff"] {
            assert_eq!(end(broken), 2, "{broken:x?}");
        }
        assert_eq!(end(b""), 0);
        for (byte, len) in [(b'\x1f', 11), (b' ', 17), (b'~', 17), (b'\x7f', 11), (b'\t', 17), (0xff, 11)] {
            let mut text = *b"eight and eleven.";
            text[11] = byte;
            assert_eq!(end(&text), len, "{byte:x}");
        }
    }
}
