//! Lines of the code of a module (C13, the kind of Visual C++ since 7.1).
//!
//! Subsections of a module's stream: `llvm/docs/PDB/ModiStream.rst` and `DebugSubsectionKind`
//! of LLVM. Files are named by the offset of a checksum, which has the offset of a text.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::super::records::Place;
use crate::format::Endian;
use crate::format::cursor::Cursor;

const LINES: u32 = 0xf2;
const CHECKSUMS: u32 = 0xf4;
const INLINEES: u32 = 0xf6;

/// Bits of a line's word that are its number; the rest says how many lines follow.
const NUMBER: u32 = 0x00ff_ffff;

/// Numbers that stand for code which debuggers step over or into: there is no such line.
const NO_LINES: [u32; 2] = [0x00fe_efee, 0x00f0_0f00];

/// Code of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub place: Place,
    pub len: u32,
    pub file: u32,
    pub line: u32,
}

/// What the subsections of a module say.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// In order of place. Inlined code has the line of the outermost call.
    pub rows: Vec<Row>,
    /// By the number of a function that was inlined: file and line where it is declared.
    pub inlinees: HashMap<u32, (u32, u32)>,
    /// By the number of a file: where its name is in the table of texts.
    pub files: BTreeMap<u32, u32>,
    /// Whether all could be read.
    pub is_whole: bool,
}

/// Reads the subsections.
///
/// *Cost*: O(n log n) in the number of lines.
pub(super) fn read(bytes: &[u8]) -> Lines {
    let mut lines = Lines::default();
    lines.is_whole = lines.subsections(Cursor::new(bytes, Endian::Little, &[])).is_some();
    lines.rows.sort_unstable();
    lines
}

impl Lines {
    fn subsections(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        while !cursor.is_at_end() {
            let (kind, len) = (cursor.u32()?, cursor.u32()?);
            let end = cursor.at().checked_add(len.into())?;
            let inside = cursor.until(end);
            cursor.skip(len.into())?;
            match kind {
                LINES => self.lines(inside)?,
                CHECKSUMS => self.checksums(inside)?,
                INLINEES => self.inlinees(inside)?,
                _ => {}
            }
            // The last one may lack its padding.
            let padding = cursor.at().next_multiple_of(4) - cursor.at();
            let _ = cursor.skip(padding);
        }
        Some(())
    }

    fn lines(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let offset = cursor.u32()?;
        let section = cursor.u16()?;
        let _flags = cursor.u16()?;
        let size = cursor.u32()?;
        let mut starts: Vec<(u32, u32, u32)> = Vec::new();
        while !cursor.is_at_end() {
            let start = cursor.at();
            let (file, count, len) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
            let end = start.checked_add(len.into()).filter(|&end| end >= cursor.at())?;
            let mut inside = cursor.until(end);
            for _ in 0..count {
                let (at, word) = (inside.u32()?, inside.u32()?);
                let line = Some(word & NUMBER).filter(|line| !NO_LINES.contains(line));
                starts.push((at, file, line.unwrap_or(0)));
            }
            // Columns follow.
            cursor = cursor.from(end)?;
        }
        // Blocks are by file, and code goes back and forth between files.
        starts.sort_by_key(|&(at, ..)| at);
        let ends = starts.iter().skip(1).map(|&(at, ..)| at).chain([size]);
        for (&(at, file, line), end) in starts.iter().zip(ends) {
            let (Some(len), Some(offset)) = (end.checked_sub(at), offset.checked_add(at)) else { continue };
            if len > 0 {
                self.rows.push(Row { place: Place { section, offset }, len, file, line });
            }
        }
        Some(())
    }

    fn checksums(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let first = cursor.at();
        while !cursor.is_at_end() {
            let number = u32::try_from(cursor.at() - first).ok()?;
            let name = cursor.u32()?;
            let len = cursor.u8()?;
            let _kind = cursor.u8()?;
            cursor.skip(len.into())?;
            self.files.insert(number, name);
            let into = cursor.at() - first;
            let _ = cursor.skip(into.next_multiple_of(4) - into);
        }
        Some(())
    }

    fn inlinees(&mut self, mut cursor: Cursor<'_, '_>) -> Option<()> {
        let has_more = cursor.u32()? == 1;
        while !cursor.is_at_end() {
            let (function, file, line) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
            self.inlinees.entry(function).or_insert((file, line));
            if has_more {
                let count = cursor.u32()?;
                cursor.skip(u64::from(count) * 4)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn subsection(kind: u32, content: &[u8]) -> Vec<u8> {
        let len = u32::try_from(content.len()).unwrap();
        let mut bytes = words(&[kind, len]);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn a_line_ends_where_the_next_starts_in_whichever_file() {
        let head = [0x100, 1, 0x20];
        let first = [0, 2, 28, 0, 0x8000_0007, 0x10, 8];
        let second = [24, 1, 20, 4, 0xfe_efee];
        let bytes = subsection(LINES, &words(&[&head[..], &first, &second].concat()));
        let lines = read(&bytes);
        assert!(lines.is_whole);
        let rows: Vec<_> = lines.rows.iter().map(|r| (r.place.offset, r.len, r.file, r.line)).collect();
        assert_eq!(rows, [(0x100, 4, 0, 7), (0x104, 12, 24, 0), (0x110, 16, 0, 8)]);
    }

    #[test]
    fn files_are_numbered_by_place() {
        let mut checksums = words(&[5]);
        checksums.extend([2, 1, 0xaa, 0xbb]);
        checksums.extend(words(&[9]));
        checksums.extend([0, 0, 0, 0]);
        let mut bytes = subsection(CHECKSUMS, &checksums);
        bytes.extend(subsection(INLINEES, &words(&[1, 0x1001, 8, 77, 2, 0, 8, 0x1002, 0, 5, 0])));
        let lines = read(&bytes);
        assert!(lines.is_whole);
        assert_eq!(lines.files.into_iter().collect::<Vec<_>>(), [(0, 5), (8, 9)]);
        assert_eq!(lines.inlinees.get(&0x1001), Some(&(8, 77)));
        assert_eq!(lines.inlinees.get(&0x1002), Some(&(0, 5)));
    }

    #[test]
    fn what_is_cut_off_is_said() {
        let bytes = subsection(INLINEES, &words(&[0, 0x1001, 8, 77, 0x1002]));
        let lines = read(&bytes);
        assert!(!lines.is_whole);
        assert_eq!(lines.inlinees.len(), 1);
        assert!(!read(&words(&[LINES, 1000, 0])).is_whole);
        assert!(!read(&subsection(LINES, &words(&[0, 1, 8, 0, u32::MAX, 4]))).is_whole);
    }
}
